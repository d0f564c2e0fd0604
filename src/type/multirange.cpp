#include <corm/type/multirange.hpp>

#include "type/byte_reader.hpp"
#include "type/range_text.hpp"
#include "type/value_size.hpp"

#include <limits>

namespace corm::types::detail {
namespace {

// A length and the flags.
constexpr std::size_t least_range = 5;
constexpr std::string_view spaces = " \t\n\r\v\f";

void skip_spaces(std::string_view& text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(spaces), text.size()));
}

bool take(std::string_view& text, char c) noexcept {
    if (!text.starts_with(c))
        return false;
    text.remove_prefix(1);
    return true;
}

} // namespace

// Layout: see multirange_send in src/backend/utils/adt/multirangetypes.c.
MultiRangeReader::MultiRangeReader(const MultiRangeTable& table, const FieldView& field)
    : table_(table), rest_(field.bytes()), range_oid_(table.range_oid != 0 ? table.range_oid : field.oid),
      format_(field.format) {
    const bool literal = format_ == Format::text && (field.oid == oids::text || field.oid == oids::unknown);
    if (!literal && (table.oid != 0 ? field.oid != table.oid : field.oid < oids::first_user_oid))
        throw_unreadable(field, table.sql_type);
    if (format_ == Format::binary) {
        ByteReader reader{rest_, table_.sql_type};
        left_ = reader.take_count(least_range);
        rest_.remove_prefix(4);
        return;
    }
    skip_spaces(rest_);
    if (!take(rest_, '{'))
        throw_malformed(table_.sql_type);
}

bool MultiRangeReader::next(FieldView& range) {
    if (format_ == Format::text)
        return next_text(range);
    ByteReader reader{rest_, table_.sql_type};
    if (left_ == 0) {
        reader.finish();
        return false;
    }
    --left_;
    range = reader.take_field(range_oid_);
    rest_.remove_prefix(4 + static_cast<std::size_t>(range.size));
    return true;
}

bool MultiRangeReader::next_text(FieldView& range) {
    skip_spaces(rest_);
    if (take(rest_, '}')) {
        skip_spaces(rest_);
        if (!rest_.empty())
            throw_malformed(table_.sql_type);
        return false;
    }
    if (!std::exchange(first_, false) && !take(rest_, ','))
        throw_malformed(table_.sql_type);
    skip_spaces(rest_);
    // `empty` has no bracket at its end.
    QuotedTextReader reader{rest_, table_.sql_type};
    const bool empty = reader.take_word("empty");
    const std::string_view text = empty ? rest_.substr(0, 5) : reader.take_through(")]");
    rest_.remove_prefix(text.size());
    range = {text.data(), static_cast<std::int32_t>(text.size()), range_oid_, Format::text};
    return true;
}

std::size_t open_item(std::string& out) {
    const std::size_t at = out.size();
    put_int32(out, 0);
    return at;
}

void close_item(std::string& out, std::size_t at) {
    patch_int32(out, at, checked_size(out.size() - at - 4));
}

void put_count(std::string& out, std::size_t count) {
    put_int32(out, checked_size(count)); // far more than fit beside each other
}

} // namespace corm::types::detail
