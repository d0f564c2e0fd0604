// The pages: tables, rows of a table, a row.
#pragma once

#include "edit.hpp"
#include "html.hpp"
#include "related.hpp"

#include "common/problem.hpp"

#include <string>
#include <vector>

namespace explorer {

[[nodiscard]] std::string table_path(const Table& table);
[[nodiscard]] std::string row_path(const Table& table, const Row& row);

[[nodiscard]] examples::Response tables_page(const Snapshot& snapshot);
[[nodiscard]] examples::Response rows_page(const Snapshot& snapshot, const Table& table, const Wanted& wanted,
                                           const Listing& listing);

/// A row with what it is related to, and a form if it may be `edited`.
[[nodiscard]] examples::Response row_page(const Snapshot& snapshot, const Table& table, const Row& row,
                                          const std::vector<Related>& related, bool edited);
/// The answer to a form whose row is not any more what it was: what was entered, beside what is there now.
[[nodiscard]] examples::Response conflict_page(const Table& table, const Row& row, const Changes& entered);
[[nodiscard]] examples::Response problem_page(const examples::Problem& problem);

} // namespace explorer
