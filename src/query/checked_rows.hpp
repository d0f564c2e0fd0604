// Numbers of rows that programs give.
#pragma once

#include <corm/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace corm::query::detail {

/// Throws `MappingError` for a negative number; `name` is the call that it was given to.
[[nodiscard]] inline std::int64_t checked_rows(std::int64_t rows, std::string_view name) {
    if (rows < 0)
        throw MappingError(std::string{name} + "(" + std::to_string(rows) + ") is negative; give a number of rows");
    return rows;
}

} // namespace corm::query::detail
