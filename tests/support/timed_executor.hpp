// How long the functions run that an executor is given: whoever shares its loop waits for so long.
#pragma once

#include "support/blocked_time.hpp"
#include "support/processor_wait.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <algorithm>
#include <chrono>
#include <thread>
#include <type_traits>
#include <utility>

namespace corm::test {

/// The longest of the functions that a thread has run: the one that makes it, others are not measured. What the thread
/// has waited for a processor is left out, and what the test itself has waited for (`BlockedTime`).
class LongestTurn {
public:
    using Time = std::chrono::nanoseconds;

    template <class Function>
    void run(Function& function) {
        if (std::this_thread::get_id() != thread_) {
            std::move(function)();
            return;
        }
        const auto begun = std::chrono::steady_clock::now();
        const Time waited = wait_() + BlockedTime::total();
        std::move(function)();
        const Time own = std::chrono::steady_clock::now() - begun - (wait_() + BlockedTime::total() - waited);
        longest_ = std::max(longest_, own);
    }
    [[nodiscard]] Time longest() const noexcept { return longest_; }

private:
    std::thread::id thread_ = std::this_thread::get_id();
    ProcessorWait wait_;
    Time longest_{0};
};

/// Hands functions on to another executor, and measures them there.
template <class Inner>
class TimedExecutor {
public:
    TimedExecutor(Inner inner, LongestTurn& turns) noexcept : inner_(std::move(inner)), turns_(&turns) {}

    friend bool operator==(const TimedExecutor& left, const TimedExecutor& right) noexcept {
        return left.inner_ == right.inner_;
    }
    template <class Property>
        requires boost::asio::can_query_v<const Inner&, Property>
    [[nodiscard]] decltype(auto) query(const Property& property) const noexcept {
        return boost::asio::query(inner_, property);
    }
    template <class Property>
        requires boost::asio::can_require_v<const Inner&, Property>
    [[nodiscard]] auto require(const Property& property) const {
        using Required = std::decay_t<decltype(boost::asio::require(inner_, property))>;
        return TimedExecutor<Required>{boost::asio::require(inner_, property), *turns_};
    }
    template <class Property>
        requires boost::asio::can_prefer_v<const Inner&, Property>
    [[nodiscard]] auto prefer(const Property& property) const {
        using Preferred = std::decay_t<decltype(boost::asio::prefer(inner_, property))>;
        return TimedExecutor<Preferred>{boost::asio::prefer(inner_, property), *turns_};
    }
    template <class Function>
    void execute(Function&& function) const {
        inner_.execute(
            [function = std::forward<Function>(function), turns = turns_]() mutable { turns->run(function); });
    }

private:
    Inner inner_;
    LongestTurn* turns_;
};

/// A loop whose turns are timed, whoever asks for them: the code under test and the coroutines of the test.
class TimedContext : public boost::asio::io_context {
public:
    using executor_type = TimedExecutor<boost::asio::io_context::executor_type>;

    [[nodiscard]] executor_type get_executor() noexcept { return {io_context::get_executor(), turns_}; }
    [[nodiscard]] LongestTurn::Time longest_turn() const noexcept { return turns_.longest(); }

private:
    LongestTurn turns_;
};

} // namespace corm::test
