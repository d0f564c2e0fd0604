// Versions, and locks.
#include "fixture.hpp"

using namespace twice;

namespace {

/// Another object under the key of `old`, which is removed.
template <class Mapping, class Ref>
void switch_row(const Fixture<Mapping>& f, corm::AsyncSession& session, const Ref& old, std::string text) {
    session.remove(old);
    session.add(f.authors.make(std::move(text), f.authors.key(*old)));
}

} // namespace

TEMPLATE_TEST_CASE("a row changed or deleted by somebody else is stale data", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f{""};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession s1{f.engine};
        const auto a1 = s1.add(f.authors.make("a1")), a2 = s1.add(f.authors.make("a2"));
        co_await s1.commit();
        f.authors.set_text(a1.edit(), "a1rev2");
        co_await s1.commit();
        CHECK(f.authors.version(*a1) == 1);
        const std::int64_t key = f.authors.key(*a1);
        static_cast<void>(co_await f.authors.get_one(s1, key));
        co_await s1.rollback();

        corm::AsyncSession s2{f.engine};
        const auto theirs = co_await f.authors.get_one(s2, key);
        f.authors.set_text(theirs.edit(), "a1rev3");
        co_await s2.commit();
        CHECK(f.authors.version(*theirs) == 2);

        f.authors.set_text(a1.edit(), "a1rev3mine");
        f.statements();
        const auto stale = co_await failure(s1.commit());
        CHECK(f.statements() == List{"UPDATE authors"});
        CHECK(caught<corm::StaleDataError>(stale).keys() == List{std::to_string(key)});
        co_await s1.rollback();
        static_cast<void>(co_await f.authors.get_one(s1, key));
        CHECK(f.authors.text(*a1) == "a1rev3");
        f.authors.set_text(a1.edit(), "a1rev4");
        co_await s1.commit();
        CHECK(f.authors.version(*a1) == 3);

        static_cast<void>(co_await f.authors.get_one(s2, key));
        f.authors.set_text(theirs.edit(), "a1rev5");
        co_await s2.commit();
        s1.remove(a1);
        s1.remove(a2);
        const auto deleted = co_await failure(s1.commit());
        CHECK(caught<corm::StaleDataError>(deleted).keys() == List{std::to_string(key)});
        co_await s1.rollback();
        CHECK((s1.contains(a1) && s1.contains(a2)));
    });
    CHECK(f.query("select string_agg(text || version, ',' order by id) from authors") == "a1rev54,a20");
}

TEMPLATE_TEST_CASE("a locking read of a loaded object takes the new version", "[twice][integration]", Structs,
                   Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto mine = co_await f.authors.get_one(session, 7);
        f.query("update authors set version = 2, text = 'theirs' where id = 7");
        static_cast<void>(co_await f.authors.get_one(session, 7, corm::for_share));
        CHECK(f.authors.version(*mine) == 2);
        CHECK(f.authors.text(*mine) == "theirs");
        co_await session.refresh(mine, corm::for_share);
        static_cast<void>(co_await f.authors.get_one(session, 7, corm::for_update));
        f.authors.set_text(mine.edit(), "mine");
        co_await session.commit();
        CHECK(f.authors.version(*mine) == 3);
        // An edit on the version before is refused.
        static_cast<void>(co_await f.authors.get_one(session, 7));
        f.authors.set_text(mine.edit(), "late");
        f.query("update authors set version = 4, text = 'theirs again' where id = 7");
        const auto stale = co_await failure(f.authors.get(session, 7, corm::for_update));
        CHECK(threw<corm::StaleDataError>(stale));
        co_await session.rollback();
    });
    CHECK(f.query("select text || version from authors where id = 7") == "theirs again4");
}

TEMPLATE_TEST_CASE("a refresh that may not wait fails while somebody else has the lock", "[twice][integration]",
                   Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession s1{f.engine};
        corm::AsyncSession s2{f.engine};
        const auto mine = co_await f.authors.get_one(s1, 7);
        const auto theirs = co_await f.authors.get_one(s2, 7, corm::for_update);
        f.authors.set_text(theirs.edit(), "theirs");
        co_await s2.flush();
        const auto refused = co_await failure(s1.refresh(mine, corm::for_share, corm::nowait));
        CHECK(caught<corm::DatabaseError>(refused).sqlstate() == corm::sqlstate::lock_not_available);
        co_await s1.rollback();
        co_await s2.commit();
        co_await s1.refresh(mine, corm::for_share, corm::nowait);
        CHECK(f.authors.version(*mine) == f.authors.version(*theirs));
        CHECK(f.authors.text(*mine) == "theirs");
        co_await s1.rollback();
    });
}

