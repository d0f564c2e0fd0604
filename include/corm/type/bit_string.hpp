// BitString and std::bitset, and their codecs. Not in corm/corm.hpp: include it beside that.
#pragma once

#include <corm/type/codec.hpp>
#include <corm/type/oid.hpp>

#include <array>
#include <bitset>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace corm::types {

/// A string of bits of any length: what `bit(n)` and `bit varying` columns hold. The first bit is the leftmost of the
/// text, as for PostgreSQL's `get_bit`; std::bitset counts from the right. Ordered as the server does.
class BitString {
public:
    BitString() noexcept = default;
    explicit BitString(std::size_t size, bool value = false);
    template <std::size_t size>
    explicit BitString(const std::bitset<size>& bits) : BitString(size) {
        for (std::size_t i = 0; i < size; ++i)
            set(i, bits[size - 1 - i]);
    }
    /// Reads zeros and ones. Throws `ConversionError` for anything else.
    [[nodiscard]] static BitString from_string(std::string_view text);
    [[nodiscard]] std::string to_string() const;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    /// Both throw std::out_of_range.
    [[nodiscard]] bool test(std::size_t index) const;
    void set(std::size_t index, bool value = true);
    void push_back(bool value);

    /// Eight bits each, the first one in the highest; the rest of the last one is zero.
    [[nodiscard]] const std::vector<std::uint8_t>& bytes() const noexcept { return bytes_; }

    friend bool operator==(const BitString&, const BitString&) noexcept = default;
    friend std::strong_ordering operator<=>(const BitString&, const BitString&) noexcept = default;

private:
    std::vector<std::uint8_t> bytes_{};
    std::size_t size_ = 0;
};

/// Reads bit and varbit columns. Sent as varbit, which the server takes for either; the mapping of a `bit(n)` column
/// says so: `.sql_type<&Host::flags>("bit(8)")`.
template <>
struct Codec<BitString> {
    static constexpr Oid oid = oids::varbit;
    static constexpr Oid array_oid = oids::varbit_array;
    static constexpr Format format = Format::binary;
    static constexpr bool written_as_literal = true;
    static constexpr std::string_view sql_type() noexcept { return "varbit"; }
    static void encode(const BitString& value, std::string& out);
    static void decode(const FieldView& field, BitString& target);
    static void literal(const BitString& value, std::string& out);
    static bool same(const BitString& left, const BitString& right) noexcept { return left == right; }
};

namespace detail {

/// Throws `ConversionError` unless the field holds `size` bits.
[[nodiscard]] BitString decode_bits(const FieldView& field, std::size_t size);

/// `bit(12)`, put together by the compiler.
struct BitTypeName {
    std::array<char, 32> text{};
    std::size_t size = 0;

    constexpr explicit BitTypeName(std::size_t bits) {
        std::array<char, 24> digits{};
        std::size_t count = 0;
        for (std::size_t left = bits; left != 0 || count == 0; left /= 10)
            digits[count++] = static_cast<char>('0' + left % 10);
        for (const char c : std::string_view{"bit("})
            text[size++] = c;
        while (count != 0)
            text[size++] = digits[--count];
        text[size++] = ')';
    }
};

} // namespace detail

/// A `bit(n)` column of just this length: another one is a `ConversionError`. What std::bitset prints is what
/// PostgreSQL does: bit 0 is the rightmost.
template <std::size_t bits>
struct Codec<std::bitset<bits>> {
    static_assert(bits > 0, "corm: std::bitset<0> is no column type: bit(n) of PostgreSQL has one bit at least");
    static constexpr Oid oid = oids::bit;
    static constexpr Oid array_oid = oids::bit_array;
    static constexpr Format format = Format::binary;
    static constexpr bool written_as_literal = true;
    static constexpr std::string_view sql_type() noexcept { return {name.text.data(), name.size}; }
    static void encode(const std::bitset<bits>& value, std::string& out) {
        Codec<BitString>::encode(BitString{value}, out);
    }
    static void decode(const FieldView& field, std::bitset<bits>& target) {
        const BitString read = detail::decode_bits(field, bits);
        for (std::size_t i = 0; i < bits; ++i)
            target[bits - 1 - i] = read.test(i);
    }
    static void literal(const std::bitset<bits>& value, std::string& out) {
        Codec<BitString>::literal(BitString{value}, out);
    }
    static bool same(const std::bitset<bits>& left, const std::bitset<bits>& right) noexcept { return left == right; }

private:
    static constexpr detail::BitTypeName name{bits};
};

} // namespace corm::types

namespace corm {
using types::BitString;
} // namespace corm
