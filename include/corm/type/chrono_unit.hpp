// The units of <chrono> that a column of microseconds can take without loss.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <ratio>
#include <string_view>
#include <type_traits>

namespace corm::types::detail {

template <class Duration>
struct DurationRatio : std::false_type {};
template <std::signed_integral Rep, class Period>
    requires(sizeof(Rep) <= sizeof(std::int64_t))
struct DurationRatio<std::chrono::duration<Rep, Period>> : std::true_type {
    using In = std::ratio_divide<Period, std::micro>;
};

/// A duration that counts whole microseconds by signed integers of at most 64 bits.
template <class Duration>
concept WholeMicroseconds = DurationRatio<Duration>::value && DurationRatio<Duration>::In::den == 1;

template <WholeMicroseconds Duration>
inline constexpr std::int64_t microseconds_in = DurationRatio<Duration>::In::num;

/// Units of a clock: microseconds to hours. Days and what they make up belong to the calendar.
template <class Duration>
concept ClockUnit =
    WholeMicroseconds<Duration> && std::ratio_less_v<typename Duration::period, std::chrono::days::period>;

/// `count * unit`. Throws `ConversionError` when 64 bits do not hold it.
[[nodiscard]] std::int64_t scale_count(std::int64_t count, std::int64_t unit, std::string_view sql_type);
/// `microseconds / unit`. Throws `ConversionError` unless that is a whole number from `least` to `most`.
[[nodiscard]] std::int64_t whole_units(std::int64_t microseconds, std::int64_t unit, std::int64_t least,
                                       std::int64_t most);

template <ClockUnit Duration>
[[nodiscard]] std::chrono::microseconds to_microseconds(const Duration& value, std::string_view sql_type) {
    return std::chrono::microseconds{scale_count(value.count(), microseconds_in<Duration>, sql_type)};
}

template <ClockUnit Duration>
[[nodiscard]] Duration from_microseconds(std::chrono::microseconds value) {
    using Count = std::numeric_limits<typename Duration::rep>;
    return Duration{static_cast<typename Duration::rep>(
        whole_units(value.count(), microseconds_in<Duration>, Count::min(), Count::max()))};
}

} // namespace corm::types::detail
