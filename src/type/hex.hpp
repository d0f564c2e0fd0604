// Hexadecimal digits, without a locale.
#pragma once

#include <string>

namespace corm::types {

/// 0 to 15, or -1 for anything that is no hexadecimal digit.
[[nodiscard]] constexpr int hex_value(char digit) noexcept {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/// Appends two lower-case digits.
inline void put_hex(std::string& out, unsigned char byte) {
    constexpr char digits[] = "0123456789abcdef";
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
}

} // namespace corm::types
