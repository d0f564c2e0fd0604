// Advisory locks of transactions and of connections.
#include "events.hpp"

#include <catch2/matchers/catch_matchers_string.hpp>

using namespace events_test;
using Catch::Matchers::ContainsSubstring;
namespace asio = boost::asio;

namespace {

std::string held(const Database& database) {
    return database.query("select count(*) " + advisory_locks + " and granted");
}

bool waits(const Database& database) {
    return database.query("select count(*) " + advisory_locks + " and not granted") != "0";
}

} // namespace

TEST_CASE("An advisory lock of a transaction ends with it", "[events][locks]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession holder{s.engine};
        corm::AsyncSession other{s.engine};
        for (const bool commits : {true, false}) {
            co_await holder.advisory_lock(7);
            bool granted = co_await holder.try_advisory_lock(7); // one's own is no obstacle
            CHECK(granted);
            granted = co_await other.try_advisory_lock(7);
            CHECK_FALSE(granted);
            granted = co_await other.try_advisory_lock(8);
            CHECK(granted);
            // The transaction that did not get it goes on.
            const auto one = co_await other.one<int>(corm::raw_sql("SELECT 1"));
            CHECK(one == 1);
            if (commits)
                co_await holder.commit();
            else
                co_await holder.rollback();
            granted = co_await other.try_advisory_lock(7);
            CHECK(granted);
            co_await other.rollback();
        }
        co_await until([&] { return held(s.database) == "0"; });
    });
}

TEST_CASE("Keys are those that SQL has", "[events][locks]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const std::string name = "nightly 'report'";
        struct Key {
            corm::AdvisoryKey key;
            const char* sql;
        };
        const std::vector<Key> keys{{-5, "-5"},
                                    {INT64_MAX, "9223372036854775807"},
                                    {{-1, 7}, "-1, 7"},
                                    {name, "hashtextextended('nightly ''report''', 0)"},
                                    {"", "hashtextextended('', 0)"}};
        for (const Key& each : keys) {
            INFO(each.sql);
            const std::string attempt = "select pg_try_advisory_lock(" + std::string{each.sql} + ")";
            CHECK(s.database.query(attempt) == "t");
            co_await session.advisory_lock(each.key);
            CHECK(s.database.query(attempt) == "f");
            co_await session.rollback();
            std::optional<corm::AdvisoryLock> lock = co_await s.engine.advisory_lock(each.key);
            CHECK(s.database.query(attempt) == "f");
            co_await lock->release();
            CHECK(s.database.query(attempt) == "t");
        }
        // Two numbers are another space than one.
        co_await session.advisory_lock({0, 7});
        CHECK(s.database.query("select pg_try_advisory_lock(7)") == "t");
    });
}

TEST_CASE("A lock may be shared", "[events][locks]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        const corm::AdvisoryLock first = co_await s.engine.advisory_lock("report", corm::LockShare::shared);
        const corm::AdvisoryLock second = co_await s.engine.advisory_lock("report", corm::LockShare::shared);
        corm::AsyncSession session{s.engine};
        bool granted = co_await session.try_advisory_lock("report", corm::LockShare::shared);
        CHECK(granted);
        co_await session.rollback();
        granted = co_await session.try_advisory_lock("report");
        CHECK_FALSE(granted);
        auto alone = co_await s.engine.try_advisory_lock("report");
        CHECK_FALSE(alone);
        co_await first.release();
        co_await second.release();
        alone = co_await s.engine.try_advisory_lock("report");
        REQUIRE(alone);
        CHECK(alone->held());
        granted = co_await session.try_advisory_lock("report", corm::LockShare::shared);
        CHECK_FALSE(granted);
    });
}

