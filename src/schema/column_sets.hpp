// Lists of columns, where their order plays no part.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace corm::schema {

[[nodiscard]] inline bool same_columns(const std::vector<std::string>& left, const std::vector<std::string>& right) {
    return std::is_permutation(left.begin(), left.end(), right.begin(), right.end());
}

/// The first columns of `all` are these.
[[nodiscard]] inline bool begins_with(const std::vector<std::string>& all, const std::vector<std::string>& columns) {
    return all.size() >= columns.size() &&
           std::is_permutation(columns.begin(), columns.end(), all.begin(),
                               all.begin() + static_cast<std::ptrdiff_t>(columns.size()));
}

} // namespace corm::schema
