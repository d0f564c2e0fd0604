// Interval, and the codecs of interval columns.
#pragma once

#include <corm/type/chrono_unit.hpp>
#include <corm/type/codec.hpp>
#include <corm/type/oid.hpp>

#include <chrono>
#include <cstdint>
#include <limits>

namespace corm::types {

/// A span of time as PostgreSQL keeps it, in three parts: how many days a month has and how long a day is depends on
/// the date it is added to.
///
/// Equality compares the parts: `Interval{.months = 1}` and `Interval{.days = 30}` differ, although the server's `=`
/// takes them for equal. There is no order: that is the server's, in the query.
struct Interval {
    std::int32_t months = 0;
    std::int32_t days = 0;
    std::chrono::microseconds time{0};

    /// Exactly `span`: years and months count as months, weeks and days as days, anything shorter as time. Throws
    /// `ConversionError` when the part cannot hold it.
    template <class Rep, class Period>
    [[nodiscard]] static Interval from(std::chrono::duration<Rep, Period> span);
    /// Throws `ConversionError` when there are months or days, which have no fixed length.
    [[nodiscard]] std::chrono::microseconds to_duration() const;

    friend constexpr bool operator==(const Interval&, const Interval&) noexcept = default;
};

/// Reads interval columns only. Infinite intervals (PostgreSQL 17) are `ConversionError`, both ways.
template <>
struct Codec<Interval> {
    static constexpr Oid oid = oids::interval;
    static constexpr Oid array_oid = oids::interval_array;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept { return "interval"; }
    static void encode(const Interval& value, std::string& out);
    static void decode(const FieldView& field, Interval& target);
    static void literal(const Interval& value, std::string& out);
    static bool same(const Interval& left, const Interval& right) noexcept { return left == right; }
};

namespace detail {

/// Stands in for the durations that are refused. The assertion sits in a body, so that concepts see a codec and the
/// sentence is the only message; the functions without a body are never reached.
template <class Duration>
struct DurationCodec {
    static constexpr Oid oid = 0;
    static constexpr Oid array_oid = 0;
    static constexpr Format format = Format::binary;
    static std::string_view sql_type() {
        static_assert(ClockUnit<Duration>,
                      "corm: this duration is no column type: PostgreSQL counts whole microseconds, and its days and "
                      "months have no fixed length; use std::chrono::microseconds or corm::types::Interval");
        return {};
    }
    static void encode(const Duration& value, std::string& out);
    static void decode(const FieldView& field, Duration& target);
    static void literal(const Duration& value, std::string& out);
    static bool same(const Duration& left, const Duration& right);
};

template <ClockUnit Duration>
struct DurationCodec<Duration> {
    static constexpr Oid oid = oids::interval;
    static constexpr Oid array_oid = oids::interval_array;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept { return "interval"; }
    static void encode(const Duration& value, std::string& out) { Codec<Interval>::encode(widened(value), out); }
    static void decode(const FieldView& field, Duration& target) {
        Interval interval;
        Codec<Interval>::decode(field, interval);
        target = from_microseconds<Duration>(interval.to_duration());
    }
    static void literal(const Duration& value, std::string& out) { Codec<Interval>::literal(widened(value), out); }
    static bool same(const Duration& left, const Duration& right) noexcept { return left == right; }

private:
    static Interval widened(const Duration& value) { return {0, 0, to_microseconds(value, sql_type())}; }
};

/// Throws `ConversionError` unless the part of an interval that holds it does.
[[nodiscard]] std::int32_t interval_part(std::int64_t count, std::int64_t unit);

} // namespace detail

/// `std::chrono::microseconds` to `std::chrono::hours`: an interval of time alone. One with months or days, or with a
/// fraction of the unit, is a `ConversionError` on reading.
template <class Rep, class Period>
struct Codec<std::chrono::duration<Rep, Period>> : detail::DurationCodec<std::chrono::duration<Rep, Period>> {};

template <class Rep, class Period>
Interval Interval::from(std::chrono::duration<Rep, Period> span) {
    using Given = std::chrono::duration<Rep, Period>;
    static_assert(detail::WholeMicroseconds<Given>,
                  "corm: this duration is no interval: PostgreSQL counts whole microseconds; convert it by "
                  "std::chrono::floor<std::chrono::microseconds>");
    if constexpr (detail::WholeMicroseconds<Given>) {
        using Months = std::ratio_divide<Period, std::chrono::months::period>;
        using Days = std::ratio_divide<Period, std::chrono::days::period>;
        if constexpr (Months::den == 1)
            return {detail::interval_part(span.count(), Months::num), 0, {}};
        else if constexpr (Days::den == 1)
            return {0, detail::interval_part(span.count(), Days::num), {}};
        else
            return {0, 0,
                    std::chrono::microseconds{
                        detail::scale_count(span.count(), detail::microseconds_in<Given>, "interval")}};
    } else {
        return {};
    }
}

} // namespace corm::types
