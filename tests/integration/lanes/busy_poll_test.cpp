// A loop that polls before it sleeps.
#include "lanes.hpp"

#include <corm/busy_poll.hpp>

#include <boost/asio/steady_timer.hpp>

#include <thread>

using namespace lanes_test;
namespace asio = boost::asio;

TEST_CASE("A loop that polls runs all that there is, and ends with it", "[lanes][busy_poll]") {
    Database database{std::string{schema} + setup};
    for (const auto spin : {std::chrono::microseconds{0}, std::chrono::microseconds{100}}) {
        asio::io_context context{1};
        corm::Engine engine{context.get_executor(), database.url()};
        int read = 0;
        asio::co_spawn(
            context,
            [&]() -> corm::Task<> {
                for (int key = 1; key <= 50; ++key) {
                    corm::AsyncSession session = engine.reader();
                    const auto user = co_await session.get_one<User>(key);
                    read += user->age == key ? 1 : 0;
                }
                // Longer than it polls.
                asio::steady_timer timer{context, std::chrono::milliseconds{3}};
                co_await timer.async_wait(asio::use_awaitable);
            },
            asio::detached);
        CHECK(corm::run_busy(context, spin) > 50);
        CHECK(read == 50);
        CHECK(context.stopped());
        CHECK(corm::run_busy(context, spin) == 0); // stopped, until it is restarted
    }
}

TEST_CASE("Several threads may run a context, polling or not", "[lanes][busy_poll]") {
    asio::io_context context;
    std::atomic<int> ran{0};
    auto work = asio::make_work_guard(context);
    std::thread polling{[&] { corm::run_busy(context, std::chrono::microseconds{50}); }};
    std::thread sleeping{[&] { context.run(); }};
    for (int i = 0; i < 1000; ++i) {
        asio::post(context, [&] {
            if (++ran == 1000)
                work.reset();
        });
    }
    polling.join();
    sleeping.join();
    CHECK(ran == 1000);
}
