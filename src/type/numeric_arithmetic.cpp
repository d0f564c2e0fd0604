// Numeric: exact addition, subtraction and multiplication, as taught in school, in base 10,000.
#include <corm/type/numeric.hpp>

#include <algorithm>

namespace corm::types {

Numeric Numeric::operator-() const {
    Numeric negated = *this;
    negated.negative_ = !negative_ && !is_zero() && !is_nan();
    return negated;
}

Numeric Numeric::sum(const Numeric& left, const Numeric& right, bool negate_right) {
    if (left.is_nan() || right.is_nan())
        return nan();
    const bool right_negative = right.negative_ != negate_right;
    if (left.is_infinite() && right.is_infinite())
        return left.negative_ == right_negative ? left : nan();
    if (left.is_infinite())
        return left;
    if (right.is_infinite())
        return special(Kind::infinite, right_negative);

    // One column per power of 10,000 that either number touches, and one for the carry.
    const auto lowest = [](const Numeric& n) { return n.weight_ - static_cast<std::int32_t>(n.digits_.size()) + 1; };
    const std::int32_t top = std::max(left.weight_, right.weight_) + 1;
    const std::int32_t bottom = std::min(lowest(left), lowest(right));
    std::vector<std::int32_t> columns(static_cast<std::size_t>(top - bottom) + 1);
    const auto add = [&](const Numeric& n, std::int32_t factor) {
        for (std::size_t i = 0; i < n.digits_.size(); ++i)
            columns[static_cast<std::size_t>(top - n.weight_) + i] += factor * n.digits_[i];
    };
    add(left, left.negative_ ? -1 : 1);
    add(right, right_negative ? -1 : 1);

    // The sign of the first column that is not zero is that of the sum; with it taken out, borrows resolve downwards.
    const auto first = std::find_if(columns.begin(), columns.end(), [](std::int32_t column) { return column != 0; });
    const bool negative = first != columns.end() && *first < 0;
    Digits digits(columns.size());
    std::int32_t carry = 0;
    for (std::size_t i = columns.size(); i-- > 0;) {
        std::int32_t value = (negative ? -columns[i] : columns[i]) + carry;
        carry = value < 0 ? -1 : value / 10000;
        value -= carry * 10000;
        digits[i] = static_cast<std::int16_t>(value);
    }
    return Numeric(negative, std::move(digits), top, std::max(left.scale_, right.scale_));
}

Numeric Numeric::product(const Numeric& left, const Numeric& right) {
    if (left.is_nan() || right.is_nan())
        return nan();
    const bool negative = left.negative_ != right.negative_;
    if (left.is_infinite() || right.is_infinite())
        return left.is_zero() || right.is_zero() ? nan() : special(Kind::infinite, negative);

    // A column gathers at most 40,000 products below 10^8: far from the end of 64 bits.
    std::vector<std::uint64_t> columns(left.digits_.size() + right.digits_.size());
    for (std::size_t i = 0; i < left.digits_.size(); ++i) {
        for (std::size_t k = 0; k < right.digits_.size(); ++k)
            columns[i + k + 1] +=
                static_cast<std::uint64_t>(left.digits_[i]) * static_cast<std::uint64_t>(right.digits_[k]);
    }
    Digits digits(columns.size());
    std::uint64_t carry = 0;
    for (std::size_t i = columns.size(); i-- > 0;) {
        carry += columns[i];
        digits[i] = static_cast<std::int16_t>(carry % 10000);
        carry /= 10000;
    }
    return Numeric(negative, std::move(digits), left.weight_ + right.weight_ + 1, left.scale_ + right.scale_);
}

} // namespace corm::types
