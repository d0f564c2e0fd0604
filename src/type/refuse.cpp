#include "type/refuse.hpp"

#include "type/value.hpp"

#include <corm/base/error.hpp>
#include <corm/type/oid.hpp>

namespace corm::types {
namespace {

struct UnreadableType : ConversionError {
    using ConversionError::ConversionError;
};

} // namespace

// By reading a value without bytes: each codec looks at the type before the bytes.
std::optional<std::string> refused_type(const ValueType& type, Oid column) {
    static constexpr char nothing[64]{}; // for codecs of others, which may not look at the size
    Value scratch{type};
    try {
        type.decode({.data = nothing, .size = 0, .oid = column, .format = Format::binary}, scratch.at());
    } catch (const UnreadableType& error) {
        return error.problem();
    } catch (const ConversionError&) {
        // What was wrong was the value.
    }
    return std::nullopt;
}

void throw_unreadable(const FieldView& field, std::string_view target) {
    if (field.oid == oids::timetz || field.oid == oids::timetz_array)
        throw UnreadableType("timetz is not read: a time with a zone offset but no date names no moment; use "
                             "timestamptz, or time with the zone in a column of its own, or cast it in the query");
    throw UnreadableType("column of type with OID " + std::to_string(field.oid) + " cannot be read into " +
                         std::string{target} + "; cast it in the query, or change the type it is read into");
}

void throw_malformed(std::string_view sql_type) {
    throw ConversionError("malformed " + std::string{sql_type} + " value: its bytes are not of that type");
}

void throw_out_of_range(std::string_view target) {
    throw ConversionError("the value does not fit into " + std::string{target} + "; read it into a wider type");
}

} // namespace corm::types
