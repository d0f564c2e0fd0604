// Kinds of sessions: autocommit, read-only, isolation levels, what commit expires.
#include "expect_well.hpp"

#include <corm/query.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace corm::test;
using corm::Freshness;

TEST_CASE("an autocommit session holds no connection between its operations", "[orm][integration]") {
    Sessions s{users(2), {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autocommit = true}};
        const auto user = co_await session.get_one<User>(1);
        CHECK_FALSE(session.in_transaction());
        CHECK(s.engine.stats().leased == 0);
        user.edit().age = 10;
        const auto added = session.add(User{.name = "new"});
        s.round_trips();
        co_await session.flush();
        CHECK(s.round_trips() == 1);
        CHECK(s.engine.stats().leased == 0);
        CHECK(added->id == 3);
        // Others see it at once, and it cannot be undone.
        CHECK(s.database.query("select age from users where id = 1") == "10");
        co_await session.rollback();
        CHECK(user->age == 10);
        CHECK(corm::inspect(added).state() == corm::ObjectState::persistent);
        user.edit().age = 11;
        co_await session.commit();
        CHECK(s.database.query("select age from users where id = 1") == "11");
    });
    CHECK(s.database.sessions("idle in transaction") == 0);
}

TEST_CASE("a row that is gone from an autocommit session is gone for good", "[orm][integration]") {
    Sessions s{users(4)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autocommit = true}};
        const auto all = co_await session.all(corm::select<User>().order_by(corm::asc<&User::id>));
        all[0].edit().age = 50;
        co_await session.flush();
        all[0].edit().age = 51;
        {
            const auto off = session.no_autoflush();
            co_await session.execute(corm::delete_from<User>().where(corm::col<&User::id> == 1));
        }
        CHECK(corm::inspect(all[0]).state() == corm::ObjectState::detached);
        s.database.query("delete from users where id in (2, 3)");
        const auto read = co_await session.get<User>(2, corm::for_update);
        CHECK_FALSE(read);
        CHECK(corm::inspect(all[1]).state() == corm::ObjectState::detached);
        const User third{.id = 3, .name = "merged"};
        const auto merged = co_await session.merge(third);
        CHECK(merged != all[2]);
        const auto gone = co_await failure(session.refresh(all[3]));
        CHECK_FALSE(gone);
        co_await session.rollback();
        CHECK(corm::inspect(all[0]).state() == corm::ObjectState::detached);
        CHECK(corm::inspect(all[1]).state() == corm::ObjectState::detached);
        CHECK_THROWS_AS(session.add(all[0]), corm::Error);
        const auto again = co_await session.get<User>(1);
        CHECK_FALSE(again);
        co_await session.flush();
    });
    CHECK(s.database.query("select string_agg(id::text, ' ' order by id) from users") == "3 4");
}

TEST_CASE("a refused flush of an autocommit session changes nothing", "[orm][integration]") {
    Sessions s{"insert into users (name, email) values ('a', 'a@x');"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autocommit = true}};
        const auto user = co_await session.get_one<User>(1);
        user.edit().age = 5;
        session.add(User{.name = "b", .email = "a@x"});
        bool refused = false;
        try {
            co_await session.flush();
        } catch (const corm::IntegrityError&) {
            refused = true;
        }
        CHECK(refused);
        CHECK(s.engine.stats().leased == 0);
        // One Sync is one transaction: the update went with the insert.
        CHECK(s.database.query("select age || ' ' || count(*) over () from users") == "0 1");
        const auto count = co_await session.scalar(corm::count<User>());
        CHECK(count == 1);
    });
}

TEST_CASE("a read-only session reads, and the server refuses the rest", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.read_only = true}};
        const auto user = co_await session.get_one<User>(1);
        const auto setting = co_await session.one<std::string>(corm::raw_sql("show transaction_read_only"));
        CHECK(setting == "on");
        user.edit().age = 9;
        corm::SqlState state;
        try {
            co_await session.commit();
        } catch (const corm::DatabaseError& error) {
            state = error.sqlstate();
        }
        CHECK(state == corm::sqlstate::read_only_transaction);
        CHECK(user->age == 1);
        co_await session.rollback();
        // The connection is as before for the next session.
        corm::AsyncSession writer{s.engine};
        (co_await writer.get_one<User>(1)).edit()->age = 2;
        co_await writer.commit();
    });
    CHECK(s.database.query("select age from users") == "2");
    CHECK(s.engine.stats().connected == 1);
}

