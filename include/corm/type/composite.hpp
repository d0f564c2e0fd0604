// Described structs as composite types of the database. Not in corm/corm.hpp: include it beside that.
#pragma once

#include <corm/base/type_tag.hpp>
#include <corm/type/array.hpp>
#include <corm/type/codec.hpp>
#include <corm/type/detail/json_access.hpp>
#include <corm/type/enumeration.hpp>
#include <corm/type/oid.hpp>
#include <corm/type/optional.hpp>
#include <corm/type/scalar.hpp>

#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace corm::types {

/// Which composite type holds a struct. Made by `pg_composite`.
struct CompositeMapping {
    std::string_view name;
    std::string_view schema;
};

/// Maps a described struct to the composite type `name`, looked up in `schema` or, without one, on the search path. Its
/// members are the attributes of the type, in their order; those of bases come first. Declare it beside the struct:
///
/// ```cpp
/// struct Place { double x = 0; double y = 0; std::optional<std::string> label{}; };
/// BOOST_DESCRIBE_STRUCT(Place, (), (x, y, label))
/// constexpr auto corm_composite(corm::type<Place>) { return corm::pg_composite("place"); }
/// // CREATE TYPE place AS (x double precision, y double precision, label text)
/// ```
///
/// Both must be string literals of 1 to 63 bytes (`schema` may be empty); anything else does not compile.
consteval CompositeMapping pg_composite(std::string_view name, std::string_view schema = {}) {
    constexpr std::size_t longest = 63; // PostgreSQL truncates beyond
    if (name.empty() || name.size() > longest || schema.size() > longest || name.find('\0') != std::string_view::npos ||
        schema.find('\0') != std::string_view::npos)
        throw std::invalid_argument("pg_composite: names have 1 to 63 bytes, without NUL");
    return {name, schema};
}

namespace detail {

/// One member of a struct; the functions take the struct and give the member.
struct CompositeField {
    std::string_view name;
    const ValueType* type;
    const void* (*at)(const void* object);
    void* (*target)(void* object);
};

/// A composite type, seen by the compiled part; static data.
struct CompositeTable {
    const CompositeField* fields;
    std::size_t count;
    std::string_view sql_type;
};

void write_composite(const CompositeTable& table, const void* object, std::string& out);
void decode_composite(const CompositeTable& table, const FieldView& field, void* object);
[[nodiscard]] bool same_composite(const CompositeTable& table, const void* left, const void* right);

template <class T>
concept CompositeMapped = std::is_class_v<T> && requires {
    { corm_composite(corm::type<T>{}) } -> std::convertible_to<CompositeMapping>;
};

/// Stands in for a struct that cannot be a composite. The assertion sits in a body, so that concepts see a codec and
/// the sentence is the only message; the functions without a body are never reached.
template <class T>
struct CompositeCodec {
    static constexpr Oid oid = 0;
    static constexpr Oid array_oid = 0;
    static constexpr Format format = Format::text;
    static std::string_view sql_type() {
        static_assert(JsonObject<T>, "corm: a type with corm_composite must be a described struct: beside it, write "
                                     "BOOST_DESCRIBE_STRUCT(Place, (), (x, y, label))");
        return {};
    }
    static void encode(const T& value, std::string& out);
    static void decode(const FieldView& field, T& target);
    static void literal(const T& value, std::string& out);
    static bool same(const T& left, const T& right);
};

template <class T, class Descriptor>
struct CompositeMember {
    using Value = std::remove_cvref_t<decltype(std::declval<T&>().*Descriptor::pointer)>;
    static constexpr bool is_coded = ColumnValue<Value>;

    static const void* at(const void* object) { return &(static_cast<const T*>(object)->*Descriptor::pointer); }
    static void* target(void* object) { return &(static_cast<T*>(object)->*Descriptor::pointer); }
    static constexpr CompositeField field() {
        if constexpr (is_coded)
            return {Descriptor::name, &value_type<Value>, &at, &target};
        else
            return {};
    }
};

template <template <class...> class List, class... Descriptors>
consteval std::size_t described_count(List<Descriptors...>*) {
    return sizeof...(Descriptors);
}
template <class T, template <class...> class List, class... Descriptors>
consteval bool all_coded(List<Descriptors...>*) {
    return (CompositeMember<T, Descriptors>::is_coded && ...);
}

template <class T, template <class...> class List, class... Descriptors>
constexpr auto composite_fields(List<Descriptors...>*) {
    return std::array<CompositeField, sizeof...(Descriptors)>{CompositeMember<T, Descriptors>::field()...};
}

/// A composite has no fixed OID: it travels as text, and the server infers the type. Results are binary.
template <JsonObject T>
struct CompositeCodec<T> {
    static constexpr Oid oid = 0;
    static constexpr Oid array_oid = 0;
    static constexpr Format format = Format::text;
    /// The assertions sit here for the same reason as that of the stand-in.
    static std::string_view sql_type() noexcept {
        static_assert(described_count(static_cast<Hidden*>(nullptr)) == 0,
                      "corm: a struct kept as a composite must have no described private or protected members");
        static_assert(all_coded<T>(static_cast<Members*>(nullptr)),
                      "corm: a struct kept as a composite has a member of a type without a codec; use the types that a "
                      "column may have");
        return table.sql_type;
    }

    static void encode(const T& value, std::string& out) { write_composite(table, &value, out); }
    /// After a `ConversionError` the target is valid, but what it holds is unspecified.
    static void decode(const FieldView& field, T& target) { decode_composite(table, field, &target); }
    static void literal(const T& value, std::string& out) { write_composite(table, &value, out); }
    static bool same(const T& left, const T& right) { return same_composite(table, &left, &right); }
    static constexpr const CompositeTable* field_table() noexcept { return &table; }
    static void write_json(const T& value, std::string& out, const JsonPath& path) {
        JsonAccess<T>::write(value, out, path);
    }

private:
    using Hidden = boost::describe::describe_members<T, boost::describe::mod_private | boost::describe::mod_protected |
                                                            boost::describe::mod_inherited>;
    using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

    static constexpr CompositeMapping mapping = corm_composite(corm::type<T>{});
    static constexpr QuotedName quoted{EnumMapping{mapping.name, mapping.schema}};
    static constexpr auto fields = composite_fields<T>(static_cast<Members*>(nullptr));
    static constexpr CompositeTable table{fields.data(), fields.size(), {quoted.text.data(), quoted.size}};
};

} // namespace detail

/// Any struct with `corm_composite`. Reads columns of composite types: the count of the fields and the type of each
/// must be those of the struct; a `ConversionError` names the field. A field may be NULL
/// where the member is a std::optional.
template <class T>
    requires detail::CompositeMapped<T>
struct Codec<T> : detail::CompositeCodec<T> {};

} // namespace corm::types

namespace corm {
using types::pg_composite;
} // namespace corm
