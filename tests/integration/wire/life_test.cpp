#include "client.hpp"
#include "support/mock_server.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

using namespace corm;
using namespace corm::test;

namespace {

std::shared_ptr<pool::Pool> make_pool(boost::asio::any_io_executor executor, const pool::PoolOptions& options) {
    return pool::Pool::make(std::move(executor), {.url = server().url(), .application_name = "corm life test"},
                            options);
}

/// No server session of these tests is left.
void check_gone() {
    Client admin;
    wait_for(admin, "NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'corm life test')");
}

struct Shutdown final : pool::ShutdownSink {
    std::optional<std::size_t> cut;
    void on_shut_down(std::size_t count) noexcept override { cut = count; }
};

} // namespace

TEST_CASE("an open pool does not keep the loop running", "[pool][integration]") {
    boost::asio::io_context io;
    const auto pool = make_pool(io.get_executor(), {.max_size = 2});
    const auto sink = std::make_shared<LeaseResult>();
    pool->acquire(sink, deadline_in(10s), std::source_location::current());
    CHECK(io.run() > 0);
    REQUIRE(sink->lease);
    const auto reply = std::make_shared<ReplyResult>();
    sink->lease->start(request({"BEGIN", "SELECT 1"}), reply);
    io.restart();
    io.run();
    CHECK(reply->reply);
    sink->lease.release();
    const TimePoint begun = Clock::now();
    io.restart();
    io.run(); // until it is cleaned
    CHECK(pool->stats().idle == 1);
    CHECK(Clock::now() - begun < 2s);
}

