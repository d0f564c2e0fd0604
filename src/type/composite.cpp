#include <corm/type/composite.hpp>

#include "type/byte_reader.hpp"
#include "type/range_text.hpp"
#include "type/refuse.hpp"
#include <corm/base/error.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace corm::types::detail {
namespace {

// A type and a length.
constexpr std::size_t least_field = 8;

/// Runs `convert`, and says at which field it failed.
template <class Convert>
void naming_field(const CompositeTable& table, const CompositeField& field, Convert convert) {
    try {
        convert();
    } catch (const ConversionError& error) {
        throw ConversionError("field '" + std::string{field.name} + "' of " + std::string{table.sql_type} + ": " +
                              error.problem());
    }
}

[[noreturn]] void refuse_count(const CompositeTable& table, std::size_t found) {
    std::string problem = "a value of " + std::to_string(found) + " fields cannot be read into the struct of " +
                          std::to_string(table.count) + " members for " + std::string{table.sql_type};
    if (found < table.count)
        problem += ", the first of them without a field is '" + std::string{table.fields[found].name} + "'";
    throw ConversionError(problem + "; describe the attributes of the type, in their order");
}

void decode_bytes(const CompositeTable& table, const FieldView& field, void* object) {
    ByteReader reader{field.bytes(), table.sql_type};
    const std::size_t count = reader.take_count(least_field);
    if (count != table.count)
        refuse_count(table, count);
    for (const CompositeField& each : std::span{table.fields, table.count}) {
        const Oid oid = reader.take<std::uint32_t>();
        const FieldView value = reader.take_field(oid, true);
        naming_field(table, each, [&] { each.type->decode(value, each.target(object)); });
    }
    reader.finish();
}

void decode_text(const CompositeTable& table, const FieldView& field, void* object) {
    QuotedTextReader reader{field.bytes(), table.sql_type};
    reader.skip_spaces();
    if (!reader.take('('))
        reader.refuse();
    for (std::size_t i = 0; i < table.count; ++i) {
        if (i != 0 && !reader.take(','))
            refuse_count(table, i);
        const CompositeField& each = table.fields[i];
        const std::optional<std::string> text = reader.take_item(",)");
        FieldView value;
        value.oid = each.type->oid != 0 ? each.type->oid : oids::text;
        value.format = Format::text;
        if (text) {
            value.data = text->c_str();
            value.size = static_cast<std::int32_t>(text->size());
        }
        naming_field(table, each, [&] { each.type->decode(value, each.target(object)); });
    }
    if (!reader.take(')'))
        reader.refuse();
    reader.finish();
}

} // namespace

void write_composite(const CompositeTable& table, const void* object, std::string& out) {
    char separator = '(';
    for (const CompositeField& each : std::span{table.fields, table.count}) {
        out.push_back(std::exchange(separator, ','));
        const void* const value = each.at(object);
        if (each.type->is_null(value))
            continue;
        const std::size_t start = out.size();
        naming_field(table, each, [&] { each.type->literal(value, out); });
        quote_from(out, start, "\"\\(),");
    }
    out += separator == '(' ? "()" : ")";
}

// Layout: see record_send in src/backend/utils/adt/rowtypes.c.
void decode_composite(const CompositeTable& table, const FieldView& field, void* object) {
    const bool literal = field.format == Format::text && (field.oid == oids::text || field.oid == oids::unknown);
    if (!literal && field.oid != oids::record && field.oid < oids::first_user_oid)
        throw_unreadable(field, table.sql_type);
    if (field.format == Format::text)
        decode_text(table, field, object);
    else
        decode_bytes(table, field, object);
}

bool same_composite(const CompositeTable& table, const void* left, const void* right) {
    return std::all_of(table.fields, table.fields + table.count,
                       [&](const CompositeField& each) { return each.type->same(each.at(left), each.at(right)); });
}

} // namespace corm::types::detail
