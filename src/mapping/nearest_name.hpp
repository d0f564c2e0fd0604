// Which name was meant by one that is wrong.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace corm::mapping {

/// Finds the name that takes the fewest changes.
class NearestName {
public:
    explicit NearestName(std::string_view wanted) noexcept : wanted_(wanted) {}
    void consider(std::string_view name);
    /// `; the nearest is "age"`, or nothing if there was no name.
    [[nodiscard]] std::string hint() const;

private:
    std::string_view wanted_;
    std::string nearest_;
    std::size_t distance_ = static_cast<std::size_t>(-1);
};

} // namespace corm::mapping
