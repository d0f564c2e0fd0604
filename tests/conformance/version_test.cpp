// VE: rows that somebody else changed. LK: rows that nobody else may change.
#include "fixture.hpp"
#include "support/fits.hpp"
#include "support/suspension_driver.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <functional>

using namespace conformance;
using Catch::Matchers::ContainsSubstring;
using corm::test::run_until;

namespace {

constexpr const char* two_foos = "insert into foo values (1, 1, 'f1'), (2, 1, 'f2');";

/// A version that the program counts.
struct Bar {
    std::int64_t id = 0;
    std::int32_t version_id = 1;
    std::string value;
};
BOOST_DESCRIBE_STRUCT(Bar, (), (id, version_id, value))
constexpr auto corm_mapping(corm::type<Bar>) {
    return corm::table<Bar>("foo").primary_key<&Bar::id>().version<&Bar::version_id>(corm::assigned);
}

/// Another object under the key of `old`, which is removed.
void switch_row(corm::AsyncSession& session, const corm::Ref<Foo>& old, std::string value) {
    session.remove(old);
    session.add(Foo{.id = old->id, .value = std::move(value)});
}

} // namespace

TEST_CASE("VE-01 a row changed or deleted by somebody else is stale data", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession s1{f.engine};
        const corm::Ref<Foo> f1 = s1.add(Foo{.value = "f1 value"});
        const corm::Ref<Foo> f2 = s1.add(Foo{.value = "f2 value"});
        co_await s1.commit();
        f1.edit().value = "f1rev2";
        co_await s1.commit();
        CHECK(f1->version_id == 2);
        static_cast<void>(co_await s1.get_one<Foo>(f1->id));
        co_await s1.rollback();

        corm::AsyncSession s2{f.engine};
        const corm::Ref<Foo> theirs = co_await s2.get_one<Foo>(f1->id);
        theirs.edit().value = "f1rev3";
        co_await s2.commit();
        CHECK(theirs->version_id == 3);

        f1.edit().value = "f1rev3mine";
        f.statements();
        const auto stale = co_await failure(s1.commit());
        CHECK(f.statements() == List{"UPDATE foo"});
        CHECK(threw<corm::StaleDataError>(stale));
        CHECK(caught<corm::StaleDataError>(stale).keys() == List{std::to_string(f1->id)});
        co_await s1.rollback();
        static_cast<void>(co_await s1.get_one<Foo>(f1->id));
        CHECK(f1->value == "f1rev3");
        f1.edit().value = "f1rev4";
        co_await s1.commit();
        CHECK(f1->version_id == 4);

        static_cast<void>(co_await s2.get_one<Foo>(f1->id));
        theirs.edit().value = "f1rev5";
        co_await s2.commit();
        s1.remove(f1);
        s1.remove(f2);
        f.statements();
        const auto deleted = co_await failure(s1.commit());
        CHECK(f.statements() == List{"LOCK foo", "DELETE foo"});
        CHECK(caught<corm::StaleDataError>(deleted).keys() == List{std::to_string(f1->id)});
        co_await s1.rollback();
        CHECK((s1.contains(f1) && s1.contains(f2)));
    });
    CHECK(f.query("select string_agg(value || version_id, ',' order by id) from foo") == "f1rev55,f2 value1");
}

// SQLAlchemy throws StaleDataError. A lock refreshes what was not edited: difference D3.
TEST_CASE("VE-04 a locking read of a loaded object takes the new version", "[conformance]") {
    Fixture f{two_foos};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession s1{f.engine};
        const corm::Ref<Foo> mine = co_await s1.get_one<Foo>(1);
        f.query("update foo set version_id = 2, value = 'theirs' where id = 1");
        static_cast<void>(co_await s1.get_one<Foo>(1, corm::for_share));
        CHECK(mine->version_id == 2);
        CHECK(mine->value == "theirs");
        co_await s1.refresh(mine, corm::for_share);
        static_cast<void>(co_await s1.get_one<Foo>(1, corm::for_update));
        mine.edit().value = "mine";
        co_await s1.commit();
        co_await s1.close();
        const auto fresh = co_await s1.get_one<Foo>(1, corm::for_update);
        CHECK(fresh->version_id == 3);
        // An edit on the version before is refused.
        fresh.edit().value = "late";
        co_await s1.rollback();
        const auto again = co_await s1.get_one<Foo>(1);
        again.edit().value = "edited";
        f.query("update foo set version_id = 4, value = 'theirs again' where id = 1");
        const auto stale = co_await failure(s1.get<Foo>(1, corm::for_update));
        CHECK(threw<corm::StaleDataError>(stale));
        co_await s1.rollback();
    });
    CHECK(f.query("select value || version_id from foo where id = 1") == "theirs again4");
}

