// What has to hold behind every fault.
#pragma once

#include "fixture.hpp"
#include "support/suspension_driver.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

namespace corm::test {

/// What sessions of this database have left on the server: none is in a transaction, at work or behind a lock, and the
/// engine has no more connections than it may. Empty when all is well.
inline std::string left_on_server(const Engine& engine, const std::string& url) {
    const std::string others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
                               "and backend_type = 'client backend'";
    const std::string most = std::to_string(engine.options().pool.max_size);
    return query(url, "select concat_ws('; ', (select string_agg(state || ': ' || query, ', ') " + others +
                          " and state <> 'idle'), (select count(*) || ' connections' " + others +
                          " and application_name = '" + engine.options().application_name + "' having count(*) > " +
                          most +
                          "), (select string_agg(distinct locktype || ' lock', ', ') from pg_locks where database = "
                          "(select oid from pg_database where datname = current_database()) and pid <> "
                          "pg_backend_pid() and (locktype = 'advisory' or relation >= 16384)))");
}

/// The slots come back and add up, the next session works, and nothing of the others is left on the server: no
/// transaction, no statement, no lock, no connection too many. Call it when every session of the test is gone.
inline void expect_well(boost::asio::io_context& context, Engine& engine, const std::string& url) {
    CHECK(run_until(context, Duration{5'000}, [&] {
        const PoolStats now = engine.stats();
        return now.leased + now.cleaning + now.dialing + now.waiting == 0;
    }));
    CHECK(engine.stats().idle <= engine.options().pool.max_size);
    std::string left;
    const bool clean = run_until(context, Duration{2'000}, [&] {
        left = left_on_server(engine, url);
        return left.empty();
    });
    INFO(left);
    CHECK(clean);
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

inline void expect_well(boost::asio::io_context& context, Engine& engine, const Database& database) {
    expect_well(context, engine, database.url());
}

/// And no socket is open beside those of idle connections.
inline void expect_well(Sessions& s) {
    expect_well(s.context, s.engine, s.database);
    CHECK(run_until(s.context, Duration{2'000}, [&] {
        const PoolStats now = s.engine.stats();
        return now.leased + now.cleaning == 0 && open_sockets() <= s.sockets_before + 2 * now.idle;
    }));
}

} // namespace corm::test
