#include <corm/type/interval.hpp>

#include "type/calendar.hpp"
#include "type/refuse.hpp"
#include "type/temporal_text.hpp"
#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>
#include <corm/type/scalar.hpp>

namespace corm::types {
namespace {

using std::chrono::microseconds;
using Part = std::numeric_limits<std::int32_t>;

// These two are the infinities of PostgreSQL 17. Older servers take them for finite: nobody means them.
bool is_infinite(const Interval& value) noexcept {
    return (value.months == Part::max() && value.days == Part::max() && value.time == microseconds::max()) ||
           (value.months == Part::min() && value.days == Part::min() && value.time == microseconds::min());
}

void check_finite(const Interval& value) {
    if (is_infinite(value))
        throw ConversionError("the greatest and the least interval stand for infinity in PostgreSQL, and cannot be "
                              "sent");
}

// With a sign at every part, no IntervalStyle reads one sign as that of all.
void put_signed(std::string& out, std::int64_t value) {
    if (value >= 0)
        out.push_back('+');
    detail::write_integer(value, out);
}

} // namespace

namespace detail {

std::int64_t scale_count(std::int64_t count, std::int64_t unit, std::string_view sql_type) {
    using Count = std::numeric_limits<std::int64_t>;
    if (count > Count::max() / unit || count < Count::min() / unit)
        throw ConversionError("the std::chrono value does not fit into " + std::string{sql_type} +
                              ", which counts microseconds by 64 bits");
    return count * unit;
}

std::int64_t whole_units(std::int64_t microseconds, std::int64_t unit, std::int64_t least, std::int64_t most) {
    const std::int64_t count = microseconds / unit;
    if (microseconds % unit != 0 || count < least || count > most)
        throw ConversionError("the value is not a whole number of the unit of the std::chrono type, or beyond its "
                              "range; read it into one of microseconds");
    return count;
}

std::int32_t interval_part(std::int64_t count, std::int64_t unit) {
    if (count > Part::max() / unit || count < Part::min() / unit)
        throw ConversionError("the std::chrono duration does not fit into interval, which counts months and days by "
                              "32 bits each");
    return static_cast<std::int32_t>(count * unit);
}

} // namespace detail

microseconds Interval::to_duration() const {
    if (months != 0 || days != 0)
        throw ConversionError("an interval of months or days has no fixed length, so that no std::chrono duration "
                              "holds it; read it into corm::types::Interval");
    return time;
}

// Layout: see interval_send in src/backend/utils/adt/timestamp.c.
void Codec<Interval>::encode(const Interval& value, std::string& out) {
    check_finite(value);
    put_big_endian(out, static_cast<std::int64_t>(value.time.count()));
    put_int32(out, value.days);
    put_int32(out, value.months);
}

void Codec<Interval>::decode(const FieldView& field, Interval& target) {
    if (field.oid != oids::interval)
        throw_unreadable(field, "corm::types::Interval");
    Interval value;
    if (field.format == Format::text) {
        const IntervalText text = read_interval_text(field.bytes());
        value = {text.months, text.days, microseconds{text.microseconds}};
    } else if (field.size == 16) {
        value = {get_big_endian<std::int32_t>(field.data + 12), get_big_endian<std::int32_t>(field.data + 8),
                 microseconds{get_big_endian<std::int64_t>(field.data)}};
    } else {
        throw_malformed("interval");
    }
    if (is_infinite(value))
        throw ConversionError("an infinite interval cannot be read into corm::types::Interval; filter with isfinite() "
                              "in the query");
    target = value;
}

void Codec<Interval>::literal(const Interval& value, std::string& out) {
    check_finite(value);
    put_signed(out, value.months);
    out += " mons ";
    put_signed(out, value.days);
    out += " days ";
    const std::int64_t time = value.time.count();
    if (time == microseconds::min().count()) {
        // Its magnitude is no 64-bit number, which the other form reads first.
        put_signed(out, time);
        out += " microseconds";
        return;
    }
    out.push_back(time < 0 ? '-' : '+');
    put_clock(out, time < 0 ? -time : time);
}

} // namespace corm::types
