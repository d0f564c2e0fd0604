// Readers on several threads at once.
#include "lanes.hpp"

#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <thread>

using namespace lanes_test;
namespace asio = boost::asio;

namespace {

struct Count {
    std::atomic<int> good{0};
    std::atomic<int> bad{0};
};

/// A session for each read, as requests of a server have it. Some are slow, some fail.
corm::Task<> request(corm::Engine& engine, Count& count, int task) {
    for (int n = 0; n < 60; ++n) {
        corm::AsyncSession session = engine.reader({.join_reads = n % 3 != 0});
        const std::int32_t key = (task * 61 + n * 7) % 1000 + 1;
        if (n % 10 == 9) {
            const std::exception_ptr error = co_await failure(session.get<Quotient>(key));
            ++(static_cast<bool>(error) == (key % 100 == 0) ? count.good : count.bad);
            continue;
        }
        const auto user = co_await session.get<User>(key);
        ++(user && user->name == "user " + std::to_string(key) ? count.good : count.bad);
    }
}

} // namespace

TEST_CASE("Tasks on all threads of one context read through one engine", "[lanes][threads]") {
    for (const int threads : {2, 4}) {
        Database database{std::string{schema} + setup};
        asio::io_context context{threads};
        corm::Engine engine{context.get_executor(), database.url()};
        Count count;
        for (int task = 0; task < 64; ++task)
            asio::co_spawn(asio::make_strand(context), request(engine, count, task), [](std::exception_ptr error) {
                if (error)
                    std::rethrow_exception(error);
            });
        std::vector<std::thread> runners;
        for (int i = 0; i < threads; ++i)
            runners.emplace_back([&] { context.run(); });
        for (std::thread& runner : runners)
            runner.join();
        CHECK(count.good == 64 * 60);
        CHECK(count.bad == 0);
        CHECK(engine.stats().lane_requests < engine.stats().lane_reads);
    }
}

TEST_CASE("Tasks of other contexts read through an engine, and resume where they were", "[lanes][threads]") {
    Database database{std::string{schema} + setup};
    asio::thread_pool loop{1};
    corm::Engine engine{loop.get_executor(), database.url()};
    Count count;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&, i] {
            asio::io_context own{1};
            const auto me = std::this_thread::get_id();
            for (int task = 0; task < 8; ++task) {
                asio::co_spawn(
                    own,
                    [&, task]() -> corm::Task<> {
                        co_await request(engine, count, i * 8 + task);
                        ++(std::this_thread::get_id() == me ? count.good : count.bad);
                    },
                    asio::detached);
            }
            own.run();
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    loop.join();
    CHECK(count.good == 24 * 61);
    CHECK(count.bad == 0);
}

TEST_CASE("Sessions that are destroyed on other threads while they read", "[lanes][threads]") {
    Database database{std::string{schema} + setup};
    asio::io_context context{2};
    corm::Engine engine{context.get_executor(), database.url()};
    std::atomic<int> ended{0};
    for (int i = 0; i < 200; ++i) {
        auto session = std::make_shared<std::optional<corm::AsyncSession>>(engine.reader());
        asio::co_spawn(
            asio::make_strand(context),
            [&context, session, i]() -> corm::Task<> {
                auto operation = (*session)->get<User>(i + 1);
                asio::post(context, [session] { session->reset(); });
                co_await std::move(operation);
            },
            [&ended](std::exception_ptr) { ++ended; });
    }
    std::thread other{[&] { context.run(); }};
    context.run();
    other.join();
    CHECK(ended == 200);
}
