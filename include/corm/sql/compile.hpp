// From a statement to the text and parameters that are sent.
#pragma once

#include <corm/sql/select.hpp>
#include <corm/sql/writer.hpp>

#include <string_view>

namespace corm::sql {

/// The table that a statement reads from: columns that name another one are refused.
struct Scope {
    std::string_view schema{};
    std::string_view table{};
    std::string_view alias{}; ///< qualifies columns, if there is one
};

/// Deterministic: the text depends on the shape of the statement, never on its values. Throws `MappingError` for names
/// that PostgreSQL could not hold, columns of a table that the statement does not read, a negative limit or offset, and
/// a row count with a lock; `ConversionError` for a value too large to be sent.
[[nodiscard]] Compiled compile(const Select& statement);

/// Appends an expression; with an empty scope, columns of any table are written with their table.
void write_expression(SqlWriter& writer, const Expr& expression, const Scope& scope = {});

/// Appends ` FOR UPDATE` and its variants.
void write_lock(SqlWriter& writer, const Lock& lock);

} // namespace corm::sql
