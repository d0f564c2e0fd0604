// Connections by TCP: certificates, downgrades, and secrets. Needs the openssl command.
#include "client.hpp"
#include "recorder.hpp"
#include "tls_server.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace corm;
using namespace corm::test;

namespace {

std::exception_ptr failure(Client& client, Duration limit = 10s) {
    const auto sink = client.ask(limit);
    client.run_until([&] { return sink->done; });
    return sink->error;
}

/// What keeps a connection from being made is told at once, by name, and nothing is tried without TLS.
void check_refused(TlsServer& tls, wire::Config config, const std::string& reason) {
    Client client{{.max_size = 1}, std::move(config)};
    const std::size_t before = tls.connections();
    const TimePoint begun = Clock::now();
    const auto error = caught<ConnectionError>(failure(client));
    CHECK(Clock::now() - begun < 5s);
    INFO(error.what());
    CHECK(std::string{error.what()}.find(reason) != std::string::npos);
    CHECK(tls.connections() == before + 1); // a second one would be without TLS
    CHECK(client.pool->stats().dialing == 0);
}

} // namespace

TEST_CASE("F08: a server proves who it is, or is not used", "[wire][integration][F08]") {
    TlsServer* tls = tls_server();
    if (tls == nullptr)
        SKIP("TLS tests need the openssl command and a private server");
    SECTION("the secure profile") {
        Client client{{.max_size = 1}, tls->secure()};
        CHECK(client.scalar("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "true");
        CHECK(client.scalar("SELECT version >= 'TLSv1.2' FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == "true");
    }
    SECTION("another name") {
        wire::Config config = tls->secure();
        config.host = "127.0.0.1";
        check_refused(*tls, config, "localhost");
    }
    SECTION("another authority") {
        wire::Config config = tls->secure();
        config.parameters = {{"sslrootcert", tls->file("other.crt")}};
        check_refused(*tls, config, "certificate verify failed");
    }
    SECTION("no authority at all") {
        wire::Config config = tls->secure();
        config.parameters = {{"sslrootcert", tls->file("missing.crt")}};
        check_refused(*tls, config, "missing.crt");
    }
    SECTION("revoked") {
        wire::Config config = tls->secure();
        config.parameters.emplace_back("sslcrl", tls->file("revoked.crl"));
        check_refused(*tls, config, "certificate verify failed");
    }
    SECTION("expired") {
        tls->present("expired");
        check_refused(*tls, tls->secure(), "certificate verify failed");
        tls->present("server");
    }
    SECTION("without TLS") {
        tls->present({});
        check_refused(*tls, tls->secure(), "SSL");
        tls->present("server");
    }
    SECTION("a key of the client that others can read") {
        wire::Config config = tls->secure();
        config.parameters.emplace_back("sslcert", tls->file("server.crt"));
        config.parameters.emplace_back("sslkey", tls->file("open.key"));
        check_refused(*tls, config, "open.key");
    }
}

TEST_CASE("F06: who may not enter is told once, and does not knock again", "[wire][integration][F06]") {
    TlsServer* tls = tls_server();
    if (tls == nullptr)
        SKIP("TLS tests need the openssl command and a private server");
    struct Case {
        const char* user;
        const char* database;
        const char* code;
    };
    const Case each = GENERATE(Case{"postgres", "postgres", "28P01"}, Case{"nobody", "postgres", "28P01"},
                               Case{"rejected", "postgres", "28000"});
    wire::Config config = tls->secure();
    config.user = each.user;
    config.database = each.database;
    config.password = "CANARY";
    Client client{{.max_size = 2}, config};
    const std::size_t before = tls->connections();
    const auto error = caught<ConnectionError>(failure(client));
    CHECK(error.sqlstate().code() == each.code);
    CHECK(std::string{error.what()}.find("CANARY") == std::string::npos);
    CHECK(tls->connections() == before + 1);
}

TEST_CASE("F09: a server that asks for less gets no password", "[wire][integration][F09]") {
    using namespace std::string_view_literals;
    // What a man in the middle would answer: no TLS; then clear text, MD5, no authentication, SCRAM without binding.
    const auto [tls, answer] =
        GENERATE(std::pair{true, "N"sv}, std::pair{false, "R\0\0\0\x08\0\0\0\x03"sv},
                 std::pair{false, "R\0\0\0\x0c\0\0\0\x05salt"sv}, std::pair{false, "R\0\0\0\x08\0\0\0\0"sv},
                 std::pair{false, "R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"sv});
    TcpMock mock{std::string{answer}};
    wire::Config config{.host = "127.0.0.1", .port = mock.port(), .user = "app", .password = "CANARYPASSWORD"};
    if (tls)
        config.transport = wire::Transport::secure;
    else
        config.parameters = {{"sslmode", "disable"}, {"channel_binding", "require"}};
    {
        Client client{{.max_size = 1}, config};
        const TimePoint begun = Clock::now();
        caught<ConnectionError>(failure(client));
        CHECK(Clock::now() - begun < 2s);
    }
    CHECK(mock.heard().find("CANARY") == std::string::npos);
    CHECK(mock.connections() == 1);
}

TEST_CASE("what is less than secure is said once", "[wire][integration]") {
    const auto recorder = std::make_shared<Recorder>();
    const auto start = [&](wire::Transport transport, const char* mode) {
        Client client{{.max_size = 1},
                      {.host = "db.invalid", .transport = transport, .parameters = {{"sslmode", mode}}},
                      recorder};
        return recorder->notices.size();
    };
    CHECK(start(wire::Transport::checked, "require") == 1);
    CHECK(recorder->noticed("do not verify") == 1);
    CHECK(start(wire::Transport::trusted, "disable") == 1);
    CHECK(start(wire::Transport::checked, "verify-full") == 2);
    CHECK(recorder->noticed("channel_binding") == 1);
    CHECK(start(wire::Transport::secure, "verify-full") == 2);
}
