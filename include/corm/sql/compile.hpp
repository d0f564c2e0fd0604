// From a statement to the text and parameters that are sent.
#pragma once

#include <corm/sql/query.hpp>
#include <corm/sql/select.hpp>
#include <corm/sql/writer.hpp>

#include <string_view>

namespace corm::sql {

/// What a statement reads from: columns that belong to nothing of it are refused.
struct Scope {
    /// A table.
    std::string_view schema{};
    std::string_view table{};
    std::string_view alias{}; ///< qualifies columns, if there is one
    /// Or the sources of a query.
    const Query* query = nullptr;
    /// That of the statement around it.
    const Scope* outer = nullptr;
};

/// Deterministic: the text depends on the shape of the statement, never on its values. Throws `MappingError` for names
/// that PostgreSQL could not hold, columns of a table that the statement does not read, a negative limit or offset, and
/// a row count with a lock; `ConversionError` for a value too large to be sent.
[[nodiscard]] Compiled compile(const Select& statement);
/// The same. Throws `MappingError` as well for two sources of one name, for a column that has to be grouped and is not,
/// and for one of an outer join that is read into a value which holds no NULL. An expression that stands in several
/// places of the query has one parameter for each of its values.
[[nodiscard]] Compiled compile(const Query& query);

/// Appends an expression; with an empty scope, columns of any table are written with their table.
void write_expression(SqlWriter& writer, const Expr& expression, const Scope& scope = {});

/// Appends ` FOR UPDATE` and its variants.
void write_lock(SqlWriter& writer, const Lock& lock);

} // namespace corm::sql
