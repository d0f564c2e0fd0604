#include "aftermath.hpp"
#include "recorder.hpp"
#include "support/mock_server.hpp"
#include "tls_server.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>

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

/// Listens on 127.0.0.1 with a queue that is full, so that the system drops who wants to connect.
class BlackHole {
public:
    BlackHole() {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address_;
        REQUIRE(bind(listener_, generic(), size) == 0);
        REQUIRE(listen(listener_, 0) == 0);
        REQUIRE(getsockname(listener_, generic(), &size) == 0);
        for (int& each : waiting_) {
            each = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
            static_cast<void>(connect(each, generic(), size));
        }
    }
    BlackHole(const BlackHole&) = delete;
    BlackHole& operator=(const BlackHole&) = delete;
    ~BlackHole() {
        for (const int each : waiting_)
            close(each);
        close(listener_);
    }
    [[nodiscard]] std::string port() const { return std::to_string(ntohs(address_.sin_port)); }

private:
    sockaddr* generic() noexcept { return reinterpret_cast<sockaddr*>(&address_); }

    sockaddr_in address_{};
    int listener_ = -1;
    int waiting_[4]{};
};

} // namespace

TEST_CASE("F06: a database that does not exist fails at once", "[wire][integration][F06]") {
    const auto recorder = std::make_shared<Recorder>();
    Client client{{.max_size = 2}, {.url = server().url(), .database = "nowhere"}, recorder};
    const TimePoint begun = Clock::now();
    const auto error = caught<ConnectionError>(failure(client));
    CHECK(error.sqlstate() == sqlstate::invalid_catalog);
    CHECK(Clock::now() - begun < 2s);
    CHECK(client.pool->stats().dialing == 0);
    CHECK(recorder->count("connect failed") == 1);
}

TEST_CASE("F01: a server that is away is tried until the deadline", "[wire][integration][F01]") {
    Client client{{.max_size = 2}, at("/nowhere/at/all")};
    const TimePoint begun = Clock::now();
    const auto error = caught<TimeoutError>(failure(client, 300ms));
    CHECK(error.phase() == Phase::acquire);
    CHECK(std::string{error.what()}.find("/nowhere/at/all") != std::string::npos);
    const auto took = Clock::now() - begun;
    CHECK(took >= 300ms);
    CHECK(took < 350ms);
    CHECK(client.pool->stats().waiting == 0);
    client.run_until([&] { return client.pool->stats().dialing == 0; });
}

TEST_CASE("F03: a host that is silent or dead does not hide the next one", "[wire][integration][F03]") {
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
    expect_well(client);
}

TEST_CASE("F13: giving up while a server is silent takes no time", "[wire][integration][F13]") {
    MockServer silent{[](int socket) { MockServer::drain(socket); }};
    const TimePoint begun = Clock::now();
    {
        Client client{{.min_size = 2, .max_size = 2}, at(silent.host())};
        caught<TimeoutError>(failure(client, 50ms));
    }
    CHECK(Clock::now() - begun < 400ms);
}

TEST_CASE("F11: too many connections: a waiter gets one that comes back", "[wire][integration][F11]") {
    Client admin;
    pool::Lease setup = admin.lease();
    REQUIRE_FALSE(admin.run(setup, request({"DROP ROLE IF EXISTS narrow"})).error);
    REQUIRE_FALSE(admin.run(setup, request({"CREATE ROLE narrow LOGIN"})).error);
    const Database database;
    const bool of_role = GENERATE(true, false);
    const std::string limit = of_role ? "ROLE narrow" : "DATABASE " + ConnectionString{database.url()}.get("dbname");
    REQUIRE_FALSE(admin.run(setup, request({("ALTER " + limit + " CONNECTION LIMIT 1").c_str()})).error);
    setup.release();
    const auto recorder = std::make_shared<Recorder>();
    Client client{{.max_size = 3}, {.url = database.url(), .user = "narrow"}, recorder};
    pool::Lease only = client.lease();
    const auto second = client.ask(20s);
    client.run_until([&] { return recorder->count("connect failed") >= 1; });
    CHECK_FALSE(second->done);
    SECTION("in time") {
        only.release();
        client.run_until([&] { return second->done; });
        CHECK(second->lease);
        second->lease.release();
    }
    SECTION("or is told what the server said") {
        const auto error = caught<TimeoutError>(failure(client, 200ms));
        CHECK(error.phase() == Phase::acquire);
        CHECK(std::string{error.what()}.find("53300") != std::string::npos);
        only.release();
        client.run_until([&] { return second->done; });
        second->lease.release();
    }
    // It goes on trying, with pauses.
    CHECK(recorder->count("connect failed") <= 10);
    expect_well(client);
}

TEST_CASE("F12: waiters of an outage are served when the server is back", "[wire][integration][F12]") {
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
    expect_well(client, {.url = own.url()});
}

