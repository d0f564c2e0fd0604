// Options of a read by key: get<User>(id, for_update, nowait, within(2s)).
#pragma once

#include <corm/base/clock.hpp>
#include <corm/sql/lock.hpp>

#include <concepts>
#include <optional>
#include <type_traits>

namespace corm::query {

struct LockOption {
    sql::LockMode mode;
};
struct WaitOption {
    sql::LockWait wait;
};
struct WithinOption {
    Duration within;
};
struct PopulateExistingOption {};

/// Lock the row until the end of the transaction. A locking read fetches the row anew.
inline constexpr LockOption for_update{sql::LockMode::update};
/// As `for_update`, but others may still insert rows that refer to this one: for changes that leave the key alone.
inline constexpr LockOption for_no_key_update{sql::LockMode::no_key_update};
/// Others may read and share the lock, and change nothing.
inline constexpr LockOption for_share{sql::LockMode::share};
/// Others may change anything but the key.
inline constexpr LockOption for_key_share{sql::LockMode::key_share};
/// With a lock: do not wait for a lock that is taken, fail at once with SQLSTATE 55P03.
inline constexpr WaitOption nowait{sql::LockWait::nowait};
/// With a lock: a row whose lock is taken counts as not there.
inline constexpr WaitOption skip_locked{sql::LockWait::skip_locked};
/// Overwrite the values of instances that are in the session already, edited ones too.
inline constexpr PopulateExistingOption populate_existing{};
/// The deadline of this call, instead of the session's; `corm::no_deadline` for none.
[[nodiscard]] constexpr WithinOption within(Duration deadline) noexcept {
    return {deadline};
}

/// What the options of one call come to.
struct ReadOptions {
    std::optional<sql::Lock> lock{};
    std::optional<Duration> within{};
    bool populate_existing = false;
};

template <class T>
concept ReadOption = std::same_as<T, LockOption> || std::same_as<T, WaitOption> || std::same_as<T, WithinOption> ||
                     std::same_as<T, PopulateExistingOption>;

namespace detail {

inline void apply(ReadOptions& to, LockOption option) {
    to.lock = sql::Lock{option.mode, to.lock ? to.lock->wait : sql::LockWait::block, {}};
}
inline void apply(ReadOptions& to, WaitOption option) {
    if (!to.lock)
        to.lock.emplace();
    to.lock->wait = option.wait;
}
inline void apply(ReadOptions& to, WithinOption option) {
    to.within = option.within;
}
inline void apply(ReadOptions& to, PopulateExistingOption) {
    to.populate_existing = true;
}

template <class Option, class... Options>
inline constexpr int count_of = (int{std::same_as<Option, Options>} + ... + 0);

} // namespace detail

/// Puts options together, in any order.
template <ReadOption... Options>
[[nodiscard]] ReadOptions read_options(const Options&... options) {
    static_assert(detail::count_of<LockOption, Options...> <= 1, "corm: give one lock, the strongest that is needed");
    static_assert(detail::count_of<WaitOption, Options...> <= 1, "corm: give either nowait or skip_locked");
    static_assert(detail::count_of<WaitOption, Options...> <= detail::count_of<LockOption, Options...>,
                  "corm: nowait and skip_locked need a lock, such as corm::for_update");
    ReadOptions all;
    (detail::apply(all, options), ...);
    return all;
}

} // namespace corm::query
