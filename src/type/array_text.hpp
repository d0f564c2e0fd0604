// Arrays in PostgreSQL's text form, element by element.
#pragma once

#include "type/array_reader.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corm::types::detail {

/// True for `NULL`, in capitals or not: an element that is not quoted and reads so is none.
[[nodiscard]] bool is_null_word(std::string_view element) noexcept;

/// What `{1,NULL,"a b"}` holds. Reads what array_in of PostgreSQL does, lower bounds (`[2:3]={1,2}`) included; those
/// are ignored. All functions throw `ConversionError` for a text that is no array.
class ArrayTextReader {
public:
    /// `element`: the type of the elements, 0 if it has no fixed number.
    ArrayTextReader(std::string_view text, Oid element);

    [[nodiscard]] const ArrayShape& shape() const noexcept { return shape_; }
    /// Call it as often as there are elements. Valid as long as the reader.
    [[nodiscard]] FieldView next();

private:
    void skip_bounds();
    void skip_spaces() noexcept;
    [[nodiscard]] bool take(char c) noexcept;
    void read_dimension(std::size_t dimension);
    void read_element();
    std::string read_quoted();

    std::string_view rest_;
    const Oid element_;
    ArrayShape shape_{};
    std::vector<std::optional<std::string>> elements_;
    std::size_t next_ = 0;
};

} // namespace corm::types::detail