TEST_CASE("F12: a server that is starting is asked again, with pauses", "[wire][integration][F12]") {
    // Starting, in recovery, shutting down: one SQLSTATE.
    std::atomic<int> attempts{0};
    MockServer mock{[&](int socket) {
        if (++attempts <= 3) {
            char startup[1024];
            if (read(socket, startup, sizeof startup) > 0)
                MockServer::send(socket, message::fatal("57P03"));
            return;
        }
        MockServer::let_in(socket);
        while (MockServer::read_request(socket))
            MockServer::send(socket, message::one_row("up"));
    }};
    Client client{{.max_size = 2}, {.host = mock.host()}};
    SECTION("until it is up") {
        CHECK(client.scalar("1") == "up");
        CHECK(attempts == 4);
    }
    SECTION("until the deadline, which tells the reason") {
        attempts = -1'000;
        const TimePoint begun = Clock::now();
        const auto error = caught<TimeoutError>(failure(client, 300ms));
        CHECK(Clock::now() - begun < 350ms);
        CHECK(std::string{error.what()}.find("57P03") != std::string::npos);
        CHECK(attempts <= -1'000 + 10);
    }
    client.run_until_idle();
    CHECK(client.pool->stats().waiting == 0);
}

TEST_CASE("F02: a host that drops everything costs its own time limit only", "[wire][integration][F02]") {
    BlackHole hole;
    dev::PostgresServer own{{.listen_tcp = true}};
    const std::string& url = own.tcp_url();
    const std::string port = url.substr(url.rfind(':') + 1, url.rfind('/') - url.rfind(':') - 1);
    wire::Config config{
        .url = url, .host = "127.0.0.1,127.0.0.1", .port = hole.port() + "," + port, .database = "postgres"};
    const TimePoint begun = Clock::now();
    SECTION("the next one is tried") {
        Client client{{.max_size = 1, .connect_timeout = Duration{200}}, config};
        CHECK(client.scalar("1") == "1");
        const auto took = Clock::now() - begun;
        CHECK(took >= 200ms);
        CHECK(took < 2s);
        expect_well(client, {.url = own.url()});
    }
    SECTION("alone it is a timeout") {
        config.host = "127.0.0.1";
        config.port = hole.port();
        Client client{{.max_size = 1, .connect_timeout = Duration{100}}, config};
        const auto error = caught<TimeoutError>(failure(client, 350ms));
        CHECK(std::string{error.what()}.find("connect timeout") != std::string::npos);
        CHECK(Clock::now() - begun < 1s);
    }
}

TEST_CASE("F03: a server that falls silent half way is given up", "[wire][integration][F03]") {
    using namespace std::string_view_literals;
    const auto said = GENERATE(""sv, "R\0\0\0\x08\0\0\0\0"sv, "R\0\0\0\x08\0\0\0\0K\0\0\0\x0c\0\0\0\x07\0\0\0\x09"sv);
    MockServer half{[said](int socket) {
        char startup[1024];
        if (read(socket, startup, sizeof startup) > 0 && write(socket, said.data(), said.size()) >= 0)
            MockServer::drain(socket); // until the client has closed its end
    }};
    Client client{{.max_size = 1, .connect_timeout = Duration{50}}, at(half.host())};
    const auto error = caught<TimeoutError>(failure(client, 200ms));
    CHECK(std::string{error.what()}.find("connect timeout") != std::string::npos);
    client.run_until_idle();
    CHECK(client.pool->stats().waiting == 0);
}

TEST_CASE("F03: a server that says nothing to a request for TLS is given up", "[wire][integration][F03]") {
    TcpMock mock{""};
    Client client{{.max_size = 1, .connect_timeout = Duration{50}},
                  {.host = "127.0.0.1", .port = mock.port(), .user = "app", .parameters = {{"sslmode", "require"}}}};
    const auto error = caught<TimeoutError>(failure(client, 200ms));
    CHECK(std::string{error.what()}.find("connect timeout") != std::string::npos);
    CHECK(mock.heard().substr(0, 8) == std::string{"\0\0\0\x08\x04\xd2\x16\x2f", 8}); // SSLRequest
    client.run_until_idle();
}

TEST_CASE("F04: a dead host in front of a living one", "[wire][integration][F04]") {
    dev::PostgresServer own{{.listen_tcp = true}};
    const std::string& url = own.tcp_url();
    const std::string port = url.substr(url.rfind(':') + 1, url.rfind('/') - url.rfind(':') - 1);
    // Nobody listens on port 1: libpq closes that socket, and the next one has its number.
    Client client{{.max_size = 1}, {.url = url, .host = "127.0.0.1,127.0.0.1", .port = "1," + port}};
    const TimePoint begun = Clock::now();
    CHECK(client.scalar("1") == "1");
    CHECK(Clock::now() - begun < 1s);
    expect_well(client, {.url = own.url()});
}

TEST_CASE("settings that do not fit into a startup packet are refused before anything is dialed",
          "[wire][integration]") {
    const auto config = [](std::size_t length) {
        return wire::Config{
            .url = server().url(), .application_name = "corm", .settings = {{"app.long", std::string(length, 'x')}}};
    };
    const auto refused = [&](std::size_t length) {
        try {
            config(length).validate();
        } catch (const ConnectionError& error) {
            CHECK(std::string{error.what()}.find("10000 at most") != std::string::npos);
            return true;
        }
        return false;
    };
    std::size_t most = 10'000;
    while (refused(most))
        --most;
    CHECK(most > 9'700);
    Client client{{.max_size = 1}, config(most)};
    CHECK(client.scalar("length(current_setting('app.long'))") == std::to_string(most));
    // With one more, the server hangs up and does not say why.
    ConnectionString longer{server().url()};
    longer.set("application_name", "corm");
    longer.set("client_encoding", "UTF8");
    const auto options = [](std::size_t length) { return "-c app.long=" + std::string(length, 'x'); };
    longer.set("options", options(most));
    CHECK(query(longer.text(), "select 1") == "1");
    longer.set("options", options(most + 1));
    CHECK_THROWS_AS(query(longer.text(), "select 1"), std::runtime_error);
}
