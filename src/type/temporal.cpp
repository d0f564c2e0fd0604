#include <corm/type/temporal.hpp>

#include "type/refuse.hpp"
#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>

#include <limits>

namespace corm::types {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

// PostgreSQL counts from 2000-01-01, and keeps dates from 4714-11-24 BC (Julian day 0) to 5874897-12-31 and timestamps
// from there to 294276-12-31 (src/include/datatype/timestamp.h).
constexpr std::int64_t epoch_days = 10957;
constexpr std::int64_t least_date = -2451545;
constexpr std::int64_t most_date = 2147483493 - 2451545;
constexpr std::int64_t day_length = 86'400'000'000; // microseconds
constexpr std::int64_t epoch_microseconds = epoch_days * day_length;
constexpr std::int64_t least_timestamp = least_date * day_length;
constexpr std::int64_t end_timestamp = 9223371331200000000;

struct Civil {
    std::int64_t year; // astronomical: 0 is 1 BC
    unsigned month;
    unsigned day;
};

constexpr std::int64_t floor_divide(std::int64_t value, std::int64_t by) noexcept {
    return value / by - (value % by < 0 ? 1 : 0);
}

// The proleptic Gregorian date of a day counted from 1970. <chrono> stops at the year 32767. Years are taken to begin
// in March, so that the leap day is the last of its year; 146,097 days make 400 years.
constexpr Civil civil_from_days(std::int64_t days) noexcept {
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

bool is_before_christ(const Civil& date) noexcept {
    return date.year <= 0;
}

void put_date(std::string& out, const Civil& date) {
    put_padded(out, is_before_christ(date) ? 1 - date.year : date.year, 4);
    out.push_back('-');
    put_padded(out, date.month, 2);
    out.push_back('-');
    put_padded(out, date.day, 2);
}

// Days since 2000, checked against what the server keeps.
std::int64_t server_days(sys_days value) {
    const std::int64_t since_1970 = value.time_since_epoch().count();
    if (since_1970 < least_date + epoch_days || since_1970 > most_date + epoch_days)
        throw_out_of_range("date, which holds 4714-11-24 BC to 5874897-12-31");
    return since_1970 - epoch_days;
}

sys_days checked_days(const year_month_day& value) {
    if (!value.ok())
        throw ConversionError("a std::chrono::year_month_day that is not ok() is no date");
    return sys_days{value};
}

std::int64_t read_days(const FieldView& field, std::string_view target) {
    if (field.oid != oids::date)
        throw_unreadable(field, target);
    if (field.format == Format::text)
        throw_text_format("date");
    if (field.size != 4)
        throw_malformed("date");
    const auto days = get_big_endian<std::int32_t>(field.data);
    if (days == std::numeric_limits<std::int32_t>::max() || days == std::numeric_limits<std::int32_t>::min())
        throw ConversionError("an infinite date cannot be read into " + std::string{target} +
                              "; filter with isfinite() in the query");
    if (days < least_date || days > most_date)
        throw_malformed("date");
    return days + epoch_days;
}

// Microseconds since 2000, checked against what the server keeps.
std::int64_t server_microseconds(std::int64_t since_1970, std::string_view sql_type) {
    if (since_1970 < least_timestamp + epoch_microseconds)
        throw_out_of_range(std::string{sql_type} + ", which begins at 4714-11-24 BC");
    return since_1970 - epoch_microseconds;
}

std::int64_t read_microseconds(const FieldView& field, Oid own, std::string_view sql_type, std::string_view target) {
    if (field.oid != own)
        throw_unreadable(field, target);
    if (field.format == Format::text)
        throw_text_format(sql_type);
    if (field.size != 8)
        throw_malformed(sql_type);
    const auto value = get_big_endian<std::int64_t>(field.data);
    if (value == std::numeric_limits<std::int64_t>::max() || value == std::numeric_limits<std::int64_t>::min())
        throw ConversionError("an infinite " + std::string{sql_type} + " cannot be read into " + std::string{target} +
                              "; filter with isfinite() in the query");
    if (value < least_timestamp || value >= end_timestamp)
        throw_malformed(sql_type);
    if (value > std::numeric_limits<std::int64_t>::max() - epoch_microseconds)
        throw_out_of_range(target);
    return value + epoch_microseconds;
}

void put_timestamp(std::string& out, std::int64_t since_1970, std::string_view zone) {
    const std::int64_t days = floor_divide(since_1970, day_length);
    const std::int64_t microseconds = since_1970 - days * day_length;
    const std::int64_t seconds = microseconds / 1'000'000;
    const Civil date = civil_from_days(days);
    put_date(out, date);
    out.push_back(' ');
    put_padded(out, seconds / 3600, 2);
    out.push_back(':');
    put_padded(out, seconds / 60 % 60, 2);
    out.push_back(':');
    put_padded(out, seconds % 60, 2);
    out.push_back('.');
    put_padded(out, microseconds % 1'000'000, 6);
    out += zone;
    if (is_before_christ(date))
        out += " BC";
}

constexpr std::string_view sys_days_name = "std::chrono::sys_days";
constexpr std::string_view ymd_name = "std::chrono::year_month_day";
constexpr std::string_view sys_time_name = "std::chrono::sys_time<std::chrono::microseconds>";
constexpr std::string_view local_time_name = "std::chrono::local_time<std::chrono::microseconds>";

} // namespace

void Codec<sys_days>::encode(const sys_days& value, std::string& out) {
    put_int32(out, static_cast<std::int32_t>(server_days(value)));
}

void Codec<sys_days>::decode(const FieldView& field, sys_days& target) {
    target = sys_days{std::chrono::days{read_days(field, sys_days_name)}};
}

void Codec<sys_days>::literal(const sys_days& value, std::string& out) {
    const Civil date = civil_from_days(server_days(value) + epoch_days);
    put_date(out, date);
    if (is_before_christ(date))
        out += " BC";
}

void Codec<year_month_day>::encode(const year_month_day& value, std::string& out) {
    Codec<sys_days>::encode(checked_days(value), out);
}

void Codec<year_month_day>::decode(const FieldView& field, year_month_day& target) {
    const Civil date = civil_from_days(read_days(field, ymd_name));
    if (date.year > static_cast<int>(std::chrono::year::max()))
        throw_out_of_range(ymd_name);
    target = year_month_day{std::chrono::year{static_cast<int>(date.year)}, std::chrono::month{date.month},
                            std::chrono::day{date.day}};
}

void Codec<year_month_day>::literal(const year_month_day& value, std::string& out) {
    Codec<sys_days>::literal(checked_days(value), out);
}

void Codec<Timestamp>::encode(const Timestamp& value, std::string& out) {
    put_big_endian(out, server_microseconds(value.time_since_epoch().count(), sql_type()));
}

void Codec<Timestamp>::decode(const FieldView& field, Timestamp& target) {
    target = Timestamp{std::chrono::microseconds{read_microseconds(field, oid, sql_type(), sys_time_name)}};
}

void Codec<Timestamp>::literal(const Timestamp& value, std::string& out) {
    const std::int64_t since_1970 = value.time_since_epoch().count();
    static_cast<void>(server_microseconds(since_1970, sql_type()));
    put_timestamp(out, since_1970, "+00");
}

void Codec<LocalTimestamp>::encode(const LocalTimestamp& value, std::string& out) {
    put_big_endian(out, server_microseconds(value.time_since_epoch().count(), sql_type()));
}

void Codec<LocalTimestamp>::decode(const FieldView& field, LocalTimestamp& target) {
    target = LocalTimestamp{std::chrono::microseconds{read_microseconds(field, oid, sql_type(), local_time_name)}};
}

void Codec<LocalTimestamp>::literal(const LocalTimestamp& value, std::string& out) {
    const std::int64_t since_1970 = value.time_since_epoch().count();
    static_cast<void>(server_microseconds(since_1970, sql_type()));
    put_timestamp(out, since_1970, {});
}

} // namespace corm::types
