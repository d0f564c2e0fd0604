// Described structs as JSON documents. Includes Boost.Describe.
#pragma once

#include <corm/base/type_tag.hpp>
#include <corm/type/codec.hpp>
#include <corm/type/detail/json_access.hpp>
#include <corm/type/oid.hpp>

#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>

#include <array>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace corm::types {

/// The column type of a struct that is kept as JSON: `as_jsonb` or `as_json`.
struct JsonMapping {
    Oid oid;
    Oid array_oid;
    std::string_view sql_type;
};

/// Keeps a described struct as one jsonb document. Declare it beside the struct:
///
/// ```cpp
/// struct Address { std::string street; std::optional<std::string> zip; };
/// BOOST_DESCRIBE_STRUCT(Address, (), (street, zip))
/// constexpr auto corm_json(corm::type<Address>) { return corm::as_jsonb; }
/// ```
///
/// Members may be numbers, bool, std::string, described enums (by name), described structs (which need no `corm_json`
/// of their own), std::optional and std::vector of them, boost::json::value, and every type with a codec: these are
/// strings, in the form of the codec's `literal`. A struct may contain vectors of itself.
///
/// Reading is strict, and every `ConversionError` names the path of the member: one that is missing (unless it is
/// optional), one that the struct does not have (writing would lose it), and a value that the member cannot hold.
/// Empty optionals are written as null.
inline constexpr JsonMapping as_jsonb{oids::jsonb, oids::jsonb_array, "jsonb"};
/// The same in a json column, which keeps the order of the members.
inline constexpr JsonMapping as_json{oids::json, oids::json_array, "json"};

namespace detail {

template <class T>
concept JsonMapped = std::is_class_v<T> && requires {
    { corm_json(corm::type<T>{}) } -> std::convertible_to<JsonMapping>;
};

/// Stands in for a struct that is not described. The assertion sits in a body, so that concepts see a codec and the
/// sentence is the only message; the functions without a body are never reached.
template <class T>
struct JsonCodec {
    static constexpr Oid oid = 0;
    static constexpr Oid array_oid = 0;
    static constexpr Format format = Format::binary;
    static std::string_view sql_type() {
        static_assert(JsonObject<T>, "corm: a type with corm_json must be a described struct: beside it, write "
                                     "BOOST_DESCRIBE_STRUCT(Address, (), (street, zip))");
        return {};
    }
    static void encode(const T& value, std::string& out);
    static void decode(const FieldView& field, T& target);
    static void literal(const T& value, std::string& out);
    static bool same(const T& left, const T& right);
};

template <JsonObject T>
struct JsonCodec<T> {
    static constexpr JsonMapping mapping = corm_json(corm::type<T>{});
    static constexpr Oid oid = mapping.oid;
    static constexpr Oid array_oid = mapping.array_oid;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept { return mapping.sql_type; }

    static void encode(const T& value, std::string& out) {
        write_json_document(json_table<T>(), &value, oid == oids::jsonb, out);
    }
    /// After a `ConversionError` the target is valid, but what it holds is unspecified.
    static void decode(const FieldView& field, T& target) { read_json_document(json_table<T>(), field, &target); }
    static void literal(const T& value, std::string& out) { write_json_document(json_table<T>(), &value, false, out); }
    static bool same(const T& left, const T& right) { return same_json_object(json_table<T>(), &left, &right); }
};

} // namespace detail

/// Any struct with `corm_json`. Reads jsonb and json columns.
template <class T>
    requires detail::JsonMapped<T>
struct Codec<T> : detail::JsonCodec<T> {};

} // namespace corm::types
