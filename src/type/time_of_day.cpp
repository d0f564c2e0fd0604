#include <corm/type/time_of_day.hpp>

#include "type/calendar.hpp"
#include "type/refuse.hpp"
#include "type/temporal_text.hpp"
#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>

namespace corm::types {

void detail::throw_no_time_of_day() {
    throw ConversionError("a time of day is from 00:00 to 24:00; keep longer spans in corm::types::Interval");
}

void Codec<TimeOfDay>::encode(const TimeOfDay& value, std::string& out) {
    put_big_endian(out, static_cast<std::int64_t>(value.since_midnight().count()));
}

void Codec<TimeOfDay>::decode(const FieldView& field, TimeOfDay& target) {
    if (field.oid != oids::time)
        throw_unreadable(field, "corm::types::TimeOfDay");
    if (field.format == Format::text) {
        target = TimeOfDay{std::chrono::microseconds{read_clock_text(field.bytes())}};
        return;
    }
    if (field.size != 8)
        throw_malformed("time");
    const auto value = get_big_endian<std::int64_t>(field.data);
    if (value < 0 || value > day_length)
        throw_malformed("time");
    target = TimeOfDay{std::chrono::microseconds{value}};
}

void Codec<TimeOfDay>::literal(const TimeOfDay& value, std::string& out) {
    put_clock(out, value.since_midnight().count());
}

} // namespace corm::types
