// Savepoints.
#include "fixture.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace twice;

TEMPLATE_TEST_CASE("a savepoint that is rolled back", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto u1 = session.add(f.authors.make("ed")), u2 = session.add(f.authors.make("jack"));
        const corm::Savepoint sp = co_await session.begin_nested();
        f.authors.set_text(u1.edit(), "edward");
        f.authors.set_text(u2.edit(), "jackward");
        const auto u3 = session.add(f.authors.make("wendy"));
        session.add(f.authors.make("foo"));
        const auto inside = co_await session.all(f.authors.select());
        CHECK(inside.size() == 4);
        CHECK(f.authors.version(*u1) == 1);
        co_await sp.rollback();
        CHECK(f.authors.text(*u1) == "ed");
        CHECK(f.authors.text(*u2) == "jack");
        CHECK(f.authors.version(*u1) == 0);
        CHECK(state_of(u3) == ObjectState::transient);
        const auto outside = co_await session.all(f.authors.select());
        CHECK(outside == std::vector{u1, u2});
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(text || version, ',' order by id) from authors") == "ed0,jack0");
}

TEMPLATE_TEST_CASE("what a released savepoint did is undone with the transaction", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto chuck = co_await f.authors.get_one(session, 10);
        corm::Savepoint sp = co_await session.begin_nested();
        const auto added = session.add(f.authors.make("u1"));
        co_await sp.release();
        CHECK(session.contains(added));
        sp = co_await session.begin_nested();
        session.remove(chuck);
        co_await sp.release();
        CHECK_FALSE(session.contains(chuck));
        co_await session.rollback();
        CHECK_FALSE(session.contains(added));
        CHECK(session.contains(chuck));
        CHECK(f.authors.text(*chuck) == "chuck");
    });
    CHECK(f.query("select count(*) from authors") == "4");
}

TEMPLATE_TEST_CASE("changes are handed from savepoint to savepoint", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await f.authors.get_one(session, 7);
        const corm::Savepoint sp1 = co_await session.begin_nested();
        const corm::Savepoint sp2 = co_await session.begin_nested();
        f.authors.set_text(jack.edit(), "changed");
        co_await session.flush();
        co_await sp2.release();
        CHECK(f.authors.text(*jack) == "changed");
        co_await sp1.rollback();
        CHECK(f.authors.text(*jack) == "jack");
        CHECK(freshness_of(jack) == Freshness::stale);
        f.statements();
        static_cast<void>(co_await f.authors.get_one(session, 7));
        CHECK(f.statements() == List{"SELECT authors"});
        CHECK(f.authors.text(*jack) == "jack");
    });
}

TEMPLATE_TEST_CASE("a rolled back savepoint concerns what was changed in it", "[twice][integration]", Structs,
                   Records) {
    const bool flushed = GENERATE(false, true);
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto u1 = co_await f.authors.get_one(session, 7), u2 = co_await f.authors.get_one(session, 8);
        const corm::Savepoint sp = co_await session.begin_nested();
        f.authors.set_text(u2.edit(), "modified");
        if (flushed)
            co_await session.flush();
        co_await sp.rollback();
        f.statements();
        static_cast<void>(co_await f.authors.get_one(session, 7));
        CHECK(f.sql() == 0);
        CHECK(freshness_of(u1) == Freshness::fresh);
        CHECK(f.authors.text(*u2) == "ed");
        CHECK(freshness_of(u2) == Freshness::stale);
        // The rollback of the session concerns both.
        co_await session.rollback();
        CHECK(freshness_of(u1) == Freshness::stale);
    });
}

