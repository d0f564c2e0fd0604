#include <corm/type/range.hpp>

#include "type/byte_reader.hpp"
#include "type/range_text.hpp"
#include "type/refuse.hpp"
#include "type/value_size.hpp"
#include <corm/base/error.hpp>

namespace corm::types::detail {
namespace {

// Of the byte before the bounds: src/include/utils/rangetypes.h.
constexpr unsigned is_empty = 0x01, lower_inclusive = 0x02, upper_inclusive = 0x04, no_lower = 0x08, no_upper = 0x10;

void encode_bound(const ValueType& type, const void* bound, std::string& out) {
    const std::size_t at = out.size();
    put_int32(out, 0);
    type.encode(bound, out);
    patch_int32(out, at, checked_size(out.size() - at - 4));
}

void write_bound(const ValueType& type, const void* bound, std::string& out) {
    const std::size_t start = out.size();
    type.literal(bound, out);
    quote_from(out, start, "\"\\()[],");
}

RangeBounds bounds_of(bool lower, bool upper) noexcept {
    if (lower)
        return upper ? RangeBounds::closed : RangeBounds::closed_open;
    return upper ? RangeBounds::open_closed : RangeBounds::open;
}

RangeRead decode_bytes(const RangeTable& table, const FieldView& field, void* lower, void* upper) {
    ByteReader reader{field.bytes(), table.sql_type};
    const auto flags = static_cast<unsigned>(reader.take<std::uint8_t>());
    if (flags > (is_empty | lower_inclusive | upper_inclusive | no_lower | no_upper))
        throw_malformed(table.sql_type);
    RangeRead read{(flags & is_empty) != 0, bounds_of((flags & lower_inclusive) != 0, (flags & upper_inclusive) != 0),
                   (flags & (is_empty | no_lower)) == 0, (flags & (is_empty | no_upper)) == 0};
    if (read.has_lower)
        table.bound->decode(reader.take_field(table.bound->oid), lower);
    if (read.has_upper)
        table.bound->decode(reader.take_field(table.bound->oid), upper);
    reader.finish();
    return read;
}

void decode_text_bound(const RangeTable& table, const std::string& text, void* bound) {
    const FieldView field{text.c_str(), static_cast<std::int32_t>(text.size()), table.bound->oid, Format::text};
    table.bound->decode(field, bound);
}

RangeRead decode_text(const RangeTable& table, const FieldView& field, void* lower, void* upper) {
    QuotedTextReader reader{field.bytes(), table.sql_type};
    reader.skip_spaces();
    if (reader.take_word("empty")) {
        reader.finish();
        return {true, RangeBounds::closed_open, false, false};
    }
    const bool with_lower = reader.take('[');
    if (!with_lower && !reader.take('('))
        reader.refuse();
    const std::optional<std::string> low = reader.take_item(",");
    if (!reader.take(','))
        reader.refuse();
    const std::optional<std::string> high = reader.take_item(")]");
    const bool with_upper = reader.take(']');
    if (!with_upper && !reader.take(')'))
        reader.refuse();
    reader.finish();
    if (low)
        decode_text_bound(table, *low, lower);
    if (high)
        decode_text_bound(table, *high, upper);
    return {false, bounds_of(with_lower, with_upper), low.has_value(), high.has_value()};
}

} // namespace

void throw_bounds_swapped() {
    throw ConversionError("the lower bound of a range is greater than its upper bound");
}

void throw_no_next_bound() {
    throw ConversionError("a bound of the range is the last value of its type (or no date): PostgreSQL keeps [a,b] as "
                          "[a,b + 1), and there is no b + 1; leave the range without that bound");
}

// Layout: see range_send in src/backend/utils/adt/rangetypes.c.
void encode_range(const RangeTable& table, const RangeView& range, std::string& out) {
    if (range.empty) {
        out.push_back(static_cast<char>(is_empty));
        return;
    }
    unsigned flags = 0;
    flags |= range.lower == nullptr ? no_lower : range.lower_inclusive ? lower_inclusive : 0;
    flags |= range.upper == nullptr ? no_upper : range.upper_inclusive ? upper_inclusive : 0;
    out.push_back(static_cast<char>(flags));
    if (range.lower != nullptr)
        encode_bound(*table.bound, range.lower, out);
    if (range.upper != nullptr)
        encode_bound(*table.bound, range.upper, out);
}

void write_range(const RangeTable& table, const RangeView& range, std::string& out) {
    if (range.empty) {
        out += "empty";
        return;
    }
    out.push_back(range.lower_inclusive ? '[' : '(');
    if (range.lower != nullptr)
        write_bound(*table.bound, range.lower, out);
    out.push_back(',');
    if (range.upper != nullptr)
        write_bound(*table.bound, range.upper, out);
    out.push_back(range.upper_inclusive ? ']' : ')');
}

RangeRead decode_range(const RangeTable& table, const FieldView& field, void* lower, void* upper) {
    const bool literal = field.format == Format::text && (field.oid == oids::text || field.oid == oids::unknown);
    if (!literal && (table.oid != 0 ? field.oid != table.oid : field.oid < oids::first_user_oid))
        throw_unreadable(field, table.sql_type);
    return field.format == Format::text ? decode_text(table, field, lower, upper)
                                        : decode_bytes(table, field, lower, upper);
}

} // namespace corm::types::detail
