// Codecs of text and bytea.
#pragma once

#include <corm/type/codec.hpp>
#include <corm/type/oid.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace corm::types {

/// The value of a bytea column.
using Bytes = std::vector<std::byte>;

/// Throws `ConversionError` when `text` cannot be a PostgreSQL text value: a NUL byte, or invalid UTF-8 (overlong
/// forms, surrogates and code points beyond U+10FFFF included). The error names the byte offset, not the text.
void check_text(std::string_view text);

namespace detail {
void read_text(const FieldView& field, std::string& target);
} // namespace detail

/// UTF-8 text. Reads text, varchar, char(n), name, "char", literals of unknown type, and types of the database that
/// travel as text (enums, citext). Text is checked by `check_text` before it is sent.
template <>
struct Codec<std::string> {
    static constexpr Oid oid = oids::text;
    static constexpr Oid array_oid = oids::text_array;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept { return "text"; }
    static void encode(const std::string& value, std::string& out);
    static void decode(const FieldView& field, std::string& target) {
        if (field.oid == oids::text || field.oid == oids::varchar) [[likely]]
            target.assign(field.data, static_cast<std::size_t>(field.size));
        else
            detail::read_text(field, target);
    }
    static void literal(const std::string& value, std::string& out) { encode(value, out); }
    static bool same(const std::string& left, const std::string& right) noexcept { return left == right; }
};

/// Any bytes. Reads bytea columns only.
template <>
struct Codec<Bytes> {
    static constexpr Oid oid = oids::bytea;
    static constexpr Oid array_oid = oids::bytea_array;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept { return "bytea"; }
    static void encode(const Bytes& value, std::string& out);
    static void decode(const FieldView& field, Bytes& target);
    static void literal(const Bytes& value, std::string& out);
    static bool same(const Bytes& left, const Bytes& right) noexcept { return left == right; }
};

} // namespace corm::types
