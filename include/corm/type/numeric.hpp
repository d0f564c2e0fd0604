// Numeric: exact decimal numbers, and their codec.
#pragma once

#include <corm/type/codec.hpp>
#include <corm/type/oid.hpp>

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corm::types {

/// An exact decimal number, NaN or an infinity: everything that PostgreSQL's `numeric` holds.
///
/// It keeps its scale, the number of digits after the point, as the server does: `1.50` stays `1.50`. Comparison is by
/// value: `1.0 == 1.00`, NaN equals NaN and is greater than everything else. Addition and subtraction give the greater
/// scale of both operands, multiplication the sum; nothing rounds. A value beyond 131,072 digits before the point or
/// 16,383 after it is a `ConversionError`.
class Numeric {
public:
    /// Zero, scale 0.
    Numeric() noexcept = default;
    template <std::integral I>
        requires(!std::same_as<I, bool>)
    Numeric(I value) // NOLINT: every integer is a numeric
        : Numeric(value < 0, value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value)) {}
    /// As `from_string`.
    explicit Numeric(std::string_view text) : Numeric(from_string(text)) {}

    /// Reads `-12.50`, `1e-3`, `NaN`, `Infinity`, `-inf`; no spaces. Throws `ConversionError` for anything else.
    [[nodiscard]] static Numeric from_string(std::string_view text);
    /// The shortest decimal that gives `value` back: 0.1 becomes 0.1.
    [[nodiscard]] static Numeric from_double(double value);
    [[nodiscard]] static Numeric nan() noexcept;
    [[nodiscard]] static Numeric infinity() noexcept;

    [[nodiscard]] bool is_nan() const noexcept { return kind_ == Kind::nan; }
    [[nodiscard]] bool is_infinite() const noexcept { return kind_ == Kind::infinite; }
    [[nodiscard]] bool is_zero() const noexcept { return kind_ == Kind::finite && digits_.empty(); }
    [[nodiscard]] bool is_negative() const noexcept { return negative_; }
    /// Digits after the point; 0 for NaN and infinities.
    [[nodiscard]] int scale() const noexcept { return scale_; }

    /// As the server writes it.
    [[nodiscard]] std::string to_string() const;
    /// Throws `ConversionError` unless the value is integral and fits.
    [[nodiscard]] std::int64_t to_int64() const;
    /// Empty unless the value is integral and fits.
    [[nodiscard]] std::optional<std::int64_t> as_int64() const noexcept;
    /// The nearest double. Throws `ConversionError` when the value is beyond the range of double, either way.
    [[nodiscard]] double to_double() const;

    [[nodiscard]] Numeric operator-() const;
    Numeric& operator+=(const Numeric& other) { return *this = *this + other; }
    Numeric& operator-=(const Numeric& other) { return *this = *this - other; }
    Numeric& operator*=(const Numeric& other) { return *this = *this * other; }
    [[nodiscard]] friend Numeric operator+(const Numeric& left, const Numeric& right) {
        return sum(left, right, false);
    }
    [[nodiscard]] friend Numeric operator-(const Numeric& left, const Numeric& right) { return sum(left, right, true); }
    [[nodiscard]] friend Numeric operator*(const Numeric& left, const Numeric& right) { return product(left, right); }

    [[nodiscard]] friend bool operator==(const Numeric& left, const Numeric& right) noexcept {
        return left.kind_ == right.kind_ && left.negative_ == right.negative_ && left.weight_ == right.weight_ &&
               left.digits_ == right.digits_;
    }
    [[nodiscard]] friend std::weak_ordering operator<=>(const Numeric& left, const Numeric& right) noexcept {
        return order(left, right);
    }

    /// Equal values give equal hashes, whatever their scales.
    [[nodiscard]] std::size_t hash() const noexcept;

    /// Appends the server's binary form.
    void append_binary(std::string& out) const;
    void append_text(std::string& out) const;
    /// Reads the server's binary form; throws `ConversionError` for other bytes.
    [[nodiscard]] static Numeric from_binary(std::string_view bytes);

private:
    enum class Kind : std::uint8_t { finite, nan, infinite };
    using Digits = std::vector<std::int16_t>;

    Numeric(bool negative, std::uint64_t magnitude);
    // Strips zeros and checks the limits.
    Numeric(bool negative, Digits digits, int weight, int scale);

    static Numeric special(Kind kind, bool negative) noexcept;
    static Numeric sum(const Numeric& left, const Numeric& right, bool negate_right);
    static Numeric product(const Numeric& left, const Numeric& right);
    static std::weak_ordering order(const Numeric& left, const Numeric& right) noexcept;
    [[nodiscard]] int fraction_digits() const noexcept;

    // Base 10,000, most significant first, no zeros at either end; digits_[i] counts 10000^(weight_ - i).
    Digits digits_;
    std::int32_t weight_ = 0; // 0 for zero
    std::int32_t scale_ = 0;
    Kind kind_ = Kind::finite;
    bool negative_ = false;
};

/// Reads numeric, and integer columns (int2, int4, int8). `same` also compares scales.
template <>
struct Codec<Numeric> {
    static constexpr Oid oid = oids::numeric;
    static constexpr Oid array_oid = oids::numeric_array;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept { return "numeric"; }
    static void encode(const Numeric& value, std::string& out) { value.append_binary(out); }
    static void decode(const FieldView& field, Numeric& target);
    static void literal(const Numeric& value, std::string& out) { value.append_text(out); }
    static bool same(const Numeric& left, const Numeric& right) noexcept {
        return left.scale() == right.scale() && left == right;
    }
};

} // namespace corm::types

template <>
struct std::hash<corm::types::Numeric> {
    std::size_t operator()(const corm::types::Numeric& value) const noexcept { return value.hash(); }
};