TEMPLATE_TEST_CASE("a row switch checks the version and counts it up", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession s1{f.engine};
        const auto old = co_await f.authors.get_one(s1, 10);
        switch_row(f, s1, old, "switched");
        co_await s1.commit();
        CHECK(f.query("select text || version from authors where id = 10") == "switched2");
        const auto switched = co_await f.authors.get_one(s1, 10);
        CHECK(f.authors.version(*switched) == 2);
        f.authors.set_text(switched.edit(), "edited");
        co_await s1.commit();
        CHECK(f.authors.version(*switched) == 3);

        // Somebody else changes the row first.
        corm::AsyncSession s2{f.engine};
        const auto theirs = co_await f.authors.get_one(s2, 10);
        switch_row(f, s1, switched, "late");
        f.authors.set_text(theirs.edit(), "theirs");
        co_await s2.commit();
        const auto stale = co_await failure(s1.commit());
        CHECK(caught<corm::StaleDataError>(stale).keys() == List{"10"});
        co_await s1.rollback();
        // And somebody else finds a switched row changed.
        f.authors.set_text(theirs.edit(), "too late");
        const auto read = co_await f.authors.get_one(s1, 10);
        switch_row(f, s1, read, "again");
        co_await s1.commit();
        const auto stale_as_well = co_await failure(s2.commit());
        CHECK(threw<corm::StaleDataError>(stale_as_well));
    });
    CHECK(f.query("select text || version from authors where id = 10") == "again5");
}

TEMPLATE_TEST_CASE("after stale data a rollback and another try succeed", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto author = co_await f.authors.get_one(session, 7);
        int attempts = 0;
        for (bool done = false; !done;) {
            if (++attempts == 1)
                f.query("update authors set version = 7 where id = 7");
            f.authors.set_text(author.edit(), "attempt " + std::to_string(attempts));
            const auto error = co_await failure(session.commit());
            done = error == nullptr;
            if (done)
                break;
            CHECK(threw<corm::StaleDataError>(error));
            const auto inactive = co_await failure(f.authors.get(session, 8));
            CHECK(message_of(inactive) == message_of(error));
            co_await session.rollback();
            static_cast<void>(co_await f.authors.get_one(session, 7));
            CHECK(f.authors.version(*author) == 7);
            CHECK(f.authors.text(*author) == "jack");
        }
        CHECK(attempts == 2);
    });
    CHECK(f.query("select text || ' ' || version from authors where id = 7") == "attempt 2 8");
}

TEMPLATE_TEST_CASE("a new child does not count up its parent's version", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await f.authors.get_one(session, 7);
        f.statements();
        f.authors.children(jack.edit()).push_back(corm::transient(f.books.make("new")));
        co_await session.commit();
        CHECK(f.statements() == List{"INSERT books"});
        CHECK(f.authors.version(*jack) == 1);
    });
    CHECK(f.query("select version from authors where id = 7") == "1");
}

TEMPLATE_TEST_CASE("two workers that skip locked rows take different ones, until the lock ends", "[twice][integration]",
                   Structs, Records) {
    Fixture<TestType> f{"insert into tags select n, 'job ' || n from generate_series(1, 6) n;"};
    const auto jobs = [&f](corm::AsyncSession& session) {
        return session.all(f.tags.select().limit(3).for_update().skip_locked());
    };
    const auto free_rows = [&f] { return f.query("select count(*) from (select from tags for update skip locked) x"); };
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession first{f.engine};
        corm::AsyncSession second{f.engine};
        const auto mine = co_await jobs(first);
        const auto theirs = co_await jobs(second);
        REQUIRE((mine.size() == 3 && theirs.size() == 3));
        CHECK(f.tags.key(*mine.back()) == 3);
        CHECK(f.tags.key(*theirs.front()) == 4);
        CHECK(free_rows() == "0");
        co_await first.commit();
        CHECK(free_rows() == "3");
        co_await second.rollback();
        CHECK(free_rows() == "6");
    });
}

TEMPLATE_TEST_CASE("each lock is its own clause", "[twice][integration]", Structs, Records) {
    Fixture<TestType> f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        using Query = decltype(f.tags.select());
        const std::pair<Query, const char*> cases[] = {
            {f.tags.select(), ""},
            {f.tags.select().for_update(), "FOR UPDATE"},
            {f.tags.select().for_update().nowait(), "FOR UPDATE NOWAIT"},
            {f.tags.select().for_share().skip_locked(), "FOR SHARE SKIP LOCKED"},
            {f.tags.select().for_no_key_update(), "FOR NO KEY UPDATE"},
            {f.tags.select().for_key_share(), "FOR KEY SHARE"},
        };
        for (const auto& [query, expected] : cases) {
            f.statements();
            static_cast<void>(co_await session.all(query));
            const std::string sql = f.recorder->take_statements().back();
            const std::size_t at = sql.find(" FOR ");
            CHECK((at == std::string::npos ? "" : sql.substr(at + 1)) == expected);
        }
        co_await session.rollback();
    });
}
