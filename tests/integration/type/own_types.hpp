// Types of a user's own, each with its codec.
#pragma once

#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>
#include <corm/type/types.hpp>

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace own {

/// Money, kept as numeric with two places.
struct Cents {
    std::int64_t count = 0;
};

inline std::string text_of(const Cents& value) {
    const std::string sign = value.count < 0 ? "-" : "";
    const std::int64_t size = value.count < 0 ? -value.count : value.count;
    const std::string rest = std::to_string(size % 100);
    return sign + std::to_string(size / 100) + "." + (rest.size() < 2 ? "0" : "") + rest;
}

/// PostgreSQL's point.
struct Spot {
    double x = 0, y = 0;
};

/// A composite type of the database.
struct Pair {
    std::int32_t number = 0;
    std::string text{};
};

inline constexpr const char* pair_schema = "create type pair as (number int, text text)";

} // namespace own

template <>
struct corm::types::Codec<own::Cents> {
    using Stored = Codec<Numeric>;
    static constexpr Oid oid = Stored::oid;
    static constexpr Oid array_oid = Stored::array_oid;
    static constexpr Format format = Stored::format;
    static std::string_view sql_type() { return Stored::sql_type(); }
    static void encode(const own::Cents& value, std::string& out) {
        Stored::encode(Numeric::from_string(own::text_of(value)), out);
    }
    static void decode(const FieldView& field, own::Cents& target) {
        Numeric value;
        Stored::decode(field, value);
        target.count = (value * Numeric{100}).to_int64();
    }
    static void literal(const own::Cents& value, std::string& out) { out += own::text_of(value); }
    static bool same(const own::Cents& left, const own::Cents& right) { return left.count == right.count; }
};

template <>
struct corm::types::Codec<own::Spot> {
    static constexpr Oid oid = 600;
    static constexpr Oid array_oid = 1017;
    static constexpr Format format = Format::binary;
    static std::string_view sql_type() { return "point"; }
    static void encode(const own::Spot& value, std::string& out) {
        Codec<double>::encode(value.x, out);
        Codec<double>::encode(value.y, out);
    }
    static void decode(const FieldView& field, own::Spot& target) {
        if (field.oid != oid || field.format != Format::binary || field.size != 16)
            throw ConversionError("this is no point");
        target.x = std::bit_cast<double>(get_big_endian<std::uint64_t>(field.data));
        target.y = std::bit_cast<double>(get_big_endian<std::uint64_t>(field.data + 8));
    }
    static void literal(const own::Spot& value, std::string& out) {
        out.push_back('(');
        Codec<double>::literal(value.x, out);
        out.push_back(',');
        Codec<double>::literal(value.y, out);
        out.push_back(')');
    }
    static bool same(const own::Spot& left, const own::Spot& right) { return left.x == right.x && left.y == right.y; }
};

template <>
struct corm::types::Codec<own::Pair> {
    static constexpr Oid oid = 0;
    static constexpr Oid array_oid = 0;
    static constexpr Format format = Format::text;
    static std::string_view sql_type() { return "pair"; }
    static void encode(const own::Pair& value, std::string& out) {
        out += "(" + std::to_string(value.number) + ",\"";
        for (const char c : value.text) {
            if (c == '"' || c == '\\')
                out.push_back('\\');
            out.push_back(c);
        }
        out += "\")";
    }
    // Binary: the count of the columns, then of each its type, its size and its bytes.
    static void decode(const FieldView& field, own::Pair& target) {
        if (field.format != Format::binary || field.size < 24 || get_big_endian<std::int32_t>(field.data) != 2)
            throw ConversionError("this is no pair");
        target.number = get_big_endian<std::int32_t>(field.data + 12);
        target.text = field.bytes().substr(24);
    }
    static void literal(const own::Pair& value, std::string& out) { encode(value, out); }
    static bool same(const own::Pair& left, const own::Pair& right) {
        return left.number == right.number && left.text == right.text;
    }
};
