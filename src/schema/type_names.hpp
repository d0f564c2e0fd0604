// The two names that types of the system have.
#pragma once

#include <corm/schema/column.hpp>

#include <string>
#include <string_view>

namespace corm::schema {

/// The name of a type as SQL has it, taken apart: quoted parts lose their quotes, and `bigint` is `int8`.
[[nodiscard]] QualifiedName parse_type_name(std::string_view sql);
/// What the server prints for a type of pg_catalog: `bigint` for `int8`.
[[nodiscard]] std::string sql_type_name(std::string_view internal);

} // namespace corm::schema
