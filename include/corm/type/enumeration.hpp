// Codecs of described enums: to a PostgreSQL enum, or to text. The only type header that includes Boost.Describe.
#pragma once

#include <corm/base/type_tag.hpp>
#include <corm/type/codec.hpp>
#include <corm/type/oid.hpp>

#include <boost/describe/enumerators.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace corm::types {

/// Where an enum lives in the database. Made by `pg_enum`, or `enum_as_text`.
struct EnumMapping {
    std::string_view name; ///< empty: a text column
    std::string_view schema;
};

/// Maps to the PostgreSQL enum type `name`, looked up in `schema` or, without one, on the search path. The labels are
/// the names of the enumerators. Declare it beside the enum:
///
/// ```cpp
/// enum class Mood { sad, happy };
/// BOOST_DESCRIBE_ENUM(Mood, sad, happy)
/// constexpr auto corm_enum(corm::type<Mood>) { return corm::types::pg_enum("mood"); }
/// ```
///
/// Both must be string literals of 1 to 63 bytes (`schema` may be empty); anything else does not compile.
consteval EnumMapping pg_enum(std::string_view name, std::string_view schema = {}) {
    constexpr std::size_t longest = 63; // PostgreSQL truncates beyond
    if (name.empty() || name.size() > longest || schema.size() > longest || name.find('\0') != std::string_view::npos ||
        schema.find('\0') != std::string_view::npos)
        throw std::invalid_argument("pg_enum: names have 1 to 63 bytes, without NUL");
    return {name, schema};
}

/// Maps to a text or varchar column that holds the names of the enumerators.
inline constexpr EnumMapping enum_as_text{};

namespace detail {

struct EnumLabel {
    std::string_view label;
    std::int64_t value;
};

/// What the compiled part knows of an enum; static data.
struct EnumTable {
    const EnumLabel* labels;
    std::size_t count;
    std::string_view sql_type;
    bool as_text;
};

/// Throws `ConversionError` for a value that is no enumerator.
[[nodiscard]] std::string_view enum_label(const EnumTable& table, std::int64_t value);
/// Throws `ConversionError` for another column type, or a label that is no enumerator.
[[nodiscard]] std::int64_t enum_value(const EnumTable& table, const FieldView& field);

template <class E>
concept DescribedEnum = boost::describe::has_describe_enumerators<E>::value;

template <class E>
concept MappedEnum = requires {
    { corm_enum(corm::type<E>{}) } -> std::convertible_to<EnumMapping>;
};

template <class... D, template <class...> class List>
constexpr auto enum_labels(List<D...>) {
    return std::array<EnumLabel, sizeof...(D)>{EnumLabel{D::name, static_cast<std::int64_t>(D::value)}...};
}

/// `"schema"."name"`, put together by the compiler.
struct QuotedName {
    std::array<char, 2 * (2 * 63 + 2) + 1> text{};
    std::size_t size = 0;

    constexpr void put(std::string_view name) {
        text[size++] = '"';
        for (const char c : name) {
            if (c == '"')
                text[size++] = '"';
            text[size++] = c;
        }
        text[size++] = '"';
    }
    constexpr explicit QuotedName(const EnumMapping& mapping) {
        if (!mapping.schema.empty()) {
            put(mapping.schema);
            text[size++] = '.';
        }
        put(mapping.name);
    }
};

/// Stands in for an enum that lacks its declarations. The assertion sits in a body, so that concepts see a codec and
/// the sentence is the only message; the functions without a body are never reached.
template <class E>
struct EnumCodec {
    static constexpr Oid oid = 0;
    static constexpr Oid array_oid = 0;
    static constexpr Format format = Format::text;
    static std::string_view sql_type() {
        static_assert(DescribedEnum<E> && MappedEnum<E>,
                      "corm: this enum is no column type yet: beside it, write BOOST_DESCRIBE_ENUM(Mood, ...) and "
                      "constexpr auto corm_enum(corm::type<Mood>) { return corm::types::pg_enum(\"mood\"); } "
                      "(or corm::types::enum_as_text)");
        return {};
    }
    static void encode(const E& value, std::string& out);
    static void decode(const FieldView& field, E& target);
    static void literal(const E& value, std::string& out);
    static bool same(const E& left, const E& right);
};

/// A PostgreSQL enum has no fixed OID: its values travel as text, and the server infers the type.
template <class E>
    requires DescribedEnum<E> && MappedEnum<E>
struct EnumCodec<E> {
    static constexpr EnumMapping mapping = corm_enum(corm::type<E>{});
    static constexpr bool as_text = mapping.name.empty();
    static constexpr Oid oid = as_text ? oids::text : 0;
    static constexpr Oid array_oid = as_text ? oids::text_array : 0;
    static constexpr Format format = as_text ? Format::binary : Format::text;
    static constexpr std::string_view sql_type() noexcept { return table.sql_type; }

    static void encode(const E& value, std::string& out) { out += enum_label(table, static_cast<std::int64_t>(value)); }
    static void decode(const FieldView& field, E& target) { target = static_cast<E>(enum_value(table, field)); }
    static void literal(const E& value, std::string& out) { encode(value, out); }
    static bool same(const E& left, const E& right) noexcept { return left == right; }
    static constexpr const EnumTable* label_table() noexcept { return &table; }

private:
    static constexpr auto labels = enum_labels(boost::describe::describe_enumerators<E>{});
    static constexpr QuotedName quoted{mapping};
    static constexpr EnumTable table{
        labels.data(), labels.size(),
        as_text ? std::string_view{"text"} : std::string_view{quoted.text.data(), quoted.size}, as_text};
};

} // namespace detail

/// Any enum. Reads columns of types made in the database, text, varchar, name and literals of unknown type.
template <class E>
    requires(std::is_enum_v<E> && !std::is_same_v<E, std::byte>)
struct Codec<E> : detail::EnumCodec<E> {};

} // namespace corm::types
