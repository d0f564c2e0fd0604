// Codecs of date, timestamp and timestamptz for the types of <chrono>.
#pragma once

#include <corm/type/chrono_unit.hpp>
#include <corm/type/codec.hpp>
#include <corm/type/oid.hpp>

#include <chrono>

namespace corm::types {

/// A moment: what a timestamptz column holds.
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;
/// Calendar date and time of day without a zone: what a timestamp column holds.
using LocalTimestamp = std::chrono::local_time<std::chrono::microseconds>;

namespace detail {

/// What the codecs of this header share. Reads columns of its own type only: date, timestamp and timestamptz do not
/// convert into each other without a time zone. Infinity, and values that one side cannot hold, are `ConversionError`.
template <class T, Oid type_oid, Oid type_array_oid>
struct TemporalCodec {
    static constexpr Oid oid = type_oid;
    static constexpr Oid array_oid = type_array_oid;
    static constexpr Format format = Format::binary;
    static bool same(const T& left, const T& right) noexcept { return left == right; }
};

} // namespace detail

/// 4714-11-24 BC to 5874897-12-31.
template <>
struct Codec<std::chrono::sys_days> : detail::TemporalCodec<std::chrono::sys_days, oids::date, oids::date_array> {
    static constexpr std::string_view sql_type() noexcept { return "date"; }
    static void encode(const std::chrono::sys_days& value, std::string& out);
    static void decode(const FieldView& field, std::chrono::sys_days& target);
    static void literal(const std::chrono::sys_days& value, std::string& out);
};

/// As `sys_days`: a date has no zone.
template <>
struct Codec<std::chrono::local_days> : detail::TemporalCodec<std::chrono::local_days, oids::date, oids::date_array> {
    static constexpr std::string_view sql_type() noexcept { return "date"; }
    static void encode(const std::chrono::local_days& value, std::string& out);
    static void decode(const FieldView& field, std::chrono::local_days& target);
    static void literal(const std::chrono::local_days& value, std::string& out);
};

/// 4714-11-24 BC to the year 32767, the last of <chrono>. A date that is not `ok()` is refused before it is sent.
template <>
struct Codec<std::chrono::year_month_day>
    : detail::TemporalCodec<std::chrono::year_month_day, oids::date, oids::date_array> {
    static constexpr std::string_view sql_type() noexcept { return "date"; }
    static void encode(const std::chrono::year_month_day& value, std::string& out);
    static void decode(const FieldView& field, std::chrono::year_month_day& target);
    static void literal(const std::chrono::year_month_day& value, std::string& out);
};

/// 4714-11-24 BC to 294247-01-10, the last microsecond of 64 bits.
template <>
struct Codec<Timestamp> : detail::TemporalCodec<Timestamp, oids::timestamptz, oids::timestamptz_array> {
    static constexpr std::string_view sql_type() noexcept { return "timestamptz"; }
    static void encode(const Timestamp& value, std::string& out);
    static void decode(const FieldView& field, Timestamp& target);
    static void literal(const Timestamp& value, std::string& out);
};

/// 4714-11-24 BC to 294247-01-10, the last microsecond of 64 bits.
template <>
struct Codec<LocalTimestamp> : detail::TemporalCodec<LocalTimestamp, oids::timestamp, oids::timestamp_array> {
    static constexpr std::string_view sql_type() noexcept { return "timestamp"; }
    static void encode(const LocalTimestamp& value, std::string& out);
    static void decode(const FieldView& field, LocalTimestamp& target);
    static void literal(const LocalTimestamp& value, std::string& out);
};

namespace detail {

/// Stands in for the time points that are refused, as `DurationCodec` does.
template <class Clock, class Duration>
struct TimePointCodec {
    using Point = std::chrono::time_point<Clock, Duration>;
    static constexpr Oid oid = 0;
    static constexpr Oid array_oid = 0;
    static constexpr Format format = Format::binary;
    static std::string_view sql_type() {
        static_assert(
            ClockUnit<Duration>,
            "corm: this time point is no column type: PostgreSQL counts whole microseconds; use "
            "corm::types::Timestamp or LocalTimestamp, made by std::chrono::floor<std::chrono::microseconds>, "
            "or std::chrono::sys_days for a date");
        return {};
    }
    static void encode(const Point& value, std::string& out);
    static void decode(const FieldView& field, Point& target);
    static void literal(const Point& value, std::string& out);
    static bool same(const Point& left, const Point& right);
};

template <class Clock, ClockUnit Duration>
struct TimePointCodec<Clock, Duration>
    : TemporalCodec<std::chrono::time_point<Clock, Duration>,
                    Codec<std::chrono::time_point<Clock, std::chrono::microseconds>>::oid,
                    Codec<std::chrono::time_point<Clock, std::chrono::microseconds>>::array_oid> {
    using Point = std::chrono::time_point<Clock, Duration>;
    using Stored = std::chrono::time_point<Clock, std::chrono::microseconds>;
    static constexpr std::string_view sql_type() noexcept { return Codec<Stored>::sql_type(); }
    static void encode(const Point& value, std::string& out) { Codec<Stored>::encode(stored(value), out); }
    static void decode(const FieldView& field, Point& target) {
        Stored value;
        Codec<Stored>::decode(field, value);
        target = Point{from_microseconds<Duration>(value.time_since_epoch())};
    }
    static void literal(const Point& value, std::string& out) { Codec<Stored>::literal(stored(value), out); }

private:
    static Stored stored(const Point& value) { return Stored{to_microseconds(value.time_since_epoch(), sql_type())}; }
};

} // namespace detail

/// Moments in coarser units, as `std::chrono::sys_seconds`. One with a fraction of the unit is a `ConversionError` on
/// reading.
template <class Duration>
struct Codec<std::chrono::sys_time<Duration>> : detail::TimePointCodec<std::chrono::system_clock, Duration> {};
template <class Duration>
struct Codec<std::chrono::local_time<Duration>> : detail::TimePointCodec<std::chrono::local_t, Duration> {};

} // namespace corm::types
