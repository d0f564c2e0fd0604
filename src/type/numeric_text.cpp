// Numeric from and to text, and to the number types of C++.
#include <corm/type/numeric.hpp>

#include <corm/base/error.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace corm::types {
namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool equal_ignoring_case(std::string_view text, std::string_view lower) noexcept {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                      [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

[[noreturn]] void refuse() {
    throw ConversionError("not a numeric: digits with at most one point and an exponent are needed, or NaN, Infinity");
}

// Takes the run of digits at the front.
std::string_view take_digits(std::string_view& text) noexcept {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    const auto length = static_cast<std::size_t>(end - text.begin());
    const std::string_view digits = text.substr(0, length);
    text.remove_prefix(length);
    return digits;
}

// The exponent, held within bounds at which every number but zero is out of range anyway.
int take_exponent(std::string_view& text) {
    text.remove_prefix(1);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+'))
        text.remove_prefix(1);
    const std::string_view digits = take_digits(text);
    if (digits.empty())
        refuse();
    constexpr int bound = 1'000'000;
    int exponent = 0;
    for (const char digit : digits)
        exponent = std::min(bound, exponent * 10 + (digit - '0'));
    return negative ? -exponent : exponent;
}

} // namespace

Numeric Numeric::from_string(std::string_view text) {
    std::string_view rest = text;
    const bool negative = rest.starts_with('-');
    if (negative || rest.starts_with('+'))
        rest.remove_prefix(1);
    if (equal_ignoring_case(rest, "infinity") || equal_ignoring_case(rest, "inf"))
        return special(Kind::infinite, negative);
    if (equal_ignoring_case(text, "nan"))
        return nan();

    const std::string_view whole = take_digits(rest);
    std::string_view fraction;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        fraction = take_digits(rest);
    }
    if (whole.empty() && fraction.empty())
        refuse();
    int exponent = 0;
    if (rest.starts_with('e') || rest.starts_with('E'))
        exponent = take_exponent(rest);
    if (!rest.empty())
        refuse();

    // The server's limits (a ConversionError below) leave no room for more; this keeps the sums within int.
    constexpr std::size_t longest = 1'000'000;
    std::string decimal{whole};
    decimal += fraction;
    const std::size_t zeros = std::min(decimal.find_first_not_of('0'), decimal.size());
    decimal.erase(0, zeros);
    if (decimal.size() > longest || zeros > longest)
        throw ConversionError("a numeric holds at most 131072 digits before the decimal point and 16383 after it");

    const int scale = std::max(0, static_cast<int>(fraction.size()) - exponent);
    if (decimal.empty())
        return Numeric(false, Digits{}, 0, scale);

    // `point` digits stand before the decimal point. Groups of four are counted from there, either way.
    const int point = static_cast<int>(whole.size()) - static_cast<int>(zeros) + exponent;
    const int weight = point > 0 ? (point + 3) / 4 - 1 : -(-point / 4) - 1;
    decimal.insert(0, static_cast<std::size_t>((weight + 1) * 4 - point), '0');
    decimal.append((4 - decimal.size() % 4) % 4, '0');
    Digits digits;
    digits.reserve(decimal.size() / 4);
    for (std::size_t i = 0; i < decimal.size(); i += 4) {
        int group = 0;
        for (std::size_t k = 0; k < 4; ++k)
            group = group * 10 + (decimal[i + k] - '0');
        digits.push_back(static_cast<std::int16_t>(group));
    }
    return Numeric(negative, std::move(digits), weight, scale);
}

Numeric Numeric::from_double(double value) {
    char digits[32];
    const auto [end, problem] = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific);
    static_cast<void>(problem); // the shortest form is never longer than 24 characters
    return std::isnan(value) ? nan() : from_string({digits, end});
}

void Numeric::append_text(std::string& out) const {
    if (is_nan()) {
        out += "NaN";
        return;
    }
    if (negative_)
        out.push_back('-');
    if (is_infinite()) {
        out += "Infinity";
        return;
    }
    const auto put_group = [&](std::int32_t index, int shown, bool padded) {
        const bool present = index >= 0 && index < static_cast<std::int32_t>(digits_.size());
        int value = present ? digits_[static_cast<std::size_t>(index)] : 0;
        char group[4];
        for (int i = 3; i >= 0; --i, value /= 10)
            group[i] = static_cast<char>('0' + value % 10);
        int from = 0;
        while (!padded && from < 3 && group[from] == '0')
            ++from;
        out.append(group + from, group + shown);
    };
    if (weight_ < 0)
        out.push_back('0');
    for (std::int32_t i = 0; i <= weight_; ++i)
        put_group(i, 4, i > 0);
    if (scale_ > 0) {
        out.push_back('.');
        for (std::int32_t done = 0; done < scale_; done += 4)
            put_group(weight_ + 1 + done / 4, std::min(4, scale_ - done), true);
    }
}

std::string Numeric::to_string() const {
    std::string text;
    append_text(text);
    return text;
}

std::optional<std::int64_t> Numeric::as_int64() const noexcept {
    if (kind_ != Kind::finite || fraction_digits() != 0 || weight_ > 4)
        return std::nullopt;
    // Downwards from zero, because the least integer has no positive counterpart.
    std::int64_t value = 0;
    for (std::int32_t i = 0; i <= weight_; ++i) {
        const auto index = static_cast<std::size_t>(i);
        const std::int64_t digit = index < digits_.size() ? digits_[index] : 0;
        if (__builtin_mul_overflow(value, 10000, &value) || __builtin_sub_overflow(value, digit, &value))
            return std::nullopt;
    }
    if (!negative_ && __builtin_sub_overflow(std::int64_t{0}, value, &value))
        return std::nullopt;
    return value;
}

std::int64_t Numeric::to_int64() const {
    const std::optional<std::int64_t> value = as_int64();
    if (!value)
        throw ConversionError("the numeric is not an integer of 64 bits");
    return *value;
}

double Numeric::to_double() const {
    const std::string text = to_string();
    double value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    static_cast<void>(end);
    if (problem != std::errc{})
        throw ConversionError("the numeric is beyond the range of double");
    return value;
}

} // namespace corm::types
