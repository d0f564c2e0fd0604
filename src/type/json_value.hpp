// Values whose C++ type is known at run time alone, as JSON.
#pragma once

#include <corm/type/codec.hpp>
#include <corm/type/detail/json_table.hpp>

#include <string>

namespace corm::types::detail {

/// Writes what `write_json_column` writes for the type of PostgreSQL that the value travels as, arrays included. Values
/// of other types, enums for instance, are strings: their text form in PostgreSQL.
void write_json_value(const ValueType& type, const void* value, std::string& out, const JsonPath& path);

} // namespace corm::types::detail
