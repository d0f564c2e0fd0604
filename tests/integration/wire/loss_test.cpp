#include "aftermath.hpp"
#include "support/mock_server.hpp"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <future>

using namespace corm;
using namespace corm::test;

namespace {

void terminate(int backend) {
    Client admin;
    const std::string pid = std::to_string(backend);
    admin.scalar("pg_terminate_backend(" + pid + ")");
    wait_for(admin, "NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = " + pid + ")");
}

} // namespace

TEST_CASE("F19: an idle connection that was terminated is replaced unnoticed", "[wire][integration][F19]") {
    Client client;
    pool::Lease lease = client.lease();
    const int backend = lease->backend();
    lease.release();
    terminate(backend);
    SECTION("for a waiter") {
        lease = client.lease();
    }
    SECTION("at once") {
        CHECK_FALSE(client.pool->try_acquire(std::source_location::current()));
        lease = client.lease();
    }
    CHECK(lease->backend() != backend);
    CHECK_FALSE(client.run(lease, request({"SELECT 1"})).error);
    CHECK(client.pool->stats().discarded == 1);
    CHECK(client.pool->stats().connected == 2);
    lease.release();
    expect_well(client);
}

TEST_CASE("who was cancelled while its lease was on the way does not wait for another", "[wire][integration]") {
    struct Cancelled final : pool::LeaseSink {
        bool cancelled = false, leased = false, told = false;
        void on_lease(pool::Lease) noexcept override { leased = true; }
        void on_lease_failure(std::exception_ptr) noexcept override { told = true; }
        bool gave_up() const noexcept override { return cancelled; }
    };
    Client client;
    pool::Lease lease = client.lease();
    const int backend = lease->backend();
    lease.release();
    terminate(backend);
    const auto sink = std::make_shared<Cancelled>();
    client.pool->acquire(sink, Clock::now() + 10s, std::source_location::current());
    CHECK_FALSE(client.pool->withdraw(sink.get()));
    sink->cancelled = true;
    client.io.restart();
    client.io.poll();
    CHECK(sink->told);
    CHECK_FALSE(sink->leased);
    CHECK(client.pool->stats().waiting == 0);
    expect_well(client);
}

TEST_CASE("F49: a session that is terminated in its transaction says why, and is undone", "[wire][integration][F49]") {
    Client client;
    pool::Lease lease = client.lease();
    REQUIRE_FALSE(client.run(lease, request({"BEGIN", "SELECT 1"})).error);
    terminate(lease->backend());
    const wire::Reply reply = client.run(lease, request({"SELECT 1", "COMMIT"}));
    CHECK_FALSE(reply.sent);
    const auto error = caught<ConnectionError>(reply.error);
    CHECK(error.sqlstate() == sqlstate::admin_shutdown);
    CHECK(error.safe_to_retry());
    CHECK(lease->status() == wire::TransactionStatus::broken);
    lease.release();
    expect_well(client);
}

TEST_CASE("F55: the server's time limit for idle transactions is the reason of the loss", "[wire][integration][F55]") {
    Client client;
    pool::Lease lease = client.lease();
    REQUIRE_FALSE(
        client.run(lease, request({"SET idle_in_transaction_session_timeout = 50", "BEGIN", "SELECT 1"})).error);
    Client admin;
    wait_for(admin, "NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = " + std::to_string(lease->backend()) + ")");
    CHECK(caught<ConnectionError>(client.run(lease, request({"SELECT 1"})).error).sqlstate() ==
          sqlstate::idle_in_transaction_timeout);
    lease.release();
    expect_well(client);
}

TEST_CASE("F28: a session that is terminated while it works", "[wire][integration][F28]") {
    Client client;
    pool::Lease lease = client.lease();
    const std::string pid = std::to_string(lease->backend());
    const auto sleeping = [&](wire::Request what) {
        const auto sink = client.start(lease, std::move(what));
        Client admin;
        wait_for(admin, "EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid = " + pid + ")");
        terminate(lease->backend());
        client.run_until([&] { return sink->reply.has_value(); });
        return sink->reply->error;
    };
    SECTION("before its COMMIT: definitely undone") {
        const auto error = caught<ConnectionError>(sleeping(request({"BEGIN", "SELECT pg_sleep(60)", "COMMIT"})));
        CHECK(error.sqlstate() == sqlstate::admin_shutdown);
        CHECK(error.safe_to_retry());
    }
    SECTION("outside a transaction: nobody knows") {
        CHECK_FALSE(caught<ConnectionError>(sleeping(request({"SELECT pg_sleep(60)"}))).safe_to_retry());
    }
    lease.release();
    expect_well(client);
}

TEST_CASE("F37: a server that closes while a write is blocked is noticed within a second", "[wire][integration][F37]") {
    MockServer mock{[&](int socket) {
        MockServer::let_in(socket);
        // Closes when the client has filled the socket and waits for room.
        const TimePoint limit = Clock::now() + 10s;
        for (int waiting = 0, before = -1; Clock::now() < limit && (waiting < 100'000 || waiting != before);) {
            before = waiting;
            ioctl(socket, FIONREAD, &waiting);
            std::this_thread::yield();
        }
    }};
    Client client{{.max_size = 1}, {.host = mock.host()}};
    pool::Lease lease = client.lease();
    wire::Request what = request({"SELECT $1::text"});
    what.statements[0].parameters.add(std::string(8'000'000, 'v'));
    const TimePoint begun = Clock::now();
    caught<ConnectionError>(client.run(lease, std::move(what)).error);
    CHECK(Clock::now() - begun < 1s);
    lease.release();
    client.run_until_idle();
    CHECK(client.pool->stats().discarded == 1);
}

TEST_CASE("F48: a server that closes behind a COMMIT leaves its outcome unknown", "[wire][integration][F48]") {
    MockServer mock{[&](int socket) {
        MockServer::let_in(socket);
        char first = 0;
        [[maybe_unused]] const ssize_t got = recv(socket, &first, 1, 0);
    }};
    Client client{{.max_size = 1}, {.host = mock.host()}};
    pool::Lease lease = client.lease();
    caught<CommitOutcomeUnknown>(client.run(lease, request({"COMMIT"})).error);
    lease.release();
    client.run_until_idle();
    CHECK(client.pool->stats().discarded == 1);
}
