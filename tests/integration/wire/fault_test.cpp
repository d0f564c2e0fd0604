// Connections that break, and servers that say what they should not.
#include "client.hpp"
#include "support/fault_proxy.hpp"
#include "support/mock_server.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <string>

using namespace corm;
using namespace corm::test;

namespace {

bool full() {
    const char* full = std::getenv("CORM_TEST_FULL");
    return full != nullptr && std::string{full} == "1";
}

/// What a mock says to the request of its only client; further ones find it well behaved.
struct Misbehaving {
    explicit Misbehaving(std::string answer, std::shared_ptr<trace::Tracer> tracer = {})
        : mock([this, said = std::move(answer)](int socket) {
              MockServer::let_in(socket);
              for (bool first = served++ == 0; MockServer::read_request(socket); first = false)
                  MockServer::send(socket, first ? said : message::one_row("well"));
          }),
          client({.max_size = 1}, {.host = mock.host()}, std::move(tracer)) {}

    wire::Reply ask() {
        lease = client.lease();
        return client.run(lease, request({"SELECT 1"}, 5s));
    }
    /// The next user gets a connection that works.
    void expect_well(bool same_connection) {
        lease.release();
        lease = client.lease();
        const wire::Reply reply = client.run(lease, request({"SELECT 1"}, 5s));
        REQUIRE_FALSE(reply.error);
        CHECK(reply.results.at(0).field(0, 0).bytes() == "well");
        CHECK(client.pool->stats().connected == (same_connection ? 1 : 2));
        lease.release();
        CHECK(client.pool->stats().idle == 1);
    }

    std::atomic<int> served{0};
    MockServer mock;
    Client client;
    pool::Lease lease;
};

const std::string row = message::one_row("row");

} // namespace

TEST_CASE("F31: a connection that breaks anywhere yields all of an answer or none", "[wire][integration][F31]") {
    using Action = FaultProxy::Action;
    FaultProxy proxy{server().url(), FaultProxy::Listen::tcp};
    Client client{{.max_size = 1}, {.url = proxy.url()}};
    const auto script = [] {
        return request({"BEGIN", "SELECT n, repeat('x', 5) FROM generate_series(1, 20) n", "COMMIT"});
    };
    pool::Lease lease = client.lease();
    proxy.set({});
    REQUIRE_FALSE(client.run(lease, script()).error);
    const std::size_t bytes = proxy.passed(FaultProxy::Way::to_client);
    REQUIRE(bytes > 100);
    const Action action = GENERATE(Action::reset, Action::finish);
    const std::size_t step = full() ? 1 : bytes / 20;
    int lost = 0, complete = 0;
    for (std::size_t at = 0; at <= bytes; at += step) {
        CAPTURE(at, bytes);
        lease.release();
        proxy.set({});
        lease = client.lease();
        proxy.set({.action = action, .at = at});
        const wire::Reply reply = client.run(lease, script());
        if (!reply.error) {
            ++complete;
            REQUIRE(reply.results.size() == 3);
            CHECK(reply.results[1].row_count() == 20);
            continue;
        }
        ++lost;
        CHECK(reply.results.size() < 3);
        if (reply.in_doubt)
            caught<CommitOutcomeUnknown>(reply.error);
        else
            CHECK(caught<ConnectionError>(reply.error).safe_to_retry());
        for (const wire::Result& result : reply.results)
            CHECK((result.column_count() == 0 || result.row_count() == 20));
    }
    CHECK(lost > complete);
    lease.release();
    proxy.set({});
    CHECK(client.scalar("1") == "1");
}

