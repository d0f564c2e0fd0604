// Deadlines and lost connections, as a session sees them.
#include "expect_well.hpp"
#include "support/caught.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <chrono>

using namespace corm::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
namespace asio = boost::asio;

namespace {

constexpr const char* others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                               " and backend_type = 'client backend'";

/// Lets the context work until the server says `expected`; gives up after ten seconds.
corm::Task<> until(const Database& database, std::string sql, std::string expected) {
    const auto end = corm::Clock::now() + 10s;
    while (database.query(sql) != expected) {
        if (corm::Clock::now() > end)
            throw std::runtime_error("waited in vain for " + expected + " from " + sql);
        co_await asio::post(asio::use_awaitable);
    }
}

corm::Task<> terminate_all(const Database& database) {
    database.query(std::string{"select count(pg_terminate_backend(pid)) "} + others);
    co_await until(database, std::string{"select count(*) "} + others, "0");
}

/// The phase that a deadline ended, and when.
struct Ended {
    std::optional<corm::Phase> phase;
    corm::Clock::duration after{};
};

corm::Task<Ended> expect_timeout(corm::Task<> operation) {
    const auto start = corm::Clock::now();
    Ended ended;
    try {
        co_await std::move(operation);
    } catch (const corm::TimeoutError& error) {
        ended.phase = error.phase();
    }
    ended.after = corm::Clock::now() - start;
    co_return ended;
}

} // namespace

TEST_CASE("waiting for a connection ends at the deadline, and nothing is lost", "[orm][integration]") {
    Sessions s{users(1), {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession holder{s.engine};
        const auto held = co_await holder.get_one<User>(1);
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> added = session.add(User{.name = "kept", .age = 5});
        corm::Clock::duration best = corm::Clock::duration::max();
        for (int attempt = 0; attempt < 5; ++attempt) {
            const Ended ended = co_await expect_timeout(session.flush(200ms));
            CHECK(ended.phase == corm::Phase::acquire);
            CHECK(ended.after >= 199ms);
            best = std::min(best, ended.after);
        }
        // A busy machine may delay one of them, not all.
        CHECK(best <= 250ms);
        CHECK(s.engine.stats().timed_out == 5);
        CHECK(s.engine.stats().waiting == 0);
        CHECK_FALSE(session.in_transaction());
        CHECK(corm::inspect(added).state() == corm::ObjectState::pending);
        co_await holder.rollback();
        added.edit().age = 6;
        co_await session.commit();
        CHECK(added->id == 2);
    });
    CHECK(s.database.query("select age from users where name = 'kept'") == "6");
}

TEST_CASE("a statement that takes too long is cancelled on the server", "[orm][integration]") {
    Sessions s{users(1), {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        const Ended ended = co_await expect_timeout([](corm::AsyncSession& slow) -> corm::Task<> {
            co_await slow.execute(corm::raw_sql("select pg_sleep(60)").within(200ms));
        }(session));
        CHECK(ended.phase == corm::Phase::execute);
        CHECK(ended.after >= 199ms);
        CHECK(ended.after < 5s);
        // The transaction is over.
        CHECK(user->age == 1);
        bool again = false;
        try {
            co_await session.get<User>(1);
        } catch (const corm::TimeoutError&) {
            again = true;
        }
        CHECK(again);
        co_await until(s.database,
                       std::string{"select count(*) "} + others + " and query like '%pg_sleep%' and state = 'active'",
                       "0");
        co_await session.rollback();
        const auto next = co_await session.get_one<User>(1, corm::within(5s));
        CHECK(next == user);
        co_await session.rollback();
    });
    CHECK(s.engine.stats().leased == 0);
    CHECK(s.engine.stats().idle == 1);
    CHECK(s.database.sessions("idle in transaction") == 0);
    expect_well(s);
}

TEST_CASE("a session without a deadline waits for as long as it takes", "[orm][integration]") {
    Sessions s{users(1), {.deadline = 50ms}};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession patient{s.engine, {.deadline = corm::no_deadline}};
        // The server's own net is that of the engine, and is wider.
        co_await patient.execute(corm::raw_sql("select pg_sleep(0.3)"));
        co_await patient.rollback();
        corm::AsyncSession session{s.engine, {.deadline = 10s}};
        co_await session.execute(corm::raw_sql("select pg_sleep(0.3)"));
        co_await session.rollback();
        corm::AsyncSession hasty{s.engine};
        const Ended ended = co_await expect_timeout([](corm::AsyncSession& slow) -> corm::Task<> {
            co_await slow.execute(corm::raw_sql("select pg_sleep(60)"));
        }(hasty));
        CHECK(ended.phase == corm::Phase::execute);
    });
}

