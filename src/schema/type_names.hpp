// The two names that types of the system have.
#pragma once

#include <corm/schema/column.hpp>

#include <string>
#include <string_view>

namespace corm::schema {

/// The name of a type as SQL has it, taken apart: quoted parts lose their quotes, and `bigint` is `int8`.
[[nodiscard]] QualifiedName parse_type_name(std::string_view sql);
/// A type as it was written: `varchar(20)[]` is a varchar of 20, in an array; `interval day to second` is an interval.
struct WrittenType {
    QualifiedName name;
    std::string modifier; ///< as the server has it: `20`, `9,2`, `day to second`; empty: none
    bool array = false;
};
[[nodiscard]] WrittenType parse_type(std::string_view sql);
/// What the server prints for a type of pg_catalog: `bigint` for `int8`.
[[nodiscard]] std::string sql_type_name(std::string_view internal);

} // namespace corm::schema
