// The refusals that codecs share. Texts name types, never values: they end up in logs.
#pragma once

#include <corm/type/codec.hpp>
#include <corm/type/field_view.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace corm::types {

/// The column's type has no lossless way into `target`.
[[noreturn]] void throw_unreadable(const FieldView& field, std::string_view target);
/// Why no value of this column type can be read; none if it can, or if only its values tell.
[[nodiscard]] std::optional<std::string> refused_type(const ValueType& type, Oid column);
/// The bytes are not what the server sends for this type.
[[noreturn]] void throw_malformed(std::string_view sql_type);
/// The value exists, but not in `target`.
[[noreturn]] void throw_out_of_range(std::string_view target);

} // namespace corm::types
