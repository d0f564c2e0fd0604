// A SELECT as a plain aggregate.
#pragma once

#include <corm/sql/expr.hpp>
#include <corm/sql/lock.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace corm::sql {

enum class Nulls { by_direction, first, last };

/// One term of ORDER BY.
struct OrderBy {
    Expr expression;
    bool descending = false;
    Nulls nulls = Nulls::by_direction; ///< PostgreSQL's default: last ascending, first descending
};

/// What a SELECT yields.
enum class Yield {
    rows,
    /// One int8: the number of rows that the statement would yield. ORDER BY plays no part; a lock is refused.
    row_count,
};

/// A SELECT from one table. Names are unquoted; an empty schema leaves the choice to the server's search_path.
struct Select {
    std::string schema{};
    std::string table{};
    std::vector<std::string> columns{};
    std::vector<Expr> expressions{}; ///< selected after the columns
    bool distinct = false;
    Expr where{};
    std::vector<OrderBy> order_by{};
    std::optional<std::int64_t> limit{}; ///< in rows, 0 or more
    std::optional<std::int64_t> offset{};
    std::optional<Lock> lock{};
    Yield yield = Yield::rows;
};

} // namespace corm::sql
