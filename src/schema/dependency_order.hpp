// An order for things that need each other.
#pragma once

#include <cstddef>
#include <vector>

namespace corm::schema {

/// What one of them needs, by its number among them.
struct Needs {
    std::vector<std::size_t> first; ///< has to be there before
    std::vector<std::size_t> soon;  ///< better is there before
};

struct DependencyOrder {
    std::vector<std::size_t> order; ///< of all of them, unless there is a circle
    /// Some that need each other first, by number; nothing has been ordered then.
    std::vector<std::size_t> circle;
};

/// Everything stands behind what it needs first. What it wants soon stands behind it only if both are in a circle.
/// Otherwise small numbers come early. Time: about that of sorting, but for large circles, where it is quadratic.
[[nodiscard]] DependencyOrder order_by_dependency(const std::vector<Needs>& needs);

} // namespace corm::schema