TEMPLATE_TEST_CASE("a key conflict in a savepoint", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await f.authors.get_one(session, 7);
        const auto book = co_await f.books.get_one(session, 1);
        f.authors.set_text(jack.edit(), "edward");
        f.books.set_text(book.edit(), "foober");
        const corm::Savepoint sp = co_await session.begin_nested();
        const auto other = session.add(f.authors.make("u2", 7));
        const auto other_book = session.add(f.books.make("b2", 1));
        const auto first = co_await failure(session.commit());
        CHECK(threw<corm::IntegrityError>(first));
        const auto second = co_await failure(session.commit());
        CHECK(message_of(second) == message_of(first));
        co_await sp.rollback();
        CHECK_FALSE((session.contains(other) || session.contains(other_book)));
        CHECK((session.contains(jack) && session.contains(book)));
        CHECK(f.authors.text(*jack) == "edward");
        CHECK(f.books.text(*book) == "foober");
        co_await session.commit();
    });
    CHECK(f.query("select a.text || ' ' || b.text from authors a join books b on author_id = a.id where a.id = 7") ==
          "edward foober");
}

TEMPLATE_TEST_CASE("a savepoint scope whose flush fails", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto add = [&](std::int64_t key) {
            return session.nested([&session, &f, key]() -> corm::Task<> {
                session.add(f.authors.make("u" + std::to_string(key), key));
                co_await session.flush();
            });
        };
        co_await add(1);
        const auto refused = co_await failure(add(1));
        CHECK(threw<corm::IntegrityError>(refused));
        const auto count = co_await session.scalar(f.authors.count());
        CHECK(count == 1);
        co_await add(2);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(id::text, ',' order by id) from authors") == "1,2");
}

TEMPLATE_TEST_CASE("collections behind a savepoint that is rolled back", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await with_children(f.authors, session, 7);
        f.authors.children(jack.edit()).push_back(corm::transient(f.books.make("before")));
        const corm::Savepoint savepoint = co_await session.begin_nested();
        f.authors.children(jack.edit()).push_back(corm::transient(f.books.make("inside")));
        co_await session.flush();
        CHECK(f.authors.children(*jack).size() == 3);
        co_await savepoint.rollback();
        CHECK(texts(f.books, f.authors.children(*jack)) == "j1 before");
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(text, ' ' order by id) from books where author_id = 7") == "j1 before");
}

TEMPLATE_TEST_CASE("pairs and orphans of a savepoint that is rolled back", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto book = co_await with_children(f.books, session, 2);
        co_await session.load(book, f.books.pairs_load());
        const auto red = f.books.pairs(*book)[0];
        const auto page = f.books.children(*book)[0];
        const corm::Savepoint savepoint = co_await session.begin_nested();
        CHECK(f.books.pairs(book.edit()).remove(red));
        CHECK(f.books.children(book.edit()).remove(page));
        co_await session.flush();
        CHECK(state_of(page) == ObjectState::deleted);
        const auto pairs = co_await session.one<std::int64_t>(corm::raw_sql("select count(*) from book_tags"));
        CHECK(pairs == 2);
        co_await savepoint.rollback();
        CHECK(state_of(page) == ObjectState::persistent);
        co_await session.load(book, f.books.children_load());
        co_await session.load(book, f.books.pairs_load());
        CHECK(texts(f.pages, f.books.children(*book)) == "p1 p2");
        CHECK(texts(f.tags, f.books.pairs(*book)) == "red blue");
        f.statements();
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select count(*) from book_tags") == "3");
    CHECK(f.query("select count(*) from pages") == "3");
}

TEMPLATE_TEST_CASE("keys that were given in a savepoint", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto tag = session.add(f.tags.make("new"));
        const corm::Savepoint sp = co_await session.begin_nested(); // flushes what came before
        CHECK(f.tags.key(*tag) == 101);
        const auto inside = session.add(f.tags.make("inside"));
        f.tags.set_key(tag.edit(), 50);
        co_await session.flush();
        CHECK(corm::inspect(tag).identity() == "50");
        CHECK(f.tags.key(*inside) == 102);
        co_await sp.rollback();
        CHECK(corm::inspect(tag).identity() == "101");
        CHECK(f.tags.key(*tag) == 101);
        CHECK(corm::inspect(inside).identity().empty());
        const auto found = co_await f.tags.get(session, 101);
        CHECK(found == tag);
        const auto none = co_await f.tags.get(session, 50);
        CHECK_FALSE(none);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(id || text, ' ' order by id) from tags") == "1red 2blue 101new");
}
