// Numeric: construction, comparison and the binary form.
#include <corm/type/numeric.hpp>

#include "type/refuse.hpp"
#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>
#include <corm/type/scalar.hpp>

#include <algorithm>

namespace corm::types {
namespace {

// The words of the sign field (src/backend/utils/adt/numeric.c).
constexpr std::uint16_t positive_sign = 0x0000, negative_sign = 0x4000, nan_sign = 0xc000;
constexpr std::uint16_t infinity_sign = 0xd000, minus_infinity_sign = 0xf000;

constexpr int weight_limit = 32767;
constexpr int scale_limit = 16383;

} // namespace

Numeric::Numeric(bool negative, std::uint64_t magnitude) : negative_(negative && magnitude != 0) {
    for (std::uint64_t rest = magnitude; rest != 0; rest /= 10000)
        digits_.push_back(static_cast<std::int16_t>(rest % 10000));
    std::reverse(digits_.begin(), digits_.end());
    weight_ = digits_.empty() ? 0 : static_cast<std::int32_t>(digits_.size()) - 1;
    while (!digits_.empty() && digits_.back() == 0)
        digits_.pop_back();
}

Numeric::Numeric(bool negative, Digits digits, int weight, int scale)
    : digits_(std::move(digits)), weight_(weight), scale_(scale) {
    const auto first = std::find_if(digits_.begin(), digits_.end(), [](std::int16_t digit) { return digit != 0; });
    weight_ -= static_cast<std::int32_t>(first - digits_.begin());
    digits_.erase(digits_.begin(), first);
    while (!digits_.empty() && digits_.back() == 0)
        digits_.pop_back();
    if (digits_.empty())
        weight_ = 0;
    negative_ = negative && !digits_.empty();
    if (weight_ > weight_limit || scale_ > scale_limit)
        throw ConversionError("a numeric holds at most 131072 digits before the decimal point and 16383 after it");
}

Numeric Numeric::special(Kind kind, bool negative) noexcept {
    Numeric value;
    value.kind_ = kind;
    value.negative_ = negative;
    return value;
}

Numeric Numeric::nan() noexcept {
    return special(Kind::nan, false);
}

Numeric Numeric::infinity() noexcept {
    return special(Kind::infinite, false);
}

// How many digits after the point the value needs, whatever its scale says.
int Numeric::fraction_digits() const noexcept {
    if (digits_.empty())
        return 0;
    int needed = (static_cast<int>(digits_.size()) - 1 - weight_) * 4;
    for (int last = digits_.back(); last % 10 == 0; last /= 10)
        --needed;
    return std::max(needed, 0);
}

std::weak_ordering Numeric::order(const Numeric& left, const Numeric& right) noexcept {
    if (left.is_nan() || right.is_nan())
        return left.is_nan() <=> right.is_nan();
    if (left.negative_ != right.negative_)
        return right.negative_ <=> left.negative_;
    const Numeric& low = left.negative_ ? right : left;
    const Numeric& high = left.negative_ ? left : right;
    if (low.is_infinite() || high.is_infinite())
        return low.is_infinite() <=> high.is_infinite();
    if (low.is_zero() || high.is_zero())
        return !low.is_zero() <=> !high.is_zero();
    if (low.weight_ != high.weight_)
        return low.weight_ <=> high.weight_;
    return low.digits_ <=> high.digits_;
}

std::size_t Numeric::hash() const noexcept {
    std::uint64_t mixed = static_cast<std::uint64_t>(weight_) * 4 + static_cast<std::uint64_t>(kind_);
    mixed = mixed * 2 + (negative_ ? 1 : 0);
    for (const std::int16_t digit : digits_)
        mixed = (mixed ^ static_cast<std::uint64_t>(digit)) * 0x9e3779b97f4a7c15U + (mixed >> 29);
    return static_cast<std::size_t>(mixed ^ (mixed >> 32));
}

void Numeric::append_binary(std::string& out) const {
    const std::uint16_t finite_sign = negative_ ? negative_sign : positive_sign;
    const std::uint16_t infinite_sign = negative_ ? minus_infinity_sign : infinity_sign;
    put_big_endian(out, static_cast<std::uint16_t>(digits_.size()));
    put_big_endian(out, static_cast<std::int16_t>(weight_));
    put_big_endian(out, is_nan() ? nan_sign : is_infinite() ? infinite_sign : finite_sign);
    put_big_endian(out, static_cast<std::uint16_t>(scale_));
    for (const std::int16_t digit : digits_)
        put_big_endian(out, digit);
}

Numeric Numeric::from_binary(std::string_view bytes) {
    constexpr std::size_t header = 8;
    if (bytes.size() < header)
        throw_malformed("numeric");
    const std::size_t count = get_big_endian<std::uint16_t>(bytes.data());
    const int weight = get_big_endian<std::int16_t>(bytes.data() + 2);
    const auto sign = get_big_endian<std::uint16_t>(bytes.data() + 4);
    const int scale = get_big_endian<std::uint16_t>(bytes.data() + 6);
    if (bytes.size() != header + count * 2)
        throw_malformed("numeric");
    if (sign == nan_sign || sign == infinity_sign || sign == minus_infinity_sign) {
        if (count != 0)
            throw_malformed("numeric");
        return special(sign == nan_sign ? Kind::nan : Kind::infinite, sign == minus_infinity_sign);
    }
    if ((sign != positive_sign && sign != negative_sign) || scale > scale_limit)
        throw_malformed("numeric");
    Digits digits(count);
    for (std::size_t i = 0; i < count; ++i) {
        digits[i] = get_big_endian<std::int16_t>(bytes.data() + header + i * 2);
        if (digits[i] < 0 || digits[i] > 9999)
            throw_malformed("numeric");
    }
    Numeric value(sign == negative_sign, std::move(digits), weight, scale);
    // Digits beyond the scale would be a value that no text shows.
    if (value.fraction_digits() > scale)
        throw_malformed("numeric");
    return value;
}

void Codec<Numeric>::decode(const FieldView& field, Numeric& target) {
    if (field.oid == oids::numeric) {
        target =
            field.format == Format::text ? Numeric::from_string(field.bytes()) : Numeric::from_binary(field.bytes());
    } else if (field.oid == oids::int2 || field.oid == oids::int4 || field.oid == oids::int8) {
        std::int64_t value = 0;
        Codec<std::int64_t>::decode(field, value);
        target = value;
    } else {
        throw_unreadable(field, "corm::types::Numeric");
    }
}

} // namespace corm::types