TEST_CASE("a deadline that is longer than the engine's lifts the limit of the server", "[orm][integration]") {
    Sessions s{users(1), {.pool = {.max_size = 1}, .deadline = 30s}};
    const auto limit = [] { return corm::raw_sql("select current_setting('statement_timeout')"); };
    const auto of = [&](const corm::AsyncSession& session) { return session.one<std::string>(limit()); };
    const auto patient = [&](const corm::AsyncSession& session) {
        return session.one<std::string>(limit().within(10min));
    };
    s.run([&]() -> corm::Task<> {
        std::string shown;
        {
            corm::AsyncSession session{s.engine};
            shown = co_await of(session);
            CHECK(shown == "31s");
            s.round_trips();
            shown = co_await patient(session);
            CHECK(shown == "0");
            CHECK(s.round_trips() == 1);
            co_await session.rollback();
            shown = co_await of(session);
            CHECK(shown == "31s");
        }
        {
            corm::AsyncSession session{s.engine, {.deadline = corm::no_deadline}};
            shown = co_await of(session);
            CHECK(shown == "0");
            // It is as it was behind a savepoint.
            try {
                co_await session.nested([&]() -> corm::Task<> {
                    static_cast<void>(co_await of(session));
                    throw std::runtime_error{"undone"};
                });
            } catch (const std::runtime_error&) {
            }
            shown = co_await of(session);
            CHECK(shown == "0");
            co_await session.commit();
        }
        for (int whole = 0; whole < 2; ++whole) {
            corm::AsyncSession session{s.engine};
            if (whole == 1)
                static_cast<void>(co_await patient(session));
            // The transaction has failed on the server until it is rolled back to the savepoint.
            const auto refused = co_await failure(session.nested([&]() -> corm::Task<> {
                shown = co_await patient(session);
                CHECK(shown == "0");
                co_await session.execute(corm::raw_sql("select 1 / 0"));
            }));
            CHECK_NOTHROW(caught<corm::DatabaseError>(refused));
            shown = co_await patient(session);
            CHECK(shown == "0");
            co_await session.commit();
        }
        {
            corm::AsyncSession session{s.engine, {.autocommit = true, .deadline = 10min}};
            shown = co_await of(session);
            CHECK(shown == "0");
        }
        {
            corm::AsyncSession session{s.engine, {.reader = true}};
            shown = co_await patient(session);
            CHECK(shown == "0");
        }
        {
            // A limit of the program's own.
            corm::AsyncSession session{s.engine, corm::SessionOptions{}.with_setting("statement_timeout", "45s")};
            shown = co_await patient(session);
            CHECK(shown == "45s");
        }
        corm::AsyncSession session{s.engine};
        shown = co_await of(session);
        CHECK(shown == "31s");
    });
    expect_well(s);
}

TEST_CASE("so does a statement outside of a transaction, whose connection is as it was afterwards",
          "[orm][integration]") {
    Sessions s{users(1), {.pool = {.max_size = 1}, .deadline = 30s}};
    const auto limit = [] { return corm::raw_sql("show statement_timeout").outside_transaction(); };
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::string shown = co_await session.one<std::string>(limit().within(10min));
        CHECK(shown == "0");
        co_await session.execute(corm::raw_sql("vacuum users").outside_transaction().within(10min));
        const auto refused =
            co_await failure(session.execute(corm::raw_sql("vacuum nobody").outside_transaction().within(10min)));
        CHECK(caught<corm::DatabaseError>(refused).sqlstate() == corm::SqlState{"42P01"});
        shown = co_await session.one<std::string>(limit());
        CHECK(shown == "31s");
        CHECK(s.engine.stats().connected == 1);
    });
    expect_well(s);
}

