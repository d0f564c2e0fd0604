// Values of types that corm knows nothing of.
#pragma once

#include <corm/type/codec.hpp>

#include <compare>
#include <string>
#include <string_view>
#include <utility>

namespace corm::types {

/// A value in PostgreSQL's text form, of whatever type its column has: what `SELECT value::text` yields, and what the
/// server reads from a quoted constant. For columns whose type has no other C++ type, such as `point`,
/// `tsvector`, or enums and composites of tables mapped at run time. The mapping names that type: `sql_type` of a
/// struct's, `column` of a record's. Two values are the same if their texts are.
struct TextForm {
    TextForm() noexcept = default;
    explicit TextForm(std::string value) noexcept : text(std::move(value)) {}

    std::string text;

    friend auto operator<=>(const TextForm&, const TextForm&) = default;
};

template <>
struct Codec<TextForm> {
    static constexpr Oid oid = 0;
    static constexpr Oid array_oid = 0;
    static constexpr Format format = Format::text;
    /// Queries cast such columns to text.
    static constexpr bool read_as_text = true;
    static std::string_view sql_type() { return "text"; }
    /// Throw `ConversionError` for a NUL character, which PostgreSQL's text cannot hold.
    static void encode(const TextForm& value, std::string& out);
    /// Throws `ConversionError` for a value in another form, as raw SQL and composites give it: cast it to text.
    static void decode(const FieldView& field, TextForm& target);
    static void literal(const TextForm& value, std::string& out);
    static bool same(const TextForm& left, const TextForm& right) noexcept { return left.text == right.text; }
};

} // namespace corm::types
