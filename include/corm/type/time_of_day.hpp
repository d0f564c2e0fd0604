// TimeOfDay, and its codec.
#pragma once

#include <corm/type/codec.hpp>
#include <corm/type/oid.hpp>

#include <chrono>
#include <compare>
#include <type_traits>

namespace corm::types {

namespace detail {
[[noreturn]] void throw_no_time_of_day();
} // namespace detail

/// A time on a clock, without date and zone: what a `time` column holds. From 00:00 to 24:00, which is a value of its
/// own, greater than all others. Default-constructed it is midnight.
///
/// There is no type for `timetz`: a zone offset without a date names no moment.
class TimeOfDay {
public:
    constexpr TimeOfDay() noexcept = default;
    /// `TimeOfDay{8h + 30min}`. Throws `ConversionError` for a negative duration and for more than 24 hours.
    template <class Rep, class Period>
        requires std::is_convertible_v<std::chrono::duration<Rep, Period>, std::chrono::microseconds>
    constexpr explicit TimeOfDay(std::chrono::duration<Rep, Period> since_midnight) {
        using Given = std::chrono::duration<Rep, Period>;
        if (since_midnight < Given::zero() || since_midnight > std::chrono::hours{24})
            detail::throw_no_time_of_day();
        since_midnight_ = since_midnight;
    }
    template <class Duration>
    constexpr explicit TimeOfDay(const std::chrono::hh_mm_ss<Duration>& time) : TimeOfDay(time.to_duration()) {}

    /// To split into hours, minutes and seconds: `std::chrono::hh_mm_ss{time.since_midnight()}`.
    [[nodiscard]] constexpr std::chrono::microseconds since_midnight() const noexcept { return since_midnight_; }

    friend constexpr bool operator==(const TimeOfDay&, const TimeOfDay&) noexcept = default;
    friend constexpr auto operator<=>(const TimeOfDay& left, const TimeOfDay& right) noexcept {
        return left.since_midnight_.count() <=> right.since_midnight_.count();
    }

private:
    std::chrono::microseconds since_midnight_{0};
};

/// Reads `time` columns only.
template <>
struct Codec<TimeOfDay> {
    static constexpr Oid oid = oids::time;
    static constexpr Oid array_oid = oids::time_array;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept { return "time"; }
    static void encode(const TimeOfDay& value, std::string& out);
    static void decode(const FieldView& field, TimeOfDay& target);
    static void literal(const TimeOfDay& value, std::string& out);
    static bool same(const TimeOfDay& left, const TimeOfDay& right) noexcept { return left == right; }
};

} // namespace corm::types