TEST_CASE("a deadline names the statement that the program waits for", "[orm][integration]") {
    Sessions s{users(1), {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        const auto slow = corm::raw_sql("select pg_sleep(60)").within(50ms);
        for (const bool autocommit : {false, true}) {
            auto options = corm::SessionOptions{.autocommit = autocommit}.with_setting("app.tenant", "x");
            corm::AsyncSession session{s.engine, options};
            if (!autocommit) {
                session.add(User{.name = "never"});
                const auto late = caught<corm::TimeoutError>(co_await failure(session.execute(slow)));
                CHECK_THAT(late.what(),
                           ContainsSubstring("while executing: WITH i AS (INSERT INTO") && EndsWith(" and 1 more"));
                co_await session.rollback();
            }
            const auto alone = caught<corm::TimeoutError>(co_await failure(session.execute(slow)));
            CHECK_THAT(alone.what(), EndsWith("while executing: select pg_sleep(60)"));
            co_await session.rollback();
        }
    });
    expect_well(s);
}

TEST_CASE("deadlines last longer than the engine", "[orm][integration]") {
    const Database database{std::string{schema} + users(1)};
    asio::io_context context;
    std::optional<corm::Engine> engine;
    engine.emplace(context.get_executor(), database.url(), corm::EngineOptions{});
    std::optional<corm::AsyncSession> session;
    session.emplace(*engine);
    Ended ended;
    bool over = false;
    const auto wait = [&]() -> corm::Task<> {
        ended = co_await expect_timeout([](corm::AsyncSession& slow) -> corm::Task<> {
            co_await slow.execute(corm::raw_sql("select pg_sleep(5)").within(700ms));
        }(*session));
        over = true;
    };
    asio::co_spawn(context, wait(), asio::detached);
    REQUIRE(run_until(context, 10s, [&] { return database.sessions("active") == 1; }));
    engine.reset();
    REQUIRE(run_until(context, 10s, [&] { return over; }));
    CHECK(ended.phase == corm::Phase::execute);
    session.reset();
    // Its connection goes with it.
    CHECK(run_until(context, 10s, [&] { return database.query(std::string{"select count(*) "} + others) == "0"; }));
}

TEST_CASE("F28: a connection lost in a transaction ends it with the server's reason", "[orm][integration][F28]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1, corm::for_update);
        user.edit().age = 50;
        co_await session.flush();
        co_await terminate_all(s.database);
        std::optional<corm::ConnectionError> lost;
        try {
            co_await session.get<User>(2);
        } catch (const corm::ConnectionError& error) {
            lost = error;
        }
        REQUIRE(lost);
        CHECK(lost->sqlstate() == corm::sqlstate::admin_shutdown);
        CHECK(user->age == 1);
        int refused = 0;
        for (int i = 0; i < 2; ++i) {
            try {
                co_await session.get<User>(2);
            } catch (const corm::ConnectionError&) {
                ++refused;
            }
        }
        CHECK(refused == 2);
        co_await session.rollback();
        const auto other = co_await session.get_one<User>(2);
        CHECK(other->age == 2);
    });
    CHECK(s.database.query("select age from users where id = 1") == "1");
    expect_well(s);
}

TEST_CASE("F49: a connection lost before COMMIT was sent has certainly not committed", "[orm][integration][F49]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        co_await terminate_all(s.database);
        bool lost = false;
        try {
            co_await session.commit();
        } catch (const corm::ConnectionError& error) {
            lost = error.sqlstate() == corm::sqlstate::admin_shutdown;
        }
        CHECK(lost);
        co_await session.rollback();
        user.edit().age = 60;
        co_await session.commit();
    });
    CHECK(s.database.query("select age from users") == "60");
    expect_well(s);
}

TEST_CASE("a connection lost while idle in the pool is replaced silently", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        for (int age = 1; age <= 3; ++age) {
            corm::AsyncSession session{s.engine};
            const corm::Ref<User> user = co_await session.get_one<User>(1);
            user.edit().age = age * 10;
            co_await session.commit();
            co_await terminate_all(s.database);
        }
    });
    CHECK(s.database.query("select age from users") == "30");
    CHECK(s.engine.stats().connected == 3);
    CHECK(s.engine.stats().leased == 0);
}

TEST_CASE("F47: an error that was swallowed cannot be committed away", "[orm][integration][F47]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        co_await session.flush();
        int failed = 0;
        try {
            co_await session.execute(corm::raw_sql("select 1 / 0"));
        } catch (const corm::DatabaseError& error) {
            failed += error.sqlstate() == corm::SqlState{"22012"};
        }
        try {
            co_await session.commit();
        } catch (const corm::DatabaseError& error) {
            failed += error.sqlstate() == corm::SqlState{"22012"};
        }
        CHECK(failed == 2);
        co_await session.rollback();
        CHECK(user->age == 1);
    });
    CHECK(s.database.query("select age from users") == "1");
    expect_well(s);
}