TEST_CASE("VE-05 a refresh that may not wait fails while somebody else has the lock", "[conformance]") {
    Fixture f{two_foos};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession s1{f.engine};
        corm::AsyncSession s2{f.engine};
        const corm::Ref<Foo> mine = co_await s1.get_one<Foo>(1);
        const corm::Ref<Foo> theirs = co_await s2.get_one<Foo>(1, corm::for_update);
        theirs.edit().value = "theirs";
        co_await s2.flush();
        const auto refused = co_await failure(s1.refresh(mine, corm::for_share, corm::nowait));
        CHECK(caught<corm::DatabaseError>(refused).sqlstate() == corm::sqlstate::lock_not_available);
        co_await s1.rollback();
        co_await s2.commit();
        co_await s1.refresh(mine, corm::for_share, corm::nowait);
        CHECK(mine->version_id == theirs->version_id);
        CHECK(mine->value == "theirs");
        co_await s1.rollback();
    });
}

TEST_CASE("VE-08 a row switch checks the version and counts it up", "[conformance]") {
    Fixture f{two_foos};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession s1{f.engine};
        switch_row(s1, co_await s1.get_one<Foo>(1), "switched");
        f.statements();
        co_await s1.commit();
        CHECK(f.statements() == List{"UPDATE foo"});
        CHECK(f.query("select value || version_id from foo where id = 1") == "switched2");
        const corm::Ref<Foo> switched = co_await s1.get_one<Foo>(1);
        CHECK(switched->version_id == 2);
        switched.edit().value = "edited";
        co_await s1.commit();
        CHECK(switched->version_id == 3);

        // Somebody else changes the row first.
        corm::AsyncSession s2{f.engine};
        const corm::Ref<Foo> theirs = co_await s2.get_one<Foo>(1);
        switch_row(s1, co_await s1.get_one<Foo>(1), "late");
        theirs.edit().value = "theirs";
        co_await s2.commit();
        const auto stale = co_await failure(s1.commit());
        CHECK(caught<corm::StaleDataError>(stale).keys() == List{"1"});
        co_await s1.rollback();
        // And somebody else finds a switched row changed.
        theirs.edit().value = "too late";
        switch_row(s1, co_await s1.get_one<Foo>(1), "again");
        co_await s1.commit();
        const auto stale_as_well = co_await failure(s2.commit());
        CHECK(threw<corm::StaleDataError>(stale_as_well));
    });
    CHECK(f.query("select value || version_id from foo where id = 1") == "again5");
}

TEST_CASE("VE-11 a version that the program counts is checked, and written as it was set", "[conformance]") {
    Fixture f;
    const auto row = [&f] { return f.query("select value || ' ' || version_id from foo"); };
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession s1{f.engine};
        const corm::Ref<Bar> bar = s1.add(Bar{.version_id = 5, .value = "v5"});
        co_await s1.commit();
        CHECK(row() == "v5 5");
        bar.edit().value = "v9";
        bar.edit().version_id = 9;
        f.statements();
        co_await s1.commit();
        CHECK(f.statements() == List{"UPDATE foo"});
        CHECK(row() == "v9 9");

        // Without a new version the row is checked all the same, and the version stays.
        bar.edit().value = "v9 again";
        co_await s1.commit();
        CHECK(row() == "v9 again 9");
        CHECK(bar->version_id == 9);
        // The version alone is a change like any other.
        bar.edit().version_id = 10;
        co_await s1.commit();
        CHECK(row() == "v9 again 10");

        // Checked is the version that was read, whatever is set: to the one that somebody else has taken, too.
        for (const std::int32_t mine : {10, 11, 12}) {
            static_cast<void>(co_await s1.get_one<Bar>(bar->id));
            bar.edit().value = "mine";
            bar.edit().version_id = mine;
            f.query("update foo set version_id = 11, value = 'theirs'");
            const auto stale = co_await failure(s1.commit());
            CHECK(caught<corm::StaleDataError>(stale).keys() == List{"1"});
            co_await s1.rollback();
            CHECK(bar->version_id == 10);
            CHECK(row() == "theirs 11");
            f.query("update foo set version_id = 10");
        }

        static_cast<void>(co_await s1.get_one<Bar>(bar->id));
        s1.remove(bar);
        f.query("update foo set version_id = 12");
        const auto stale = co_await failure(s1.commit());
        CHECK(caught<corm::StaleDataError>(stale).keys() == List{"1"});
        co_await s1.rollback();
        const auto again = co_await s1.get_one<Bar>(bar->id);
        CHECK(again->version_id == 12);
        s1.remove(again);
        co_await s1.commit();
    });
    CHECK(f.query("select count(*) from foo") == "0");
}

TEST_CASE("VE-15 after stale data a rollback and another try succeed", "[conformance]") {
    Fixture f{two_foos};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Foo> foo = co_await session.get_one<Foo>(1);
        int attempts = 0;
        for (bool done = false; !done;) {
            if (++attempts == 1)
                f.query("update foo set version_id = 7 where id = 1");
            foo.edit().value = "attempt " + std::to_string(attempts);
            const auto error = co_await failure(session.commit());
            done = error == nullptr;
            if (done)
                break;
            CHECK(threw<corm::StaleDataError>(error));
            const auto inactive = co_await failure(session.get<Foo>(2));
            CHECK(message_of(inactive) == message_of(error));
            co_await session.rollback();
            static_cast<void>(co_await session.get_one<Foo>(1));
            CHECK(foo->version_id == 7);
            CHECK(foo->value == "f1");
        }
        CHECK(attempts == 2);
    });
    CHECK(f.query("select value || ' ' || version_id from foo where id = 1") == "attempt 2 8");
}

