// Subscriptions on a context that several threads run.
#include "events.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <memory>
#include <thread>

using namespace events_test;
namespace asio = boost::asio;

TEST_CASE("Many tasks listen and notify on several threads", "[events][threads]") {
    constexpr int tasks = 8, rounds = 25;
    const Database database;
    asio::io_context context{4};
    std::atomic<int> listening{0}, heard{0}, out_of_order{0}, failed{0};
    {
        corm::Engine engine{context.get_executor(), database.url(), {.pool = {.max_size = 4}}};
        const auto task = [&](int number) -> corm::Task<> {
            std::optional<corm::Subscription> all =
                co_await engine.listen({"common", "of task " + std::to_string(number)});
            ++listening;
            asio::steady_timer timer{co_await asio::this_coro::executor};
            while (listening < tasks) {
                timer.expires_after(1ms);
                co_await timer.async_wait(asio::use_awaitable);
            }
            std::vector<int> last(tasks, -1);
            for (int round = 0; round < rounds; ++round) {
                corm::AsyncSession session{engine};
                co_await session.notify("common", std::to_string(number) + " " + std::to_string(round));
                co_await session.commit();
                // Others come and go meanwhile.
                const corm::Subscription passing = co_await engine.listen("round " + std::to_string(round));
                while (last[static_cast<std::size_t>(number)] < round) {
                    const corm::Event event = co_await all->next();
                    const std::string& payload = std::get<corm::Notification>(event).payload;
                    const std::size_t from = std::stoul(payload);
                    const int its_round = std::stoi(payload.substr(payload.find(' ')));
                    if (last[from] + 1 != its_round)
                        ++out_of_order;
                    last[from] = its_round;
                    ++heard;
                }
            }
            while (heard < tasks * tasks * rounds) {
                const auto event = co_await all->next_within(5ms);
                if (event)
                    ++heard;
            }
        };
        for (int number = 0; number < tasks; ++number)
            asio::co_spawn(context, task(number), [&](std::exception_ptr error) { failed += error ? 1 : 0; });
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] { context.run(); });
        for (std::thread& each : threads)
            each.join();
        CHECK(engine.stats().listening == 0);
    }
    CHECK(failed == 0);
    CHECK(out_of_order == 0);
    CHECK(heard == tasks * tasks * rounds);
}

TEST_CASE("Subscriptions are cancelled, destroyed and cut on one thread while others run the loop",
          "[events][threads]") {
    const Database database;
    asio::io_context context{3};
    std::atomic<int> ended{0};
    constexpr int rounds = 30;
    {
        corm::Engine engine{context.get_executor(), database.url()};
        auto work = asio::make_work_guard(context);
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i)
            threads.emplace_back([&] { context.run(); });
        const auto listen = [&]() -> corm::Task<> {
            const corm::Subscription jobs = co_await engine.listen("jobs");
            for (;;)
                co_await jobs.next();
        };
        for (int round = 0; round < rounds; ++round) {
            const auto signal = std::make_shared<asio::cancellation_signal>();
            auto strand = asio::make_strand(context);
            const int before = ended;
            asio::co_spawn(
                strand, listen(),
                asio::bind_cancellation_slot(signal->slot(), asio::bind_executor(strand, [&](auto) { ++ended; })));
            if (round % 3 == 0)
                database.query("select count(pg_terminate_backend(pid)) " + listeners);
            database.query("notify jobs");
            while (ended == before)
                asio::post(strand, [signal] { signal->emit(asio::cancellation_type::terminal); });
        }
        work.reset();
        for (std::thread& each : threads)
            each.join();
    }
    CHECK(ended == rounds);
}
