#include "mapping/nearest_name.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace corm::mapping {
namespace {

std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < right.size(); ++j) {
            const std::size_t above = row[j + 1];
            row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (left[i] == right[j] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row.back();
}

} // namespace

void NearestName::consider(std::string_view name) {
    const std::size_t distance = edit_distance(name, wanted_);
    if (distance >= distance_)
        return;
    nearest_ = name;
    distance_ = distance;
}

std::string NearestName::hint() const {
    return distance_ == static_cast<std::size_t>(-1) ? std::string{} : "; the nearest is \"" + nearest_ + "\"";
}

} // namespace corm::mapping
