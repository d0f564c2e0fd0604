// Keys that change.
#include "fixture.hpp"

using namespace twice;

namespace {

constexpr const char* three_tags = "insert into tags values (1, 't1'), (2, 't2'), (3, 't3');";

/// These are the keys of all objects that there are, and each is found under its own.
template <class Table>
corm::Task<> check_keys(const Table& table, const corm::AsyncSession& session,
                        const std::vector<typename Table::Ref>& objects, const char* expected) {
    std::string keys;
    for (const auto& object : objects) {
        const std::int64_t key = table.key(*object);
        keys += (keys.empty() ? "" : " ") + std::to_string(key);
        CHECK(corm::inspect(object).identity() == std::to_string(key));
        const auto found = co_await table.get(session, key);
        CHECK(found == object);
    }
    CHECK(keys == expected);
    const auto count = co_await session.scalar(table.count());
    CHECK(count == static_cast<std::int64_t>(objects.size()));
}

} // namespace

TEMPLATE_TEST_CASE("a changed key is the identity after the flush", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto tag = session.add(f.tags.make("jack", 1));
        co_await session.flush();
        f.tags.set_key(tag.edit(), 2);
        co_await session.flush();
        CHECK(f.statements() == List{"INSERT tags", "UPDATE tags"});
        const auto found = co_await f.tags.get(session, 2);
        CHECK(f.sql() == 0);
        CHECK(found == tag);
        const auto old = co_await f.tags.get(session, 1);
        CHECK_FALSE(old);
        session.expunge_all();
        const auto loaded = co_await f.tags.get_one(session, 2);
        CHECK(loaded != tag);
        CHECK(f.tags.text(*loaded) == "jack");
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(id || text, ',') from tags") == "2jack");
}

TEMPLATE_TEST_CASE("objects hand their keys on in one flush, and have them back after a rollback",
                   "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{three_tags};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto tags = co_await session.all(f.tags.select());
        const auto &t1 = tags.at(0), &t2 = tags.at(1), &t3 = tags.at(2);
        f.tags.set_key(t1.edit(), 4);
        f.tags.set_key(t2.edit(), 1);
        co_await session.flush();
        co_await check_keys(f.tags, session, tags, "4 1 3");
        co_await session.rollback();
        co_await check_keys(f.tags, session, tags, "1 2 3");
        // Inside of a savepoint, which is released before all of it is undone.
        co_await session.nested([&]() -> corm::Task<> {
            f.tags.set_key(t3.edit(), 9);
            co_await session.flush();
            f.tags.set_key(t2.edit(), 3);
        });
        co_await check_keys(f.tags, session, tags, "1 3 9");
        co_await session.rollback();
        co_await check_keys(f.tags, session, tags, "1 2 3");
        f.tags.set_key(t3.edit(), 5);
        f.tags.set_key(t2.edit(), 3);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(id || text, ',' order by id) from tags") == "1t1,3t2,5t3");
}

TEMPLATE_TEST_CASE("an exchange of keys that was not declared is refused before anything is sent",
                   "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{three_tags};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto tags = co_await session.all(f.tags.select());
        for (const auto& tag : tags)
            f.tags.set_key(tag.edit(), f.tags.key(*tag) % 3 + 1);
        f.statements();
        const auto refused = co_await failure(session.flush());
        CHECK_THAT(message_of(refused), ContainsSubstring(std::string{f.tags.name} + "(1)") &&
                                            ContainsSubstring("exchange their values of (id)"));
        CHECK(f.sql() == 0);
        co_await session.rollback();
        co_await check_keys(f.tags, session, tags, "1 2 3");
        // In two steps it needs no declaration.
        f.tags.set_key(tags[0].edit(), 9);
        co_await session.flush();
        f.tags.set_key(tags[1].edit(), 1);
        f.tags.set_key(tags[2].edit(), 2);
        f.tags.set_key(tags[0].edit(), 3);
        co_await session.flush();
        co_await check_keys(f.tags, session, tags, "3 1 2");
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(id || text, ',' order by id) from tags") == "1t2,2t3,3t1");
}

TEMPLATE_TEST_CASE("keys of removed objects that were handed on come back to them", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f{three_tags};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto tags = co_await session.all(f.tags.select());
        const auto &t1 = tags.at(0), &t2 = tags.at(1), &t3 = tags.at(2);
        session.remove(t1);
        co_await session.flush();
        f.tags.set_key(t2.edit(), 1);
        co_await session.flush();
        const auto switched = co_await f.tags.get(session, 1);
        CHECK(switched == t2);
        co_await session.rollback();
        co_await check_keys(f.tags, session, tags, "1 2 3");

        session.remove(t1);
        f.tags.set_key(t3.edit(), 1); // in the same flush
        co_await session.flush();
        session.remove(t2);
        co_await session.flush();
        f.tags.set_key(t3.edit(), 2);
        co_await session.flush();
        co_await session.rollback();
        co_await check_keys(f.tags, session, tags, "1 2 3");
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(id || text, ',' order by id) from tags") == "1t1,2t2,3t3");
}

TEMPLATE_TEST_CASE("a key that is taken is refused by the database, and nothing is left of the attempt",
                   "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{three_tags};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto t1 = co_await f.tags.get_one(session, 1);
        f.tags.set_key(t1.edit(), 2);
        const auto taken = co_await failure(session.flush());
        CHECK(threw<corm::IntegrityError>(taken));
        co_await session.rollback();
        CHECK(f.tags.key(*t1) == 1);
        const auto first = session.add(f.tags.make("a", 50)), second = session.add(f.tags.make("b", 50));
        const auto twice = co_await failure(session.flush());
        CHECK(twice != nullptr);
        co_await session.rollback();
        CHECK(state_of(first) == ObjectState::transient);
        CHECK(state_of(second) == ObjectState::transient);
        const auto all = co_await session.all(f.tags.select());
        CHECK(texts(f.tags, all) == "t1 t2 t3");
    });
}
