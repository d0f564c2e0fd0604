// Arrays in binary format, element by element.
#pragma once

#include <corm/type/field_view.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace corm::types::detail {

/// The element type of PostgreSQL's own array types, 0 for anything else.
[[nodiscard]] Oid element_of(Oid array) noexcept;

inline constexpr std::size_t most_array_dimensions = 6;

struct ArrayShape {
    std::array<std::size_t, most_array_dimensions> sizes{};
    std::size_t count = 0; ///< of dimensions: 0 for an empty array
    std::size_t elements = 0;
};

/// Reads the elements in the order of their storage, never beyond the end. All functions throw `ConversionError` for
/// bytes that are no array. Layout: see array_recv in src/backend/utils/adt/arrayfuncs.c.
class ArrayReader {
public:
    explicit ArrayReader(std::string_view bytes);

    [[nodiscard]] const ArrayShape& shape() const noexcept { return shape_; }
    [[nodiscard]] Oid element() const noexcept { return element_; }
    /// Call it as often as there are elements.
    [[nodiscard]] FieldView next();
    /// Nothing may be left.
    void finish() const;

private:
    std::string_view take(std::size_t size);
    std::int32_t take_int32();

    std::string_view rest_;
    ArrayShape shape_{};
    Oid element_ = 0;
};

} // namespace corm::types::detail
