// What the tests of subscriptions and advisory locks share.
#pragma once

#include "integration/orm/fixture.hpp"
#include "support/caught.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <exception>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace events_test {

using namespace corm::test;
using namespace std::chrono_literals;

/// Comes back to the loop until the condition holds; fails the test if it does not within twenty seconds.
template <class Condition>
corm::Task<> until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
    while (!condition()) {
        REQUIRE(std::chrono::steady_clock::now() < end);
        timer.expires_after(1ms);
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
}

inline constexpr std::array cancellations{boost::asio::cancellation_type::terminal,
                                          boost::asio::cancellation_type::partial,
                                          boost::asio::cancellation_type::total};

/// Runs beside the test, and accepts every kind of cancellation.
class Beside {
public:
    template <class Wait>
    Beside(TimedContext& context, Wait wait) {
        boost::asio::co_spawn(context, run(std::move(wait)),
                              boost::asio::bind_cancellation_slot(
                                  signal_.slot(), [this](std::exception_ptr error) { error_ = std::move(error); }));
    }
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;

    void cancel(boost::asio::cancellation_type type) { signal_.emit(type); }
    /// What it ended with; null as long as it runs.
    [[nodiscard]] const std::exception_ptr& error() const noexcept { return error_; }

private:
    template <class Wait>
    static corm::Task<> run(Wait wait) {
        co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_total_cancellation());
        co_await wait();
    }

    boost::asio::cancellation_signal signal_;
    std::exception_ptr error_;
};

inline boost::system::error_code code_of(const std::exception_ptr& error) {
    return caught<boost::system::system_error>(error).code();
}

/// By a connection beside the code under test.
inline void notify_beside(const Database& database, const std::string& channel, const std::string& payload) {
    database.query("select pg_notify('" + channel + "', '" + payload + "')");
}

/// An event as a text: "channel: payload", or "gap", with "reconnected" or the number that was dropped.
inline std::string text_of(const corm::Event& event) {
    if (const auto* notification = std::get_if<corm::Notification>(&event))
        return notification->channel + ": " + notification->payload;
    const corm::Gap& gap = std::get<corm::Gap>(event);
    std::string text = "gap";
    if (gap.reconnected)
        text += " reconnected";
    if (gap.dropped != 0)
        text += " " + std::to_string(gap.dropped);
    return text;
}

inline corm::Task<std::string> next_text(const corm::Subscription& subscription) {
    const auto event = co_await subscription.next_within(20s);
    co_return event ? text_of(*event) : "nothing";
}

inline corm::Task<std::vector<std::string>> next_texts(const corm::Subscription& subscription, std::size_t count) {
    std::vector<std::string> texts;
    while (texts.size() < count)
        texts.push_back(co_await next_text(subscription));
    co_return texts;
}

inline const std::string listeners =
    "from pg_stat_activity where datname = current_database() and query like 'LISTEN %' and pid <> pg_backend_pid()";
inline const std::string advisory_locks =
    "from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = "
    "current_database())";

} // namespace events_test
