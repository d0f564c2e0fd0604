// std::optional is SQL NULL when empty.
#pragma once

#include <corm/type/codec.hpp>

#include <optional>

namespace corm::types {

template <Codable T>
struct Nullable<std::optional<T>> : std::true_type {
    using Value = T;

    static bool has_value(const std::optional<T>& from) noexcept { return from.has_value(); }
    static void reset(std::optional<T>& target) noexcept { target.reset(); }
    /// Never called for an empty one.
    static const T& get(const std::optional<T>& from) noexcept { return *from; }
    /// The value to read into; one that is there already keeps its memory.
    static T& emplace(std::optional<T>& target) { return target.has_value() ? *target : target.emplace(); }
};

} // namespace corm::types
