#include <corm/type/enumeration.hpp>

#include "type/refuse.hpp"
#include <corm/base/error.hpp>

namespace corm::types::detail {

std::string_view enum_label(const EnumTable& table, std::int64_t value) {
    for (std::size_t i = 0; i < table.count; ++i) {
        if (table.labels[i].value == value)
            return table.labels[i].label;
    }
    throw ConversionError("the value is none of the " + std::to_string(table.count) + " enumerators of the enum for " +
                          std::string{table.sql_type});
}

std::int64_t enum_value(const EnumTable& table, const FieldView& field) {
    const bool is_text =
        field.oid == oids::text || field.oid == oids::varchar || field.oid == oids::name || field.oid == oids::unknown;
    if (!is_text && field.oid < oids::first_user_oid)
        throw_unreadable(field, table.as_text ? "an enum kept as text" : table.sql_type);
    for (std::size_t i = 0; i < table.count; ++i) {
        if (table.labels[i].label == field.bytes())
            return table.labels[i].value;
    }
    // A label of an enum type is schema and may be named; what a text column holds is data.
    constexpr std::size_t longest_label = 63;
    std::string problem = "the label ";
    if (!is_text && field.bytes().size() <= longest_label)
        problem += "'" + std::string{field.bytes()} + "' ";
    problem += "is none of the " + std::to_string(table.count) + " enumerators of the enum for ";
    problem += table.sql_type;
    throw ConversionError(problem + "; add it to the enum and its BOOST_DESCRIBE_ENUM");
}

} // namespace corm::types::detail
