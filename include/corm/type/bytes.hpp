// Integers in network byte order, written to and read from buffers.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

namespace corm::types {

namespace detail {

/// Host to network order, and back.
template <std::unsigned_integral T>
[[nodiscard]] constexpr T swap_to_big_endian(T value) noexcept {
    if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1)
        return value;
    else if constexpr (sizeof(T) == 2)
        return __builtin_bswap16(value);
    else if constexpr (sizeof(T) == 4)
        return __builtin_bswap32(value);
    else
        return __builtin_bswap64(value);
}

} // namespace detail

/// Reads an integer in network byte order; `from` holds at least `sizeof(T)` bytes.
template <std::integral T>
[[nodiscard]] inline T get_big_endian(const char* from) noexcept {
    std::make_unsigned_t<T> value;
    std::memcpy(&value, from, sizeof value);
    return static_cast<T>(detail::swap_to_big_endian(value));
}

/// Appends an integer in network byte order.
template <std::integral T>
inline void put_big_endian(std::string& out, T value) {
    const auto swapped = detail::swap_to_big_endian(static_cast<std::make_unsigned_t<T>>(value));
    char bytes[sizeof swapped];
    std::memcpy(bytes, &swapped, sizeof swapped);
    out.append(bytes, sizeof bytes);
}

inline void put_int32(std::string& out, std::int32_t value) {
    put_big_endian(out, value);
}

/// Overwrites four bytes at `at`.
inline void patch_int32(std::string& out, std::size_t at, std::int32_t value) {
    const auto swapped = detail::swap_to_big_endian(static_cast<std::uint32_t>(value));
    std::memcpy(out.data() + at, &swapped, sizeof swapped);
}

} // namespace corm::types
