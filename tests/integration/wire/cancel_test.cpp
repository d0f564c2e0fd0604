// Cancel requests: where they go, and whom they must not meet.
#include "aftermath.hpp"
#include "support/fault_proxy.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <csignal>
#include <cstdlib>
#include <random>
#include <string>

using namespace corm;
using namespace corm::test;

namespace {

/// One of several users of a pool, who cancels some of its requests and never hears of anybody else's cancel.
struct User {
    Client& client;
    std::mt19937& random;
    std::shared_ptr<LeaseResult> asked{};
    pool::Lease lease{};
    std::shared_ptr<ReplyResult> running{};
    TimePoint impatient = TimePoint::max();
    int rounds = 0;
    int cancelled = 0;
    int wrong_victims = 0;

    /// Does what can be done now.
    void step() {
        if (running) {
            if (running->reply)
                finish();
            else if (Clock::now() >= impatient)
                cancel();
        } else if (asked == nullptr) {
            asked = client.ask(20s);
        } else if (asked->done) {
            REQUIRE(asked->lease);
            lease = std::move(asked->lease);
            asked = nullptr;
            // Half of them give up at about the time at which the statement ends.
            const bool gives_up = random() % 2 == 0;
            impatient = gives_up ? Clock::now() + std::chrono::microseconds{random() % 3'000} : TimePoint::max();
            running = client.start(lease, request({"SELECT pg_sleep(0.001)"}));
        }
    }

private:
    void finish() {
        if (running->reply->error) {
            const auto error = caught<DatabaseError>(running->reply->error);
            wrong_victims += error.sqlstate() == sqlstate::query_canceled ? 1 : 0;
            CHECK(error.sqlstate() == sqlstate::query_canceled);
        }
        done();
    }
    void cancel() {
        impatient = TimePoint::max();
        if (!lease->abandon(nullptr))
            return; // the reply is on its way
        ++cancelled;
        done();
    }
    void done() {
        running = nullptr;
        lease.release();
        ++rounds;
    }
};

bool full() {
    const char* full = std::getenv("CORM_TEST_FULL");
    return full != nullptr && std::string{full} == "1";
}

} // namespace

TEST_CASE("F40: a late cancel meets nobody else", "[wire][integration][F40]") {
    const int rounds = full() ? 10'000 : 600;
    Client client{{.max_size = 2}};
    std::mt19937 random{40};
    std::vector<User> users;
    for (int i = 0; i < 8; ++i)
        users.push_back({.client = client, .random = random});
    const auto total = [&](int User::* count) {
        int sum = 0;
        for (const User& user : users)
            sum += user.*count;
        return sum;
    };
    client.run_until(
        [&] {
            for (User& user : users)
                user.step();
            return total(&User::rounds) >= rounds;
        },
        600s, 1ms);
    CHECK(total(&User::wrong_victims) == 0);
    CHECK(total(&User::cancelled) > rounds / 10);
    users.clear();
    client.run_until_idle();
    const pool::PoolStats stats = client.pool->stats();
    // Connections are kept.
    CHECK(stats.connected == 2);
    CHECK(stats.discarded == 0);
    CHECK(stats.waiting == 0);
    CHECK(stats.idle == 2);
    expect_well(client);
}

TEST_CASE("F41: cancels that cannot reach the server hold up nobody", "[wire][integration][F41]") {
    FaultProxy proxy{server().url()};
    Client client{{.max_size = 6, .reset_timeout = Duration{300}}, {.url = proxy.url()}};
    std::vector<pool::Lease> leases;
    for (int i = 0; i < 5; ++i)
        leases.push_back(client.lease());
    const int bystander = leases.back()->backend();
    proxy.refuse(true);
    for (int i = 0; i < 4; ++i) {
        static_cast<void>(client.start(leases[static_cast<std::size_t>(i)], request({"SELECT pg_sleep(60)"})));
        leases[static_cast<std::size_t>(i)].release();
    }
    CHECK(client.pool->stats().cleaning == 4);
    // The loop goes on meanwhile, and so do the other connections.
    auto slowest = TimePoint::duration::zero();
    while (client.pool->stats().cleaning != 0) {
        const TimePoint begun = Clock::now();
        CHECK_FALSE(client.run(leases.back(), request({"SELECT 1"})).error);
        slowest = std::max(slowest, Clock::now() - begun);
    }
    CHECK(slowest < 250ms);
    CHECK(client.pool->stats().discarded == 4);
    CHECK(leases.back()->backend() == bystander);
    leases.clear();
    proxy.refuse(false);
    Client admin; // four statements sleep on: nobody could tell the server
    admin.scalar("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND "
                 "application_name = '" +
                 client.name + "'");
    expect_well(client);
    const TimePoint begun = Clock::now();
    client.pool->abandon();
    CHECK(Clock::now() - begun < 2s);
}

TEST_CASE("F32: a stopped backend costs its connection after the grace, not the slot", "[wire][integration][F32]") {
    if (server().is_external()) {
        SUCCEED("an existing server's processes are left alone");
        return;
    }
    Client client{{.max_size = 1, .reset_timeout = Duration{200}}};
    pool::Lease lease = client.lease();
    const int backend = lease->backend();
    REQUIRE_FALSE(client.run(lease, request({"BEGIN", "SELECT pg_advisory_xact_lock(32)"})).error);
    REQUIRE(::kill(backend, SIGSTOP) == 0);
    const wire::Reply reply = client.run(lease, request({"SELECT 1"}, 50ms));
    CHECK(caught<TimeoutError>(reply.error).phase() == Phase::execute);
    lease.release();
    client.run_until([&] { return client.pool->stats().discarded == 1; });
    // The server keeps its locks for as long as its process stands still.
    const std::string locked = "EXISTS (SELECT FROM pg_locks WHERE pid = " + std::to_string(backend) + ")";
    CHECK(client.scalar(locked) == "true");
    REQUIRE(::kill(backend, SIGCONT) == 0);
    wait_for(client, "NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = " + std::to_string(backend) + ")");
    CHECK(client.scalar(locked) == "false");
    expect_well(client);
}

TEST_CASE("F33: a stall anywhere ends at the deadline", "[wire][integration][F33]") {
    using Way = FaultProxy::Way;
    FaultProxy proxy{server().url()};
    Client client{{.max_size = 1, .reset_timeout = Duration{20}, .commit_grace = Duration{20}}, {.url = proxy.url()}};
    const auto script = [] { return request({"BEGIN", "SELECT 'a row', 1", "COMMIT"}, 30ms); };
    const Way way = GENERATE(Way::to_server, Way::to_client);
    // A transcript is recorded first.
    pool::Lease lease = client.lease();
    REQUIRE_FALSE(client.run(lease, script()).error);
    lease.release();
    proxy.set({});
    lease = client.lease();
    REQUIRE_FALSE(client.run(lease, script()).error);
    const std::size_t bytes = proxy.passed(way);
    REQUIRE(bytes > 20);
    lease.release();
    const std::size_t step = full() ? 1 : bytes / 12;
    auto earliest = TimePoint::duration::max();
    for (std::size_t at = 0; at < bytes; at += step) {
        CAPTURE(at, bytes);
        proxy.set({});
        lease = client.lease();
        REQUIRE_FALSE(client.run(lease, request({"SELECT 1"})).error);
        proxy.set({.action = FaultProxy::Action::stall, .way = way, .at = at});
        const TimePoint begun = Clock::now();
        const wire::Reply reply = client.run(lease, script());
        const auto took = Clock::now() - begun;
        if (reply.error) {
            CHECK(took >= 29ms);
            CHECK(took < 5s);
            earliest = std::min(earliest, took);
            const bool timed_out = !reply.in_doubt;
            if (timed_out)
                caught<TimeoutError>(reply.error);
            else
                caught<CommitOutcomeUnknown>(reply.error);
        }
        lease.release();
    }
    // A busy machine may delay some of them.
    CHECK(earliest < 60ms);
    proxy.set({});
    expect_well(client);
}
