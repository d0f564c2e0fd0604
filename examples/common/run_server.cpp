#include "run_server.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <thread>
#include <utility>
#include <vector>

namespace examples {

void run_server(boost::asio::io_context& context, boost::asio::awaitable<void> program, std::int64_t threads) {
    std::exception_ptr failure;
    boost::asio::co_spawn(context, std::move(program), [&](std::exception_ptr error) {
        failure = error;
        if (error)
            context.stop();
    });
    std::vector<std::jthread> others;
    for (std::int64_t i = 1; i < threads; ++i)
        others.emplace_back([&context] { context.run(); });
    context.run();
    others.clear();
    if (failure)
        std::rethrow_exception(failure);
}

} // namespace examples