TEST_CASE("LK-01 each lock is its own clause", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto clause = [&](corm::query::Select<User> query) -> corm::Task<std::string> {
            f.statements();
            co_await session.all(std::move(query));
            const std::string sql = f.recorder->take_statements().back();
            const std::size_t at = sql.find(" FOR ");
            co_return at == std::string::npos ? "" : sql.substr(at + 1);
        };
        using corm::select;
        const std::pair<corm::query::Select<User>, const char*> cases[] = {
            {select<User>(), ""},
            {select<User>().for_update(), "FOR UPDATE"},
            {select<User>().for_update().nowait(), "FOR UPDATE NOWAIT"},
            {select<User>().for_update().skip_locked(), "FOR UPDATE SKIP LOCKED"},
            {select<User>().for_share(), "FOR SHARE"},
            {select<User>().for_share().nowait(), "FOR SHARE NOWAIT"},
            {select<User>().for_share().skip_locked(), "FOR SHARE SKIP LOCKED"},
            {select<User>().for_no_key_update(), "FOR NO KEY UPDATE"},
            {select<User>().for_no_key_update().nowait(), "FOR NO KEY UPDATE NOWAIT"},
            {select<User>().for_key_share(), "FOR KEY SHARE"},
            {select<User>().for_key_share().skip_locked(), "FOR KEY SHARE SKIP LOCKED"},
        };
        for (const auto& [query, expected] : cases) {
            const std::string found = co_await clause(query);
            CHECK(found == expected);
        }
        co_await session.rollback();
    });
}

// SQLAlchemy sends the SELECT and leaves the attribute as it was. Difference D3.
TEST_CASE("LK-03 a locking read of a loaded object refreshes it", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(7);
        f.query("update users set name = 'db' where id = 7");
        f.statements();
        static_cast<void>(co_await session.get_one<User>(7, corm::for_update));
        CHECK(f.statements() == List{"SELECT users"});
        CHECK(user->name == "db");
        co_await session.rollback();
    });
}

TEST_CASE("LK-07 two workers that skip locked rows take different ones, until the lock ends", "[conformance]") {
    Fixture f{"insert into users select n, 'job ' || n from generate_series(1, 6) n;"};
    const auto jobs = [](corm::AsyncSession& session) {
        return session.all(corm::select<User>().order_by(corm::asc<&User::id>).limit(3).for_update().skip_locked());
    };
    const auto free_rows = [&f] {
        return f.query("select count(*) from (select from users for update skip locked) x");
    };
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession first{f.engine};
        corm::AsyncSession second{f.engine};
        const auto mine = co_await jobs(first);
        const auto theirs = co_await jobs(second);
        REQUIRE((mine.size() == 3 && theirs.size() == 3));
        CHECK(mine.back()->id == 3);
        CHECK(theirs.front()->id == 4);
        CHECK(free_rows() == "0");
        co_await first.commit();
        CHECK(free_rows() == "3");
        co_await second.rollback();
        CHECK(free_rows() == "6");
        static_cast<void>(co_await jobs(first));
        CHECK(free_rows() == "3");
        co_await first.close();
        CHECK(free_rows() == "6");
    });
    // Cancellation: another worker holds the row that this one waits for.
    {
        corm::AsyncSession holder{f.engine};
        corm::AsyncSession cancelled{f.engine};
        f.run([&]() -> corm::Task<> {
            static_cast<void>(co_await holder.get_one<User>(6, corm::for_update));
            static_cast<void>(co_await cancelled.get_one<User>(1, corm::for_update));
        });
        corm::test::SteppedOperation waiting{f.context,
                                             [](corm::AsyncSession& session) -> corm::Task<> {
                                                 static_cast<void>(co_await session.get_one<User>(6, corm::for_update));
                                             }(cancelled),
                                             corm::test::Accepts::terminal};
        CHECK(run_until(f.context, corm::Duration{2'000}, [&] {
            return f.query("select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == "1";
        }));
        CHECK(free_rows() == "4");
        waiting.cancel(boost::asio::cancellation_type::terminal);
        std::function<void()> none;
        waiting.run(none);
        CHECK(waiting.error());
        CHECK(run_until(f.context, corm::Duration{2'000}, [&] { return free_rows() == "5"; }));
    }
    CHECK(run_until(f.context, corm::Duration{2'000}, [&] { return free_rows() == "6"; }));
}

TEST_CASE("derived tables fit: assigned versions", "[verify][conformance]") {
    CHECK(corm::test::misfit_of<Bar>() == "");
}