TEST_CASE("F35: one byte at a time, and slowly, the answers are the same", "[wire][integration][F35]") {
    FaultProxy proxy{server().url(), FaultProxy::Listen::tcp};
    const FaultProxy::Plan plan = GENERATE(FaultProxy::Plan{.segment = 1}, FaultProxy::Plan{.bytes_per_second = 20'000},
                                           FaultProxy::Plan{.delay = 2ms});
    proxy.set(plan);
    Client client{{.max_size = 1}, {.url = proxy.url()}};
    pool::Lease lease = client.lease();
    const wire::Reply reply = client.run(lease, request({"BEGIN", "SELECT n FROM generate_series(1, 20) n", "COMMIT"}));
    REQUIRE_FALSE(reply.error);
    CHECK(reply.results.at(1).row_count() == 20);
}

TEST_CASE("F38: a FATAL behind the answer is the reason of the loss, not a second error", "[wire][integration][F38]") {
    const std::string end = GENERATE(message::fatal("57P01"), message::fatal("57P01") + message::fatal("57P02"));
    std::string answer = row;
    answer.resize(answer.size() - message::ready('I').size());
    Misbehaving s{answer + end};
    const wire::Reply reply = s.ask();
    const auto error = caught<ConnectionError>(reply.error);
    CHECK(error.sqlstate() == sqlstate::admin_shutdown);
    s.expect_well(false);
}

TEST_CASE("F38: an error without SQLSTATE ends the connection", "[wire][integration][F38]") {
    Misbehaving s{message::error({{'S', "ERROR"}, {'V', "ERROR"}, {'M', "who knows"}}) + message::ready('I')};
    caught<ConnectionError>(s.ask().error);
    s.expect_well(false);
}

TEST_CASE("F75: errors are told apart whatever the language of the server", "[wire][integration][F75]") {
    SECTION("of a statement") {
        Misbehaving s{message::error({{'S', "FEHLER"},
                                      {'V', "ERROR"},
                                      {'C', "23505"},
                                      {'M', "doppelter Schl\xc3\xbcsselwert"},
                                      {'n', "users_email_key"}}) +
                      message::ready('I')};
        const auto error = caught<IntegrityError>(s.ask().error);
        CHECK(error.constraint() == "users_email_key");
        CHECK(error.diagnostics().severity == "ERROR");
        s.expect_well(true);
    }
    SECTION("of one that ends the session") {
        Misbehaving s{
            message::error({{'S', "SCHWERWIEGEND"}, {'V', "FATAL"}, {'C', "57P01"}, {'M', "Verbindung beendet"}})};
        CHECK(caught<ConnectionError>(s.ask().error).sqlstate() == sqlstate::admin_shutdown);
        s.expect_well(false);
    }
    SECTION("of a dial") {
        MockServer mock{[](int socket) {
            std::array<char, 4096> startup;
            if (read(socket, startup.data(), startup.size()) > 0)
                MockServer::send(socket, message::error({{'S', "SCHWERWIEGEND"},
                                                         {'V', "FATAL"},
                                                         {'C', "28P01"},
                                                         {'M', "Passwort-Authentifizierung fehlgeschlagen"}}));
        }};
        Client client{{.max_size = 1}, {.host = mock.host()}};
        const auto waiting = client.ask(5s);
        client.run_until([&] { return waiting->done; });
        CHECK(caught<ConnectionError>(waiting->error).sqlstate() == SqlState{"28P01"});
    }
}

TEST_CASE("F38: what nobody asked for is taken or left", "[wire][integration][F38]") {
    struct Counter final : trace::Tracer {
        void notice(std::string_view, SqlState) noexcept override { ++notices; }
        int notices = 0;
    };
    const auto counter = std::make_shared<Counter>();
    std::string flood;
    for (int i = 0; i < 10'000; ++i)
        flood += message::notice("00000", "again");
    SECTION("a flood of notices keeps the last ones") {
        Misbehaving s{flood + row, counter};
        CHECK_FALSE(s.ask().error);
        CHECK(counter->notices == 64);
        s.expect_well(true);
    }
    SECTION("notifications and settings in between") {
        Misbehaving s{message::notification("channel", "payload") + message::parameter_status("TimeZone", "UTC") + row};
        const wire::Reply reply = s.ask();
        REQUIRE_FALSE(reply.error);
        CHECK(reply.results.at(0).field(0, 0).bytes() == "row");
        s.expect_well(true);
    }
    SECTION("another encoding makes the connection useless") {
        Misbehaving s{message::parameter_status("client_encoding", "LATIN1") + row};
        CHECK(std::string{caught<Error>(s.ask().error).what()}.find("client_encoding") != std::string::npos);
        s.expect_well(false);
    }
    SECTION("garbage") {
        Misbehaving s{std::string(64, 'x')};
        caught<ConnectionError>(s.ask().error);
        s.expect_well(false);
    }
}
