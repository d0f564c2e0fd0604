#include <corm/type/temporal.hpp>

#include "type/calendar.hpp"
#include "type/refuse.hpp"
#include "type/temporal_text.hpp"
#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>

#include <limits>

namespace corm::types {
namespace {

using std::chrono::local_days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

// PostgreSQL counts from 2000-01-01, and keeps dates from 4714-11-24 BC (Julian day 0) to 5874897-12-31 and timestamps
// from there to 294276-12-31 (src/include/datatype/timestamp.h).
constexpr std::int64_t epoch_days = 10957;
constexpr std::int64_t least_date = -2451545;
constexpr std::int64_t most_date = 2147483493 - 2451545;
constexpr std::int64_t epoch_microseconds = epoch_days * day_length;
constexpr std::int64_t least_timestamp = least_date * day_length;
constexpr std::int64_t end_timestamp = 9223371331200000000;

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
    if (field.format == Format::text) {
        const std::int64_t since_1970 = read_date_text(field.bytes());
        if (since_1970 < least_date + epoch_days || since_1970 > most_date + epoch_days)
            throw_malformed("date");
        return since_1970;
    }
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
    if (field.format == Format::text) {
        const std::int64_t since_1970 = read_timestamp_text(field.bytes(), own == oids::timestamptz);
        if (since_1970 < least_timestamp + epoch_microseconds)
            throw_malformed(sql_type);
        return since_1970;
    }
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
    const Civil date = civil_from_days(days);
    put_date(out, date);
    out.push_back(' ');
    put_clock(out, since_1970 - days * day_length);
    out += zone;
    if (date.is_before_christ())
        out += " BC";
}

constexpr std::string_view sys_days_name = "std::chrono::sys_days";
constexpr std::string_view local_days_name = "std::chrono::local_days";
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
    if (date.is_before_christ())
        out += " BC";
}

void Codec<local_days>::encode(const local_days& value, std::string& out) {
    Codec<sys_days>::encode(sys_days{value.time_since_epoch()}, out);
}

void Codec<local_days>::decode(const FieldView& field, local_days& target) {
    target = local_days{std::chrono::days{read_days(field, local_days_name)}};
}

void Codec<local_days>::literal(const local_days& value, std::string& out) {
    Codec<sys_days>::literal(sys_days{value.time_since_epoch()}, out);
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
