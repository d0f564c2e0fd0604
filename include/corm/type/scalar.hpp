// Codecs of bool, the integers and the floating-point types.
#pragma once

#include <corm/type/bytes.hpp>
#include <corm/type/codec.hpp>
#include <corm/type/oid.hpp>

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>

namespace corm::types {

namespace detail {

/// The rare ways into an integer: another width, numeric, text format. Throws `ConversionError` when the value is
/// not integral or not within `least` and `most`.
[[nodiscard]] std::int64_t read_integer(const FieldView& field, std::int64_t least, std::int64_t most,
                                        std::string_view sql_type);
[[nodiscard]] float read_float(const FieldView& field);
[[nodiscard]] double read_double(const FieldView& field);
void write_integer(std::int64_t value, std::string& out);

/// Signed integers by width. Reads int2, int4, int8, oid and numeric columns, with a range check.
template <class T>
struct IntegerCodec {
    static constexpr Oid oid = sizeof(T) == 2 ? oids::int2 : sizeof(T) == 4 ? oids::int4 : oids::int8;
    static constexpr Oid array_oid = sizeof(T) == 2   ? oids::int2_array
                                     : sizeof(T) == 4 ? oids::int4_array
                                                      : oids::int8_array;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept {
        return sizeof(T) == 2 ? "int2" : sizeof(T) == 4 ? "int4" : "int8";
    }
    static void encode(const T& value, std::string& out) { put_big_endian(out, value); }
    static void decode(const FieldView& field, T& target) {
        if (field.oid == oid && field.size == sizeof(T) && field.format == Format::binary) [[likely]]
            target = get_big_endian<T>(field.data);
        else
            target = static_cast<T>(
                read_integer(field, std::numeric_limits<T>::min(), std::numeric_limits<T>::max(), sql_type()));
    }
    static void literal(const T& value, std::string& out) { write_integer(value, out); }
    static bool same(const T& left, const T& right) noexcept { return left == right; }
};

/// The 64-bit type that `std::int64_t` is not: `long long` on Linux.
using OtherInt64 = std::conditional_t<std::same_as<std::int64_t, long>, long long, long>;

} // namespace detail

template <>
struct Codec<std::int16_t> : detail::IntegerCodec<std::int16_t> {};
template <>
struct Codec<std::int32_t> : detail::IntegerCodec<std::int32_t> {};
template <>
struct Codec<std::int64_t> : detail::IntegerCodec<std::int64_t> {};
template <>
struct Codec<detail::OtherInt64> : detail::IntegerCodec<detail::OtherInt64> {};

/// Reads boolean columns only.
template <>
struct Codec<bool> {
    static constexpr Oid oid = oids::boolean;
    static constexpr Oid array_oid = oids::boolean_array;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept { return "bool"; }
    static void encode(const bool& value, std::string& out) { out.push_back(value ? '\1' : '\0'); }
    static void decode(const FieldView& field, bool& target);
    static void literal(const bool& value, std::string& out) { out.push_back(value ? 't' : 'f'); }
    static bool same(const bool& left, const bool& right) noexcept { return left == right; }
};

/// Reads float4, and float8 and integers where the value is exact as a `float`. NaN is the same as NaN; -0.0 differs
/// from 0.0.
template <>
struct Codec<float> {
    static constexpr Oid oid = oids::float4;
    static constexpr Oid array_oid = oids::float4_array;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept { return "float4"; }
    static void encode(const float& value, std::string& out) {
        put_big_endian(out, std::bit_cast<std::uint32_t>(value));
    }
    static void decode(const FieldView& field, float& target) { target = detail::read_float(field); }
    static void literal(const float& value, std::string& out);
    static bool same(const float& left, const float& right) noexcept;
};

/// Reads float8, float4, and integers where the value is exact as a `double`. NaN is the same as NaN; -0.0 differs
/// from 0.0.
template <>
struct Codec<double> {
    static constexpr Oid oid = oids::float8;
    static constexpr Oid array_oid = oids::float8_array;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept { return "float8"; }
    static void encode(const double& value, std::string& out) {
        put_big_endian(out, std::bit_cast<std::uint64_t>(value));
    }
    static void decode(const FieldView& field, double& target) { target = detail::read_double(field); }
    static void literal(const double& value, std::string& out);
    static bool same(const double& left, const double& right) noexcept;
};

} // namespace corm::types
