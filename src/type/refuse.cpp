#include "type/refuse.hpp"

#include <corm/base/error.hpp>
#include <corm/type/oid.hpp>

namespace corm::types {

void throw_unreadable(const FieldView& field, std::string_view target) {
    if (field.oid == oids::timetz || field.oid == oids::timetz_array)
        throw ConversionError("timetz is not read: a time with a zone offset but no date names no moment; use "
                              "timestamptz, or time with the zone in a column of its own, or cast it in the query");
    throw ConversionError("column of type with OID " + std::to_string(field.oid) + " cannot be read into " +
                          std::string{target} + "; cast it in the query, or change the type it is read into");
}

void throw_malformed(std::string_view sql_type) {
    throw ConversionError("malformed " + std::string{sql_type} + " value: its bytes are not of that type");
}

void throw_out_of_range(std::string_view target) {
    throw ConversionError("the value does not fit into " + std::string{target} + "; read it into a wider type");
}

} // namespace corm::types
