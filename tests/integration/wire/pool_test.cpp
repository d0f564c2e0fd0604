#include "aftermath.hpp"
#include "support/memory.hpp"
#include "support/mock_server.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <thread>
#include <vector>

using namespace corm;
using namespace corm::test;

namespace {

std::string in_transaction(int backend) {
    return "EXISTS (SELECT FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND pid = " +
           std::to_string(backend) + ")";
}

} // namespace

TEST_CASE("the deadline of a request is kept, and so is the connection", "[pool][integration]") {
    Client client;
    pool::Lease lease = client.lease();
    const int backend = lease->backend();
    const TimePoint begun = Clock::now();
    const wire::Reply reply = client.run(lease, request({"BEGIN", "SELECT pg_sleep(60)"}, 200ms));
    const auto took = Clock::now() - begun;
    CHECK(caught<TimeoutError>(reply.error).phase() == Phase::execute);
    CHECK(reply.sent);
    CHECK(took >= 200ms);
    CHECK(took < 250ms);
    CHECK(lease->busy());
    lease.release();
    CHECK(client.pool->stats().cleaning == 1);
    lease = client.lease();
    CHECK(lease->backend() == backend);
    CHECK_FALSE(lease->busy());
    CHECK_FALSE(client.run(lease, request({"SELECT 1"})).error);
    CHECK(client.pool->stats().connected == 1);
}

