// What GROUP BY groups by, and the words for it.
#pragma once

#include "sql/query_walk.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace corm::sql {

/// The column as people write it, or what else it is.
[[nodiscard]] std::string name_of(const Expr& expression);
[[nodiscard]] bool is_column(const Expr& expression);
/// Which source of the query a column is of; the number of sources if it is of a query around it.
[[nodiscard]] std::size_t source_of(const Query& query, const Expr& expression);
/// The same text and the same parameters. Parameters of their own are different ones, as they are for the server.
[[nodiscard]] bool same(const Expr& left, const Expr& right);
/// One of them is the same.
[[nodiscard]] bool among(const std::vector<Expr>& expressions, const Expr& expression);

/// The expressions that a query groups by.
struct Grouped {
    explicit Grouped(const Query& query);

    std::vector<Expr> all{};
    /// Those by which every one of its grouping sets groups. The others are NULL in the rows of some.
    std::vector<Expr> always{};
};

/// Throws `MappingError` for what a query that groups rows has no single value of.
void check_grouping(const Query& query, const Grouped& grouped);

} // namespace corm::sql
