// Dates beyond the years of <chrono>, and how the server writes dates and times. Private to this layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace corm::types {

inline constexpr std::int64_t day_length = 86'400'000'000; // microseconds

/// A date of the proleptic Gregorian calendar.
struct Civil {
    std::int64_t year; // astronomical: 0 is 1 BC
    unsigned month;
    unsigned day;

    [[nodiscard]] bool is_before_christ() const noexcept { return year <= 0; }
};

[[nodiscard]] constexpr std::int64_t floor_divide(std::int64_t value, std::int64_t by) noexcept {
    return value / by - (value % by < 0 ? 1 : 0);
}

/// The date of a day counted from 1970.
[[nodiscard]] Civil civil_from_days(std::int64_t days) noexcept;

/// At least `width` digits.
void put_padded(std::string& out, std::int64_t value, std::size_t width);
/// `2024-02-29`; years before Christ without the BC that belongs at the very end.
void put_date(std::string& out, const Civil& date);
/// `13:04:05.678901`, of microseconds that are not negative; hours go beyond 24.
void put_clock(std::string& out, std::int64_t microseconds);

} // namespace corm::types
