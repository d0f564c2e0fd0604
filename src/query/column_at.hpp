// Columns of a table by its name in a query.
#pragma once

#include <corm/query/composed.hpp>

#include <cstddef>
#include <string>

namespace corm::query::detail {

/// Of the table under `alias`, or under its own name if that is empty.
[[nodiscard]] inline sql::Expr column_at(const mapping::Mapper& mapper, std::size_t index, const std::string& alias) {
    sql::Expr own = column_expression({&mapper, index});
    if (alias.empty())
        return own;
    return sql::column_of(alias, mapper.column(index).name, std::string{sql::cast_of(own)}, mapper.table());
}

} // namespace corm::query::detail
