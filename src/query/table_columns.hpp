// The columns of a mapped table, as statements select them.
#pragma once

#include <corm/mapping/mapper.hpp>
#include <corm/sql/select.hpp>

namespace corm::query::detail {

/// One for all statements of the mapper.
[[nodiscard]] const sql::SelectedColumns& columns_of(const mapping::Mapper& mapper);

} // namespace corm::query::detail
