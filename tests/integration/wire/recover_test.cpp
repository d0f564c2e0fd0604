// A server that goes away, and comes back.
#include "aftermath.hpp"
#include "recorder.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <csignal>
#include <vector>

using namespace corm;
using namespace corm::test;

namespace {

constexpr const char* name = "corm recover test";

wire::Config config(const std::string& url) {
    return {.url = url, .application_name = name};
}

/// `count` connections that were in use and are idle now.
void warm_up(Client& client, std::size_t count) {
    std::vector<pool::Lease> leases;
    for (std::size_t i = 0; i < count; ++i)
        leases.push_back(client.lease());
    for (pool::Lease& each : leases)
        REQUIRE_FALSE(client.run(each, request({"SELECT 1"})).error);
    leases.clear();
    client.run_until_idle();
    REQUIRE(client.pool->stats().idle == count);
}

void check_works(Client& client) {
    pool::Lease lease = client.lease();
    CHECK_FALSE(client.run(lease, request({"SELECT 1"})).error);
}

} // namespace

TEST_CASE("F19: idle connections that were terminated are replaced, and it is told why", "[pool][integration][F19]") {
    const auto recorder = std::make_shared<Recorder>();
    Client client{{.max_size = 3}, config(server().url()), recorder};
    warm_up(client, 3);
    Client admin;
    const std::string own = " FROM pg_stat_activity WHERE application_name = '" + std::string{name} + "'";
    admin.scalar("SELECT count(pg_terminate_backend(pid))" + own);
    wait_for(admin, "NOT EXISTS (SELECT" + own + ")");
    for (int i = 0; i < 6; ++i)
        check_works(client);
    CHECK(recorder->noticed("57P01") >= 1);
    expect_well(client);
}

TEST_CASE("F20: a connection that was cut while it was idle is replaced in the same wait", "[pool][integration][F20]") {
    Client client{{.max_size = 2, .ping_after = Duration{0}, .ping_timeout = 100ms}, config(server().url())};
    warm_up(client, 2);
    Client admin;
    const std::string pids = admin.scalar(
        "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE application_name = '" + std::string{name} + "'");
    const int first = std::stoi(pids), second = std::stoi(pids.substr(pids.find(' ')));
    SECTION("both are silent") {
        kill(first, SIGSTOP);
        kill(second, SIGSTOP);
        const TimePoint begun = Clock::now();
        // Half of what the waiter has is left for a new one.
        pool::Lease lease = client.lease(1s);
        CHECK(Clock::now() - begun < 1s);
        CHECK_FALSE(client.run(lease, request({"SELECT 1"})).error);
        CHECK(client.pool->stats().discarded == 2);
        kill(first, SIGCONT);
        kill(second, SIGCONT);
        lease.release();
    }
    SECTION("both answer") {
        CHECK_FALSE(client.pool->try_acquire(std::source_location::current()));
        const std::uint64_t before = client.pool->stats().round_trips;
        check_works(client);
        CHECK(client.pool->stats().round_trips == before + 2);
        CHECK(client.pool->stats().connected == 2);
    }
    expect_well(client);
}

TEST_CASE("F26: 200 tasks wait for a server that is away", "[pool][integration][F26]") {
    dev::PostgresServer own;
    const auto recorder = std::make_shared<Recorder>();
    Client client{{.min_size = 2, .max_size = 8}, config(own.url()), recorder};
    warm_up(client, 8);
    own.stop(dev::StopMode::immediate);
    std::vector<std::shared_ptr<LeaseResult>> waiters;
    for (int i = 0; i < 200; ++i)
        waiters.push_back(client.ask(20s));
    // The first wave finds out; from then on there are probes.
    client.run_until([&] { return recorder->count("connect failed") >= 1; });
    const std::size_t before = recorder->count("connect failed");
    const TimePoint begun = Clock::now();
    std::size_t most = 0;
    client.run_until([&] {
        most = std::max(most, client.pool->stats().dialing);
        return Clock::now() - begun > 1s;
    });
    CHECK(most <= 1);
    CHECK(recorder->count("connect failed") - before <= 10);
    for (const auto& waiter : waiters)
        REQUIRE_FALSE(waiter->done);
    own.start();
    const TimePoint up = Clock::now();
    std::size_t leased = 0;
    for (const auto& waiter : waiters) {
        client.run_until([&] { return waiter->done; });
        REQUIRE(waiter->lease);
        leased = std::max(leased, client.pool->stats().leased);
        waiter->lease.release();
    }
    CHECK(leased == 8);
    CHECK(Clock::now() - up < 2s);
    expect_well(client, {.url = own.url()});
}

TEST_CASE("F26: the least number of connections is restored without anybody asking", "[pool][integration][F26]") {
    dev::PostgresServer own;
    Client client{{.min_size = 3, .max_size = 3}, config(own.url())};
    client.run_until([&] { return client.pool->stats().idle == 3; });
    own.restart(dev::StopMode::immediate);
    check_works(client);
    client.run_until([&] { return client.pool->stats().idle == 3; });
    CHECK(client.pool->stats().connected == 6);
    expect_well(client, {.url = own.url()});
}

TEST_CASE("F29: a crash of another session replaces all connections", "[pool][integration][F29]") {
    dev::PostgresServer own;
    Client client{{.max_size = 3}, config(own.url())};
    warm_up(client, 3);
    pool::Lease lease = client.lease();
    const auto reply = client.start(lease, request({"BEGIN", "SELECT pg_sleep(60)"}));
    Client other{{.max_size = 1}, {.url = own.url()}};
    pool::Lease victim = other.lease();
    wait_for(client, "EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')");
    REQUIRE(kill(victim->backend(), SIGKILL) == 0);
    client.run_until([&] { return reply->reply.has_value(); });
    CHECK(caught<ConnectionError>(reply->reply->error).sqlstate() == sqlstate::crash_shutdown);
    lease.release();
    // None of the old ones is left to fail later.
    CHECK(client.pool->stats().idle == 0);
    for (int i = 0; i < 3; ++i)
        check_works(client);
    expect_well(client, {.url = own.url()});
}

TEST_CASE("F30: a server that is restarted under load", "[pool][integration][F30]") {
    dev::PostgresServer own;
    Client client{{.max_size = 3}, config(own.url())};
    warm_up(client, 3);
    pool::Lease lease = client.lease();
    const auto reply = client.start(lease, request({"BEGIN", "SELECT pg_sleep(60)"}));
    wait_for(client, "EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')");
    const dev::StopMode mode = GENERATE(dev::StopMode::fast, dev::StopMode::immediate);
    own.restart(mode);
    client.run_until([&] { return reply->reply.has_value(); });
    const auto error = caught<ConnectionError>(reply->reply->error);
    // Older servers tell everybody who is stopped at once of a crash.
    CHECK((error.sqlstate() == sqlstate::admin_shutdown || error.sqlstate() == sqlstate::crash_shutdown));
    CHECK(error.safe_to_retry());
    lease.release();
    const TimePoint begun = Clock::now();
    for (int i = 0; i < 4; ++i)
        check_works(client);
    CHECK(Clock::now() - begun < 2s);
    check_works(client);
    expect_well(client, {.url = own.url()});
}