TEST_CASE("Only one at a time is inside", "[events][locks]") {
    corm::EngineOptions options;
    options.pool.max_size = 5;
    Sessions s{{}, std::move(options)};
    int inside = 0, entered = 0, failed = 0;
    const auto enter = [&](int number) -> corm::Task<> {
        for (int round = 0; round < 10; ++round) {
            const corm::AdvisoryLock lock = co_await s.engine.advisory_lock("the door");
            CHECK(++inside == 1);
            co_await lock.check();
            for (int i = 0; i < 3; ++i)
                co_await asio::post(asio::use_awaitable);
            ++entered;
            --inside;
            if (number % 2 == 0)
                co_await lock.release();
        }
    };
    for (int number = 0; number < 8; ++number)
        asio::co_spawn(s.context, enter(number), [&](std::exception_ptr error) { failed += error ? 1 : 0; });
    s.context.run();
    CHECK(failed == 0);
    CHECK(entered == 80);
    CHECK(held(s.database) == "0");
}

TEST_CASE("A lock that is released costs no reset of its connection", "[events][locks]") {
    corm::EngineOptions options;
    options.pool.max_size = 1;
    Sessions s{users(1), std::move(options)};
    s.run([&]() -> corm::Task<> {
        const auto lock = co_await s.engine.advisory_lock(1);
        CHECK(s.engine.stats().leased == 1);
        co_await lock.release();
        CHECK_FALSE(lock.held());
        CHECK(s.engine.stats().idle == 1);
        CHECK(s.engine.stats().round_trips == 2);
        co_await lock.release(); // nothing to do
        caught<corm::ConnectionError>(co_await failure(lock.check()));
        CHECK(s.engine.stats().round_trips == 2);
    });
    // Nothing is owed either.
    s.context.restart();
    s.context.run();
    CHECK(s.engine.stats().round_trips == 2);
}

TEST_CASE("A wait for a lock ends at its deadline, and nothing stays locked", "[events][locks]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        std::optional<corm::AdvisoryLock> holder = co_await s.engine.advisory_lock(1);
        const auto error =
            caught<corm::TimeoutError>(co_await failure(s.engine.advisory_lock(1, corm::LockShare::exclusive, 50ms)));
        CHECK(error.phase() == corm::Phase::execute);
        CHECK_THAT(error.what(), ContainsSubstring("pg_advisory_lock"));
        corm::AsyncSession session{s.engine};
        caught<corm::TimeoutError>(co_await failure(session.advisory_lock(1, corm::LockShare::shared, 50ms)));
        co_await session.rollback();
        co_await until([&] { return !waits(s.database); });
        CHECK(held(s.database) == "1");
        holder.reset();
        co_await until([&] { return held(s.database) == "0"; });
        co_await session.advisory_lock(1);
    });
}

TEST_CASE("A wait for a lock may be longer than the engine's deadline", "[events][locks]") {
    corm::EngineOptions options;
    options.deadline = 10ms; // and a second more on the server
    Sessions s{{}, std::move(options)};
    s.database.query("select 1");
    s.run([&]() -> corm::Task<> {
        std::optional<corm::AdvisoryLock> holder = co_await s.engine.advisory_lock(1, corm::LockShare::exclusive, 20s);
        bool got = false;
        asio::co_spawn(
            s.context,
            [&]() -> corm::Task<> {
                const corm::AdvisoryLock lock = co_await s.engine.advisory_lock(1, corm::LockShare::exclusive, 20s);
                got = lock.held();
                co_await lock.release(20s);
            },
            asio::detached);
        co_await until([&] {
            return s.database.query("select count(*) from pg_stat_activity where wait_event = 'advisory' and datname = "
                                    "current_database() and clock_timestamp() - query_start > '1.3 s'") == "1";
        });
        holder.reset();
        co_await until([&] { return got; });
    });
}

TEST_CASE("Sessions that commit by themselves have no lock of a transaction", "[events][locks]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        for (const corm::SessionOptions& options :
             {corm::SessionOptions{.autocommit = true}, corm::SessionOptions{.reader = true}}) {
            corm::AsyncSession session{s.engine, options};
            auto error = co_await failure(session.advisory_lock(1));
            CHECK_THAT(caught<corm::Error>(error).what(), ContainsSubstring("Engine::advisory_lock"));
            error = co_await failure(session.try_advisory_lock(1));
            CHECK_THAT(caught<corm::Error>(error).what(), ContainsSubstring("try_advisory_lock()"));
        }
        CHECK(s.engine.stats().round_trips == 0);
    });
}
