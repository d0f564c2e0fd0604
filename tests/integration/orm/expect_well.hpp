// What has to hold behind every fault.
#pragma once

#include "fixture.hpp"
#include "support/suspension_driver.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace corm::test {

/// The slots come back, the next session works, and nothing of the others is left on the server: no transaction, no
/// statement, no lock. Call it when every session of the test is gone.
inline void expect_well(boost::asio::io_context& context, Engine& engine, const Database& database) {
    CHECK(run_until(context, Duration{5'000}, [&] {
        const PoolStats now = engine.stats();
        return now.leased + now.cleaning + now.dialing + now.waiting == 0;
    }));
    const PoolStats now = engine.stats();
    CHECK(now.idle <= engine.options().pool.max_size);
    const auto left = [&database](const std::string& what) {
        return database.query("select count(*) from " + what) == "0";
    };
    CHECK(run_until(context, Duration{2'000}, [&] {
        return left(
            "pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = "
            "'client backend' and state <> 'idle'");
    }));
    CHECK(left("pg_locks where database = (select oid from pg_database where datname = current_database()) and pid <> "
               "pg_backend_pid() and (locktype = 'advisory' or relation >= 16384)"));
    bool works = false;
    boost::asio::co_spawn(
        context,
        [](Engine& tried, bool& worked) -> corm::Task<> {
            AsyncSession next{tried};
            worked = co_await next.one<std::int32_t>(raw_sql("select 1").within(Duration{5'000})) == 1;
            co_await next.rollback();
        }(engine, works),
        boost::asio::detached);
    CHECK(run_until(context, Duration{10'000}, [&] { return works; }));
}

inline void expect_well(Sessions& s) {
    expect_well(s.context, s.engine, s.database);
}

} // namespace corm::test
