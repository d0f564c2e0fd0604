// Stops an operation at each of its suspensions in turn.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

namespace corm::test {

/// Which cancellation types the awaiting coroutine lets through; by default coroutines know terminal only.
enum class Accepts { terminal, everything };

/// A coroutine that runs on a context which nobody else runs, one handler at a time. Between two handlers it is
/// suspended: that is a point. Not thread-safe. What the operation refers to must outlive the context.
class SteppedOperation {
public:
    SteppedOperation(boost::asio::io_context& context, boost::asio::awaitable<void> operation, Accepts accepts)
        : context_(context), state_(std::make_shared<State>()) {
        boost::asio::co_spawn(context, watch(std::move(operation), state_, accepts), Done{state_});
    }

    /// The operation has returned or thrown.
    [[nodiscard]] bool finished() const noexcept { return state_->finished; }
    /// What it threw; null while it runs and when it succeeded.
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return state_->error; }

    /// Not before the first step: Asio throws out of `run` for coroutines that are cancelled before they begin.
    void cancel(boost::asio::cancellation_type type) { state_->signal.emit(type); }

    /// Goes to the next point: runs one handler, waiting for it if need be. If there is none and `unblock` is given,
    /// calls that instead and forgets it. Throws when nothing happens for ten seconds.
    void step(std::function<void()>& unblock) {
        const auto work = boost::asio::make_work_guard(context_);
        context_.restart();
        if (context_.poll_one() != 0)
            return;
        if (unblock) {
            std::exchange(unblock, nullptr)();
            return;
        }
        if (context_.run_one_for(std::chrono::seconds{10}) == 0)
            throw std::runtime_error("an operation was not called back within ten seconds");
    }

    /// Steps to the end.
    void run(std::function<void()>& unblock) {
        while (!finished())
            step(unblock);
    }

private:
    struct State {
        boost::asio::cancellation_signal signal;
        std::exception_ptr error;
        bool finished = false;
    };

    /// A handler without an executor, so that `co_spawn` passes a cancellation on at once. With one it posts it, and
    /// the point would be another.
    struct Done {
        using cancellation_slot_type = boost::asio::cancellation_slot;
        [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return state->signal.slot(); }
        void operator()(const std::exception_ptr&) const noexcept {}
        std::shared_ptr<State> state;
    };

    static boost::asio::awaitable<void> watch(boost::asio::awaitable<void> operation, std::shared_ptr<State> state,
                                              Accepts accepts) {
        if (accepts == Accepts::everything)
            co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_total_cancellation());
        try {
            co_await std::move(operation);
        } catch (...) {
            state->error = std::current_exception();
        }
        state->finished = true;
    }

    boost::asio::io_context& context_;
    std::shared_ptr<State> state_;
};

/// Runs the context until `condition` holds; false if it does not within `limit`.
template <class Condition>
[[nodiscard]] bool run_until(boost::asio::io_context& context, std::chrono::milliseconds limit, Condition condition) {
    const auto work = boost::asio::make_work_guard(context);
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        context.restart();
        context.run_one_for(std::chrono::milliseconds{5});
    }
    return true;
}

} // namespace corm::test