TEST_CASE("the isolation level is that of the options", "[orm][integration]") {
    Sessions s{users(1)};
    const auto [isolation, expected] = GENERATE(table<corm::Isolation, std::string>({
        {corm::Isolation::server_default, "read committed"},
        {corm::Isolation::read_committed, "read committed"},
        {corm::Isolation::repeatable_read, "repeatable read"},
        {corm::Isolation::serializable, "serializable"},
    }));
    const bool snapshot = isolation >= corm::Isolation::repeatable_read;
    const corm::SessionOptions options{.isolation = isolation, .deferrable = true};
    const std::string name = expected;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, options};
        const auto level = co_await session.one<std::string>(corm::raw_sql("show transaction_isolation"));
        CHECK(level == name);
        const auto deferrable = co_await session.one<std::string>(corm::raw_sql("show transaction_deferrable"));
        CHECK(deferrable == "on");
        // The first query takes the snapshot.
        const auto before = co_await session.one<std::int32_t>(corm::raw_sql("select age from users"));
        s.database.query("update users set age = age + 69");
        const auto age = co_await session.one<std::int32_t>(corm::raw_sql("select age from users"));
        CHECK(age == (snapshot ? before : before + 69));
        co_await session.commit();
        // The next transaction has its own snapshot.
        const auto now = co_await session.one<std::int32_t>(corm::raw_sql("select age from users"));
        CHECK(now == before + 69);
    });
}

TEST_CASE("F52: write skew is caught at COMMIT of serializable sessions", "[orm][integration][F52]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        const corm::SessionOptions options{.isolation = corm::Isolation::serializable};
        corm::AsyncSession first{s.engine, options};
        corm::AsyncSession second{s.engine, options};
        const auto in_first = co_await first.all(corm::select<User>().order_by(corm::asc<&User::id>));
        const auto in_second = co_await second.all(corm::select<User>().order_by(corm::asc<&User::id>));
        in_first[0].edit().age = 0;
        in_second[1].edit().age = 0;
        co_await first.commit();
        corm::SqlState state;
        try {
            co_await second.commit();
        } catch (const corm::DatabaseError& error) {
            state = error.sqlstate();
        }
        CHECK(state == corm::sqlstate::serialization_failure);
        CHECK(in_second[1]->age == 2);
    });
    CHECK(s.database.query("select string_agg(age::text, ',' order by id) from users") == "0,2");
    expect_well(s);
}

TEST_CASE("a query after commit reads anew what is stale or expired, not what is kept", "[orm][integration]") {
    Sessions s{users(3)};
    const auto policy = GENERATE(corm::ExpireOnCommit::stale, corm::ExpireOnCommit::expire, corm::ExpireOnCommit::keep);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.expire_on_commit = policy}};
        const auto everybody = corm::select<User>().order_by(corm::asc<&User::id>);
        const auto loaded = co_await session.all(everybody);
        loaded[0].edit().age = 100;
        co_await session.commit();
        s.database.query("update users set age = age + 1000");
        const bool keeps = policy == corm::ExpireOnCommit::keep;
        // A query that does not yield an object leaves it alone.
        const auto third = co_await session.one(corm::select<User>().where(corm::col<&User::id> == 3));
        CHECK(third == loaded[2]);
        CHECK(third->age == (keeps ? 3 : 1003));
        CHECK((corm::inspect(loaded[0]).freshness() == Freshness::fresh) == keeps);
        const auto again = co_await session.all(everybody);
        CHECK(again == loaded);
        CHECK(again[0]->age == (keeps ? 100 : 1100));
        CHECK(corm::inspect(again[0]).freshness() == Freshness::fresh);
        const auto forced = co_await session.all(corm::select<User>().populate_existing());
        CHECK(loaded[0]->age == 1100);
        CHECK(forced.size() == 3);
        co_await session.commit();
    });
}

TEST_CASE("without autoflush queries do not see what was not flushed", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autoflush = false}};
        session.add(User{.name = "pending"});
        auto count = co_await session.scalar(corm::count<User>());
        CHECK(count == 1);
        co_await session.flush();
        count = co_await session.scalar(corm::count<User>());
        CHECK(count == 2);
        co_await session.rollback();
    });
    CHECK(s.database.query("select count(*) from users") == "1");
}
