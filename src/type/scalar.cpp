#include <corm/type/scalar.hpp>

#include "type/refuse.hpp"
#include <corm/base/error.hpp>
#include <corm/type/numeric.hpp>

#include <charconv>
#include <cmath>

namespace corm::types {
namespace {

bool is_integer(Oid oid) noexcept {
    return oid == oids::int2 || oid == oids::int4 || oid == oids::int8 || oid == oids::oid;
}

std::int64_t binary_integer(const FieldView& field) {
    if (field.oid == oids::int2 && field.size == 2)
        return get_big_endian<std::int16_t>(field.data);
    if (field.oid == oids::int4 && field.size == 4)
        return get_big_endian<std::int32_t>(field.data);
    if (field.oid == oids::oid && field.size == 4)
        return get_big_endian<std::uint32_t>(field.data);
    if (field.oid == oids::int8 && field.size == 8)
        return get_big_endian<std::int64_t>(field.data);
    throw_malformed("integer");
}

// The whole text must be one number.
template <class T>
T from_text(std::string_view text, std::string_view sql_type) {
    T value{};
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem == std::errc::result_out_of_range)
        throw_out_of_range(sql_type);
    if (problem != std::errc{} || end != text.data() + text.size())
        throw_malformed(sql_type);
    return value;
}

std::int64_t any_integer(const FieldView& field, std::string_view sql_type) {
    return field.format == Format::text ? from_text<std::int64_t>(field.bytes(), sql_type) : binary_integer(field);
}

// An integer as T, refused where the conversion would round.
template <class T>
T exact(std::int64_t value, std::string_view sql_type) {
    constexpr std::int64_t bound = std::int64_t{1} << std::numeric_limits<T>::digits;
    const auto converted = static_cast<T>(value);
    // Beyond the mantissa only multiples of powers of two survive. The way back must not overflow: 2^63 is no int64.
    if (value > bound || value < -bound) {
        if (converted >= static_cast<T>(9223372036854775808.0) || static_cast<std::int64_t>(converted) != value)
            throw_out_of_range(sql_type);
    }
    return converted;
}

template <class T>
void write_float(T value, std::string& out) {
    if (std::isnan(value)) {
        out += "NaN";
        return;
    }
    if (std::isinf(value)) {
        out += value > 0 ? "Infinity" : "-Infinity";
        return;
    }
    char digits[64];
    const auto [end, problem] = std::to_chars(digits, digits + sizeof digits, value);
    static_cast<void>(problem); // the shortest form is never longer than 24 characters
    out.append(digits, end);
}

template <class T>
bool same_float(T left, T right) noexcept {
    if (std::isnan(left) || std::isnan(right))
        return std::isnan(left) && std::isnan(right);
    return left == right && std::signbit(left) == std::signbit(right);
}

} // namespace

namespace detail {

std::int64_t read_integer(const FieldView& field, std::int64_t least, std::int64_t most, std::string_view sql_type) {
    std::int64_t value = 0;
    if (is_integer(field.oid)) {
        value = any_integer(field, sql_type);
    } else if (field.oid == oids::numeric) {
        Numeric number;
        Codec<Numeric>::decode(field, number);
        const auto integral = number.as_int64();
        if (!integral)
            throw_out_of_range(sql_type);
        value = *integral;
    } else {
        throw_unreadable(field, sql_type);
    }
    if (value < least || value > most)
        throw_out_of_range(sql_type);
    return value;
}

double read_double(const FieldView& field) {
    if (field.oid == oids::float8 || field.oid == oids::float4) {
        if (field.format == Format::text)
            return from_text<double>(field.bytes(), "float8");
        if (field.oid == oids::float8 && field.size == 8)
            return std::bit_cast<double>(get_big_endian<std::uint64_t>(field.data));
        if (field.oid == oids::float4 && field.size == 4)
            return static_cast<double>(std::bit_cast<float>(get_big_endian<std::uint32_t>(field.data)));
        throw_malformed(field.oid == oids::float8 ? "float8" : "float4");
    }
    if (is_integer(field.oid))
        return exact<double>(any_integer(field, "float8"), "float8");
    throw_unreadable(field, "float8");
}

float read_float(const FieldView& field) {
    if (field.oid == oids::float4) {
        if (field.format == Format::text)
            return from_text<float>(field.bytes(), "float4");
        if (field.size != 4)
            throw_malformed("float4");
        return std::bit_cast<float>(get_big_endian<std::uint32_t>(field.data));
    }
    if (field.oid == oids::float8) {
        const double wide = read_double(field);
        if (std::isnan(wide))
            return std::numeric_limits<float>::quiet_NaN();
        // Out of range is undefined for the cast, so it is asked first.
        if (std::isfinite(wide) && std::abs(wide) > static_cast<double>(std::numeric_limits<float>::max()))
            throw_out_of_range("float4");
        const auto narrow = static_cast<float>(wide);
        if (static_cast<double>(narrow) != wide)
            throw_out_of_range("float4");
        return narrow;
    }
    if (is_integer(field.oid))
        return exact<float>(any_integer(field, "float4"), "float4");
    throw_unreadable(field, "float4");
}

void write_integer(std::int64_t value, std::string& out) {
    char digits[24];
    const auto [end, problem] = std::to_chars(digits, digits + sizeof digits, value);
    static_cast<void>(problem); // 24 characters hold every 64-bit integer
    out.append(digits, end);
}

} // namespace detail

void Codec<bool>::decode(const FieldView& field, bool& target) {
    if (field.oid != oids::boolean)
        throw_unreadable(field, "bool");
    const std::string_view bytes = field.bytes();
    if (field.format == Format::text) {
        // As the server writes it, and as people do.
        target = bytes == "t" || bytes == "true";
        if (!target && bytes != "f" && bytes != "false")
            throw ConversionError("malformed bool value: it is neither true or false nor t or f");
        return;
    }
    if (bytes.size() != 1 || (bytes[0] != '\0' && bytes[0] != '\1'))
        throw_malformed("bool");
    target = bytes[0] == '\1';
}

void Codec<float>::literal(const float& value, std::string& out) {
    write_float(value, out);
}

bool Codec<float>::same(const float& left, const float& right) noexcept {
    return same_float(left, right);
}

void Codec<double>::literal(const double& value, std::string& out) {
    write_float(value, out);
}

bool Codec<double>::same(const double& left, const double& right) noexcept {
    return same_float(left, right);
}

} // namespace corm::types
