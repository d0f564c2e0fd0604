// Clauses that statements of several kinds have.
#pragma once

#include <corm/sql/compile.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace corm::sql {

/// ` ORDER BY ...`; nothing without terms.
void write_order(SqlWriter& out, const std::vector<OrderBy>& order, const Scope& scope);
/// The terms alone.
void write_order_terms(SqlWriter& out, const std::vector<OrderBy>& order, const Scope& scope);
/// ` LIMIT $1`; throws `MappingError` for a negative number.
void write_bound(SqlWriter& out, std::string_view keyword, const std::optional<std::int64_t>& rows);
/// A query within a statement, or the statement itself: without `outer`.
void write_query(SqlWriter& out, const Query& query, const Scope* outer);
/// `WITH ...` for a statement made of this: the common tables that it needs. Nothing if there are none.
void write_with(SqlWriter& out, const Query& query);
/// One entry of FROM.
void write_source(SqlWriter& out, const Source& source, const Scope& scope);
/// Throws `MappingError` for two sources of one name.
void check_sources(const Query& query);
/// What of it can be known to be wrong before the server sees it. Throws `MappingError`.
void check_query(const Query& query);

/// How a column is qualified. Throws `MappingError` if nothing that the statement reads has it.
[[nodiscard]] std::string_view qualifier_of(const Scope& scope, std::string_view schema, std::string_view table,
                                            std::string_view column);
/// Throws `MappingError` if no source of the statement has that alias, or the nearest one reads another table.
void require_alias(const Scope& scope, std::string_view alias, std::string_view table, std::string_view column);

} // namespace corm::sql
