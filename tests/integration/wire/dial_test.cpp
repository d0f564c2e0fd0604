#include "client.hpp"
#include "support/mock_server.hpp"

using namespace corm;
using namespace corm::test;

namespace {

wire::Config at(std::string host) {
    return {.url = "postgresql://", .host = std::move(host)};
}

std::exception_ptr failure(Client& client, Duration limit = 10s) {
    const auto sink = client.ask(limit);
    client.run_until([&] { return sink->done; });
    return sink->error;
}

} // namespace

TEST_CASE("a database that does not exist fails at once", "[wire][integration]") {
    Client client{{.max_size = 2}, {.url = server().url(), .database = "nowhere"}};
    const TimePoint begun = Clock::now();
    const auto error = caught<ConnectionError>(failure(client));
    CHECK(error.sqlstate() == sqlstate::invalid_catalog);
    CHECK(Clock::now() - begun < 2s);
    CHECK(client.pool->stats().dialing == 0);
}

TEST_CASE("a server that is away is tried until the deadline", "[wire][integration]") {
    Client client{{.max_size = 2}, at("/nowhere/at/all")};
    const TimePoint begun = Clock::now();
    const auto error = caught<TimeoutError>(failure(client, 300ms));
    CHECK(error.phase() == Phase::acquire);
    CHECK(std::string{error.what()}.find("/nowhere/at/all") != std::string::npos);
    const auto took = Clock::now() - begun;
    CHECK(took >= 300ms);
    CHECK(took < 350ms);
}

TEST_CASE("a host that is silent or dead does not hide the next one", "[wire][integration]") {
    MockServer silent{[](int socket) { MockServer::drain(socket); }};
    Client probe;
    const std::string directory = probe.scalar("trim(both '\"' from current_setting('unix_socket_directories'))");
    const std::string user = probe.scalar("current_user");
    const std::string database = probe.scalar("current_database()");
    const std::string port = probe.scalar("current_setting('port')");
    Client client{{.max_size = 1, .connect_timeout = Duration{150}},
                  {.url = "postgresql://",
                   .host = "/nowhere/at/all," + silent.host() + "," + directory,
                   .port = "5432,5432," + port,
                   .user = user,
                   .database = database}};
    const TimePoint begun = Clock::now();
    CHECK(client.scalar("1") == "1");
    CHECK(Clock::now() - begun < 1s);
}

TEST_CASE("giving up while a server is silent takes no time", "[wire][integration]") {
    MockServer silent{[](int socket) { MockServer::drain(socket); }};
    const TimePoint begun = Clock::now();
    {
        Client client{{.min_size = 2, .max_size = 2}, at(silent.host())};
        caught<TimeoutError>(failure(client, 50ms));
    }
    CHECK(Clock::now() - begun < 400ms);
}

TEST_CASE("too many connections: a waiter gets one that comes back", "[wire][integration]") {
    Client admin;
    admin.scalar("set_config('corm.x', '', false)");
    pool::Lease setup = admin.lease();
    REQUIRE_FALSE(admin.run(setup, request({"DROP ROLE IF EXISTS narrow"})).error);
    REQUIRE_FALSE(admin.run(setup, request({"CREATE ROLE narrow LOGIN CONNECTION LIMIT 1"})).error);
    setup.release();
    Client client{{.max_size = 3}, {.url = server().url(), .user = "narrow"}};
    pool::Lease only = client.lease();
    const auto second = client.ask(5s);
    client.run_until([&] { return client.pool->stats().dialing == 0; });
    CHECK_FALSE(second->done);
    only.release();
    client.run_until([&] { return second->done; });
    CHECK(second->lease);
}

TEST_CASE("waiters of an outage are served when the server is back", "[wire][integration]") {
    dev::PostgresServer own;
    Client client{{.max_size = 3}, {.url = own.url()}};
    CHECK(client.scalar("1") == "1");
    own.stop(dev::StopMode::immediate);
    std::vector<std::shared_ptr<LeaseResult>> waiters;
    for (int i = 0; i < 10; ++i)
        waiters.push_back(client.ask(20s));
    client.io.restart();
    client.io.run_for(300ms);
    for (const auto& waiter : waiters)
        CHECK_FALSE(waiter->done);
    own.start();
    const TimePoint up = Clock::now();
    for (const auto& waiter : waiters) {
        client.run_until([&] { return waiter->done; });
        REQUIRE(waiter->lease);
        CHECK_FALSE(client.run(waiter->lease, request({"SELECT 1"})).error);
        waiter->lease.release();
    }
    CHECK(Clock::now() - up < 2s);
}
