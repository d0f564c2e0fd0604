// Codecs of jsonb for boost::json::value, and of json for its text. Include <boost/json/value.hpp> to use the values.
#pragma once

#include <corm/type/codec.hpp>
#include <corm/type/oid.hpp>

#include <string>
#include <string_view>

namespace boost::json {
class value;
}

namespace corm::types {

/// Nesting of arrays and objects that is read and written.
inline constexpr int json_depth_limit = 256;

/// jsonb as parameter; reads jsonb and json columns.
///
/// Refused before sending, with `ConversionError`: NUL and invalid UTF-8 in strings and keys, numbers that are not
/// finite, nesting beyond `json_depth_limit`. Refused on reading: integers that neither 64 bits nor a `double` hold
/// exactly, numbers beyond the range of `double`. Decimal fractions become the nearest `double`. `same` compares
/// structure, and numbers by value whatever their kind.
template <>
struct Codec<boost::json::value> {
    static constexpr Oid oid = oids::jsonb;
    static constexpr Oid array_oid = oids::jsonb_array;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept { return "jsonb"; }
    static void encode(const boost::json::value& value, std::string& out);
    static void decode(const FieldView& field, boost::json::value& target);
    static void literal(const boost::json::value& value, std::string& out);
    static bool same(const boost::json::value& left, const boost::json::value& right);
};

/// The text of a JSON document as a json column keeps it: spaces, the order of members, repeated members and every
/// digit of a number stay as they are.
struct JsonText {
    std::string text = "null";

    friend bool operator==(const JsonText&, const JsonText&) noexcept = default;
};

/// json as parameter; reads json columns, and jsonb as the server writes it. NUL and invalid UTF-8 are refused before
/// sending; whether the text is JSON is for the server to check. `same` compares the text.
template <>
struct Codec<JsonText> {
    static constexpr Oid oid = oids::json;
    static constexpr Oid array_oid = oids::json_array;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept { return "json"; }
    static void encode(const JsonText& value, std::string& out);
    static void decode(const FieldView& field, JsonText& target);
    static void literal(const JsonText& value, std::string& out) { encode(value, out); }
    static bool same(const JsonText& left, const JsonText& right) noexcept { return left == right; }
};

} // namespace corm::types
