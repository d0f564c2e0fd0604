// Running coroutines to their end from a test.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

namespace corm::test {

/// Runs a coroutine, and all that it starts on the context, to the end; rethrows what it throws.
template <class Context, class Coroutine>
void run_coroutine(Context& context, Coroutine coroutine) {
    std::exception_ptr error;
    boost::asio::co_spawn(context, std::move(coroutine), [&error](std::exception_ptr thrown) { error = thrown; });
    context.restart();
    context.run();
    if (error)
        std::rethrow_exception(error);
}

/// What an operation throws; null if it succeeds.
template <class Result>
boost::asio::awaitable<std::exception_ptr> failure(boost::asio::awaitable<Result> operation) {
    try {
        static_cast<void>(co_await std::move(operation));
    } catch (...) {
        co_return std::current_exception();
    }
    co_return nullptr;
}

} // namespace corm::test