TEST_CASE("F50: a COMMIT that is cancelled at its deadline has a known outcome, if the server answers",
          "[pool][integration][F50]") {
    // Without a grace nobody waits for that answer.
    const Duration grace = GENERATE(Duration{10'000}, Duration{0});
    Client client{{.max_size = 1, .commit_grace = grace}};
    pool::Lease lease = client.lease();
    REQUIRE_FALSE(client
                      .run(lease, request({"CREATE TEMP TABLE t (a int4)",
                                           "CREATE FUNCTION pg_temp.wait() RETURNS trigger LANGUAGE plpgsql AS "
                                           "$$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$",
                                           "CREATE CONSTRAINT TRIGGER w AFTER INSERT ON t DEFERRABLE INITIALLY "
                                           "DEFERRED FOR EACH ROW EXECUTE FUNCTION pg_temp.wait()"}))
                      .error);
    const int backend = lease->backend();
    const wire::Reply reply = client.run(lease, request({"BEGIN", "INSERT INTO t VALUES (1)", "COMMIT"}, 100ms));
    CHECK(reply.in_doubt == (grace == Duration{}));
    if (reply.in_doubt) {
        caught<CommitOutcomeUnknown>(reply.error);
    } else {
        const auto error = caught<TimeoutError>(reply.error);
        CHECK(error.phase() == Phase::commit);
        CHECK(error.safe_to_retry());
    }
    lease.release();
    client.run_until_idle();
    CHECK(client.lease()->backend() == backend);
    expect_well(client);
}

TEST_CASE("F21: an abandoned request is cancelled and rolled back in the background", "[pool][integration][F21]") {
    Client client;
    pool::Lease lease = client.lease();
    const int backend = lease->backend();
    const auto sink = client.start(lease, request({"BEGIN", "SELECT pg_sleep(60)", "SELECT pg_sleep(60)"}));
    CHECK(lease->sent());
    CHECK(lease->abandon(nullptr));
    CHECK_FALSE(lease->abandon(nullptr));
    lease.release();
    const TimePoint begun = Clock::now();
    client.run_until_idle();
    CHECK(Clock::now() - begun < 2s);
    CHECK_FALSE(sink->reply);
    Client admin;
    CHECK(admin.scalar(in_transaction(backend)) == "false");
    CHECK(client.lease()->backend() == backend);
    expect_well(client);
}

TEST_CASE("F21: a transaction that was left open", "[pool][integration][F21]") {
    Client client;
    pool::Lease lease = client.lease();
    const int backend = lease->backend();
    const bool failed = GENERATE(false, true);
    static_cast<void>(client.run(lease, request({"BEGIN", failed ? "SELECT 1/0" : "SELECT 1"})));
    const std::uint64_t before = client.pool->stats().round_trips;
    SECTION("is rolled back when nobody takes the connection") {
        lease.release();
        client.run_until_idle();
        CHECK(client.pool->stats().round_trips == before + 1);
        Client admin;
        CHECK(admin.scalar(in_transaction(backend)) == "false");
    }
    SECTION("is rolled back in the round trip of who takes it at once") {
        lease.release();
        lease = client.pool->try_acquire(std::source_location::current());
        REQUIRE(lease);
        CHECK(lease->owes_rollback());
        const wire::Reply reply = client.run(lease, request({"BEGIN", "SELECT 1", "COMMIT"}));
        REQUIRE_FALSE(reply.error);
        CHECK(reply.results.size() == 3);
        CHECK(client.pool->stats().round_trips == before + 1);
        lease.release();
    }
    SECTION("is rolled back in the round trip of who waits") {
        const auto waiting = client.ask();
        lease.release();
        client.run_until([&] { return waiting->done; });
        REQUIRE(waiting->lease);
        CHECK(waiting->lease->owes_rollback());
        CHECK_FALSE(client.run(waiting->lease, request({"SELECT 1"})).error);
        CHECK(client.pool->stats().round_trips == before + 1);
        waiting->lease.release();
    }
    expect_well(client);
}

TEST_CASE("F16: waiting for a lease ends at its deadline", "[pool][integration][F16]") {
    Client client;
    pool::Lease held = client.lease();
    const TimePoint begun = Clock::now();
    const auto late = client.ask(150ms);
    const auto patient = client.ask();
    client.run_until([&] { return late->done; });
    const auto took = Clock::now() - begun;
    CHECK(took >= 150ms);
    CHECK((!memory_is_measured || took < 190ms));
    CHECK(caught<TimeoutError>(late->error).phase() == Phase::acquire);
    CHECK_FALSE(patient->done);
    held.release();
    client.run_until([&] { return patient->done; });
    CHECK(patient->lease);
    patient->lease.release();
    expect_well(client);
}

TEST_CASE("F16: of many waiters some time out, and the others are served in their order", "[pool][integration][F16]") {
    Client client{{.max_size = 2}};
    pool::Lease first = client.lease(), second = client.lease();
    struct Waiter final : pool::LeaseSink {
        pool::Lease lease;
        int number = 0;
        bool hasty = false;
        std::vector<int>* served = nullptr;
        TimePoint over{};
        void on_lease(pool::Lease given) noexcept override {
            served->push_back(number);
            lease = std::move(given);
        }
        void on_lease_failure(std::exception_ptr) noexcept override { over = Clock::now(); }
    };
    std::vector<int> served, expected;
    std::vector<std::shared_ptr<Waiter>> waiters;
    const TimePoint begun = Clock::now();
    constexpr int count = 52;
    for (int number = 0; number < count; ++number) {
        const auto waiter = waiters.emplace_back(std::make_shared<Waiter>());
        waiter->number = number;
        waiter->hasty = number % 3 == 1;
        waiter->served = &served;
        client.pool->acquire(waiter, begun + (waiter->hasty ? 100ms : 20'000ms), std::source_location::current());
        if (!waiter->hasty)
            expected.push_back(number);
    }
    const std::size_t late = count - expected.size();
    // The pool counts them before the last of them is told.
    client.run_until([&] {
        return std::ranges::count_if(waiters, [](const auto& each) { return each->over != TimePoint{}; }) ==
               static_cast<std::ptrdiff_t>(late);
    });
    CHECK(client.pool->stats().timed_out == late);
    CHECK(client.pool->stats().waiting == expected.size());
    CHECK(served.empty());
    first.release();
    second.release();
    client.run_until([&] {
        for (const auto& waiter : waiters)
            waiter->lease.release();
        return served.size() == expected.size();
    });
    CHECK(served == expected);
    for (const auto& waiter : waiters) {
        if (waiter->hasty) {
            CHECK(waiter->over - begun >= 100ms);
            CHECK((!memory_is_measured || waiter->over - begun < 140ms));
        }
        waiter->lease.release();
    }
    expect_well(client);
}

TEST_CASE("F17: 10,000 waiters that withdraw as their connection comes", "[pool][integration][F17]") {
    Client client{{.max_size = 2}};
    client.lease();
    int kept = 0, left = 0;
    for (int i = 0; i < 10'000; ++i) {
        pool::Lease first = client.pool->try_acquire(std::source_location::current());
        pool::Lease second = client.pool->try_acquire(std::source_location::current());
        const auto sink = client.ask();
        first.release();
        second.release();
        if (i % 3 == 0)
            client.io.poll_one();
        if (client.pool->withdraw(sink.get()))
            ++left;
        else
            client.run_until([&] { return sink->done; });
        kept += sink->lease ? 1 : 0;
        sink->lease.release();
        client.io.restart();
    }
    CHECK(kept + left == 10'000);
    client.run_until_idle();
    const pool::PoolStats stats = client.pool->stats();
    CHECK(stats.waiting == 0);
    CHECK(stats.idle == stats.connected - stats.discarded);
    expect_well(client);
}

TEST_CASE("F23, F32: a server that does not answer a cancel loses the connection, not the slot",
          "[pool][integration][F23][F32]") {
    MockServer mock{[](int socket) {
        MockServer::let_in(socket);
        MockServer::drain(socket);
    }};
    Client client{{.max_size = 1, .reset_timeout = Duration{150}}, {.host = mock.host()}};
    pool::Lease lease = client.lease();
    caught<TimeoutError>(client.run(lease, request({"SELECT 1"}, 50ms)).error);
    lease.release();
    client.run_until([&] { return client.pool->stats().discarded == 1; });
    CHECK(client.pool->stats().cleaning == 0);
    CHECK(client.lease());
}

TEST_CASE("P7 is measured: what blocks the loop of a pool is noticed", "[pool][integration]") {
    boost::asio::io_context io;
    LongestTurn turns;
    const boost::asio::any_io_executor executor = TimedExecutor{io.get_executor(), turns};
    boost::asio::post(boost::asio::make_strand(executor), [] { std::this_thread::sleep_for(30ms); });
    io.run();
    CHECK(turns.longest() > 25ms);
    Client client;
    CHECK(client.scalar("1") == "1");
    CHECK(client.turns.longest() > 0ns);
}
