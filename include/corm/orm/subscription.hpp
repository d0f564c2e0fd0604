// What Engine::listen returns.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/orm/engine.hpp>
#include <corm/pool/events.hpp>
#include <corm/wire/task.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corm::orm {

namespace detail {
struct SubscriptionState;
}

/// Names of channels, as they are: `engine.listen("jobs")`, `engine.listen({"jobs", "news"})`, or a vector of strings.
class Channels {
public:
    // No initializer_list: g++ 12 knows none in the frame of a coroutine.
    template <std::convertible_to<std::string_view>... Names>
        requires(sizeof...(Names) > 0)
    Channels(const Names&... names) { // NOLINT: a name is a channel
        names_.reserve(sizeof...(names));
        (names_.emplace_back(std::string_view{names}), ...);
    }
    Channels(std::vector<std::string> names) noexcept : names_(std::move(names)) {} // NOLINT: as above

    [[nodiscard]] std::vector<std::string>& names() noexcept { return names_; }

private:
    std::vector<std::string> names_;
};

/// Hears the notifications of its channels, in the order of their commits:
///
/// ```cpp
/// corm::Subscription jobs = co_await engine.listen("jobs");
/// co_await read_all_jobs();                                  // nothing can be missed from here on
/// for (;;) {
///     const corm::Event event = co_await jobs.next();
///     if (const auto* notification = std::get_if<corm::Notification>(&event))
///         co_await read_job(notification->payload);
///     else
///         co_await read_all_jobs();                          // a corm::Gap: something may have been missed
/// }
/// ```
///
/// A lost connection is no error: it is made anew for as long as it takes, with pauses of up to about a second, and a
/// `Gap` stands where notifications may be missing, as it does where more came than `ListenOptions::queue`. What has
/// arrived before is read first.
///
/// Movable. One `next` at a time (`ConcurrentUseError`), by any thread; destroying it ends one that waits, with
/// `operation_aborted`, and stops listening, without waiting for the server. A subscription keeps `io_context::run`
/// from returning while it is connected. It may outlive its engine, whose end or shutdown ends it: what has arrived can
/// be read, and behind that `next` throws `ConnectionError`, as it does when the server refuses user or database.
///
/// Cancellation of `next`: every type, at any time. No event is lost by it, and the subscription goes on.
class Subscription {
public:
    explicit Subscription(std::shared_ptr<detail::SubscriptionState> state) noexcept;
    Subscription(Subscription&&) noexcept;
    Subscription& operator=(Subscription&&) noexcept;
    ~Subscription();

    /// The next event, for however long it takes to come. No I/O of its own.
    [[nodiscard]] Task<pool::Event> next(std::source_location where = std::source_location::current()) const;
    /// The same; empty when none has come in this time.
    [[nodiscard]] Task<std::optional<pool::Event>>
    next_within(Duration time, std::source_location where = std::source_location::current()) const;
    /// What has arrived already.
    [[nodiscard]] std::optional<pool::Event>
    try_next(std::source_location where = std::source_location::current()) const;

    /// The server listens, as far as is known; false while the connection is made anew, and once it has ended.
    [[nodiscard]] bool is_listening() const noexcept;

private:
    std::shared_ptr<detail::SubscriptionState> state_;
};

} // namespace corm::orm
