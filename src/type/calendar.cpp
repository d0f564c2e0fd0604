#include "type/calendar.hpp"

namespace corm::types {

// <chrono> stops at the year 32767. Years are taken to begin in March, so that the leap day is the last of its year;
// 146,097 days make 400 years.
Civil civil_from_days(std::int64_t days) noexcept {
    const std::int64_t shifted = days + 719468; // from 0000-03-01
    const std::int64_t era = floor_divide(shifted, 146097);
    const std::int64_t day_of_era = shifted - era * 146097;
    const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t march_month = (5 * day_of_year + 2) / 153; // 0 is March
    const auto day = static_cast<unsigned>(day_of_year - (153 * march_month + 2) / 5 + 1);
    const auto month = static_cast<unsigned>(march_month < 10 ? march_month + 3 : march_month - 9);
    return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day};
}

void put_padded(std::string& out, std::int64_t value, std::size_t width) {
    const std::string digits = std::to_string(value);
    if (digits.size() < width)
        out.append(width - digits.size(), '0');
    out += digits;
}

void put_date(std::string& out, const Civil& date) {
    put_padded(out, date.is_before_christ() ? 1 - date.year : date.year, 4);
    out.push_back('-');
    put_padded(out, date.month, 2);
    out.push_back('-');
    put_padded(out, date.day, 2);
}

void put_clock(std::string& out, std::int64_t microseconds) {
    const std::int64_t seconds = microseconds / 1'000'000;
    put_padded(out, seconds / 3600, 2);
    out.push_back(':');
    put_padded(out, seconds / 60 % 60, 2);
    out.push_back(':');
    put_padded(out, seconds % 60, 2);
    out.push_back('.');
    put_padded(out, microseconds % 1'000'000, 6);
}

} // namespace corm::types