TEST_CASE("F25: objects may die in any order, in any state", "[pool][integration][F25]") {
    enum Part { context, pool_object, lease, parts };
    const std::vector<std::vector<Part>> orders{{context, pool_object, lease}, {context, lease, pool_object},
                                                {pool_object, context, lease}, {pool_object, lease, context},
                                                {lease, context, pool_object}, {lease, pool_object, context}};
    for (const auto& order : orders) {
        for (const char* state : {"idle", "in transaction", "busy", "waiting", "dialing"}) {
            INFO("order " << order[0] << order[1] << order[2] << ", " << state);
            auto io = std::make_unique<boost::asio::io_context>();
            auto pool = make_pool(io->get_executor(), {.max_size = 1});
            const auto holder = std::make_shared<LeaseResult>();
            const auto waiter = std::make_shared<LeaseResult>();
            const auto reply = std::make_shared<ReplyResult>();
            pool->acquire(holder, deadline_in(10s), std::source_location::current());
            if (state != std::string{"dialing"}) {
                io->run();
                REQUIRE(holder->lease);
            }
            if (state == std::string{"in transaction"}) {
                holder->lease->start(request({"BEGIN", "SELECT 1"}), reply);
                io->restart();
                io->run();
                REQUIRE(reply->reply);
            } else if (state == std::string{"busy"}) {
                holder->lease->start(request({"BEGIN", "SELECT pg_sleep(60)"}), reply);
            } else if (state == std::string{"waiting"}) {
                pool->acquire(waiter, deadline_in(10s), std::source_location::current());
            }
            for (const Part part : order) {
                if (part == context)
                    io.reset();
                else if (part == pool_object)
                    pool.reset();
                else
                    holder->lease.release();
            }
            CHECK_FALSE(waiter->lease);
            CHECK(waiter.use_count() == 1);
        }
    }
    Client admin;
    // A server notices that its client has gone when it wants to answer.
    admin.scalar("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    check_gone();
}

TEST_CASE("F24: shutting down waits for leases, and cuts those that do not come back", "[pool][integration][F24]") {
    Client client{{.max_size = 2}};
    pool::Lease first = client.lease(), second = client.lease();
    const auto sink = std::make_shared<Shutdown>();
    SECTION("all come back") {
        const auto waiting = client.ask();
        client.pool->shut_down(deadline_in(20s), sink);
        client.run_until([&] { return waiting->done; });
        CHECK(waiting->error);
        CHECK_FALSE(client.run(first, request({"SELECT 1"})).error);
        first.release();
        client.io.restart();
        client.io.poll();
        CHECK_FALSE(sink->cut);
        second.release();
        client.run_until([&] { return sink->cut.has_value(); });
        CHECK(sink->cut == 0);
    }
    SECTION("twice") {
        const auto again = std::make_shared<Shutdown>();
        client.pool->shut_down(deadline_in(20s), sink);
        client.pool->shut_down(deadline_in(20s), again);
        first.release();
        client.io.restart();
        client.io.poll();
        client.pool->abandon(); // and the destructor behind it
        second.release();
        client.run_until([&] { return sink->cut.has_value() && again->cut.has_value(); });
        const auto after = std::make_shared<Shutdown>();
        client.pool->shut_down(deadline_in(20s), after);
        client.run_until([&] { return after->cut.has_value(); });
        CHECK(after->cut == 0);
    }
    SECTION("one does not") {
        const auto reply = client.start(second, request({"BEGIN", "SELECT pg_sleep(60)"}));
        first.release();
        const TimePoint begun = Clock::now();
        client.pool->shut_down(deadline_in(100ms), sink);
        client.run_until([&] { return sink->cut.has_value(); });
        CHECK(sink->cut == 1);
        CHECK(Clock::now() - begun < 1s);
        client.run_until([&] { return reply->reply.has_value(); });
        caught<ConnectionError>(reply->reply->error);
        second.release();
    }
    CHECK(client.pool->stats().idle + client.pool->stats().leased == 0);
    CHECK(caught<ConnectionError>([&] {
              const auto late = client.ask();
              client.run_until([&] { return late->done; });
              return late->error;
          }())
              .safe_to_retry());
}

TEST_CASE("F24: shutting down does not wait for dials", "[pool][integration][F24]") {
    MockServer silent{[](int socket) { MockServer::drain(socket); }};
    Client client{{.max_size = 2}, {.host = silent.host()}};
    const auto waiting = client.ask();
    client.run_until([&] { return client.pool->stats().dialing != 0; });
    const auto sink = std::make_shared<Shutdown>();
    const TimePoint begun = Clock::now();
    client.pool->shut_down(deadline_in(20s), sink);
    client.run_until([&] { return sink->cut.has_value() && waiting->done; });
    CHECK(Clock::now() - begun < 1s);
    CHECK(caught<ConnectionError>(waiting->error).safe_to_retry());
    CHECK(sink->cut == 0);
    client.run_until([&] { return client.pool->stats().dialing == 0; });
}

TEST_CASE("F25: a loop that is stopped for good leaves nothing behind", "[pool][integration][F25]") {
    {
        boost::asio::io_context io;
        auto pool = make_pool(io.get_executor(), {.max_size = 2});
        const auto sink = std::make_shared<LeaseResult>();
        pool->acquire(sink, deadline_in(10s), std::source_location::current());
        io.run();
        const auto reply = std::make_shared<ReplyResult>();
        sink->lease->start(request({"SELECT 1"}), reply);
        io.stop();
        sink->lease.release();
        pool->abandon();
    }
    check_gone();
}

TEST_CASE("F27: connections that are too old at once, and tasks on several threads", "[pool][integration][F27]") {
    boost::asio::thread_pool threads{8};
    constexpr std::size_t most = 4;
    auto pool =
        make_pool(threads.get_executor(), {.min_size = 2, .max_size = most, .max_lifetime = 1ms, .idle_timeout = 1ms});
    struct Task final : pool::LeaseSink, wire::RequestSink, std::enable_shared_from_this<Task> {
        std::shared_ptr<pool::Pool> pool;
        std::atomic<int>* failed = nullptr;
        std::mutex mutex; // the lease is set while its reply may come
        pool::Lease lease;
        std::atomic<int> rounds{0};

        void next() {
            if (++rounds <= 40)
                pool->acquire(shared_from_this(), deadline_in(20s), std::source_location::current());
        }
        void on_lease(pool::Lease given) noexcept override {
            const std::lock_guard lock(mutex);
            lease = std::move(given);
            lease->start(request({"SELECT 1"}), shared_from_this());
        }
        void on_lease_failure(std::exception_ptr) noexcept override { ++*failed; }
        void on_reply(wire::Reply reply) noexcept override {
            *failed += reply.error ? 1 : 0;
            pool::Lease gone;
            {
                const std::lock_guard lock(mutex);
                gone = std::move(lease);
            }
            gone.release();
            next();
        }
    };
    std::atomic<int> failed{0};
    std::vector<std::shared_ptr<Task>> tasks;
    for (int i = 0; i < 8; ++i) {
        const auto task = tasks.emplace_back(std::make_shared<Task>());
        task->pool = pool;
        task->failed = &failed;
        task->next();
    }
    const auto over = [&] {
        return std::all_of(tasks.begin(), tasks.end(), [](const auto& task) { return task->rounds > 40; });
    };
    std::size_t most_seen = 0;
    const TimePoint limit = Clock::now() + 60s;
    while (!over() && failed == 0 && Clock::now() < limit) {
        const pool::PoolStats now = pool->stats();
        most_seen = std::max(most_seen, now.idle + now.leased + now.dialing + now.cleaning);
        std::this_thread::yield();
    }
    CHECK(failed == 0);
    CHECK(over());
    CHECK(most_seen <= most);
    // Closed once each: what is open on the server is what the pool has.
    CHECK(pool->stats().connected > most);
    pool->abandon();
    threads.join();
    CHECK(pool->stats().leased + pool->stats().waiting == 0);
    tasks.clear();
    pool.reset();
    check_gone();
}

// For ThreadSanitizer: leases change threads, requests are abandoned while their replies come.
TEST_CASE("several threads share a pool", "[pool][integration][threads]") {
    boost::asio::thread_pool threads{2};
    auto pool = make_pool(threads.get_executor(), {.max_size = 3});
    struct Task final : pool::LeaseSink, wire::RequestSink, std::enable_shared_from_this<Task> {
        std::shared_ptr<pool::Pool> pool;
        std::atomic<int>* done = nullptr;
        std::mutex mutex;
        pool::Lease lease;
        int rounds = 0;
        int number = 0;

        void next() {
            {
                const std::lock_guard lock(mutex);
                if (++rounds > 200) {
                    ++*done;
                    return;
                }
            }
            pool->acquire(shared_from_this(), deadline_in(20s), std::source_location::current());
        }
        void on_lease(pool::Lease given) noexcept override {
            std::unique_lock lock(mutex);
            lease = std::move(given);
            const bool open = (rounds + number) % 3 == 0;
            lease->start(open ? request({"BEGIN", "SELECT 1"}) : request({"SELECT 1"}), shared_from_this());
            // A reply that is on its way already is not waited for any longer.
            if ((rounds + number) % 7 == 0 && lease->abandon(nullptr)) {
                pool::Lease gone = std::move(lease);
                lock.unlock();
                std::thread([held = std::move(gone)]() mutable { held.release(); }).join();
                next();
            }
        }
        void on_lease_failure(std::exception_ptr) noexcept override { ++*done; }
        void on_reply(wire::Reply) noexcept override {
            pool::Lease gone;
            {
                const std::lock_guard lock(mutex);
                gone = std::move(lease);
            }
            gone.release();
            next();
        }
    };
    std::atomic<int> done{0};
    constexpr int tasks = 8;
    std::vector<std::shared_ptr<Task>> all;
    for (int i = 0; i < tasks; ++i) {
        const auto task = std::make_shared<Task>();
        task->pool = pool;
        task->done = &done;
        task->number = i;
        all.push_back(task);
        task->next();
    }
    threads.join();
    CHECK(done == tasks);
    for (const auto& task : all)
        CHECK(task->rounds == 201);
    CHECK(pool->stats().leased == 0);
    CHECK(pool->stats().waiting == 0);
    all.clear();
    pool.reset();
    check_gone();
}
