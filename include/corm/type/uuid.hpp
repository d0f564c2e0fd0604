// Uuid, and its codec.
#pragma once

#include <corm/type/codec.hpp>
#include <corm/type/oid.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace corm::types {

/// A UUID (RFC 9562): 16 bytes in network order. Default-constructed it is nil, all zeros. Ordered by its bytes, as
/// PostgreSQL orders them.
class Uuid {
public:
    using Octets = std::array<std::uint8_t, 16>;

    constexpr Uuid() noexcept = default;
    constexpr explicit Uuid(const Octets& octets) noexcept : octets_(octets) {}

    /// A version 4 UUID from the system's source of randomness. Thread-safe. Throws `Error` when that source fails.
    [[nodiscard]] static Uuid random();
    /// A version 7 UUID: milliseconds since 1970, a fraction of them, then random bits. Each call in a process gives a
    /// greater one than all calls before it, also when the clock steps back. Thread-safe. Throws as `random()`.
    [[nodiscard]] static Uuid time_ordered();
    /// Reads 32 hexadecimal digits, with all four hyphens of the usual form or without any; case is ignored.
    /// Throws `ConversionError` for anything else.
    [[nodiscard]] static Uuid from_string(std::string_view text);

    /// Lower case, with hyphens.
    [[nodiscard]] std::string to_string() const;
    [[nodiscard]] constexpr bool is_nil() const noexcept { return *this == Uuid{}; }
    [[nodiscard]] constexpr int version() const noexcept { return octets_[6] >> 4; }
    [[nodiscard]] constexpr const Octets& octets() const noexcept { return octets_; }

    friend constexpr bool operator==(const Uuid&, const Uuid&) noexcept = default;
    friend constexpr std::strong_ordering operator<=>(const Uuid&, const Uuid&) noexcept = default;

private:
    Octets octets_{};
};

/// Reads uuid columns only.
template <>
struct Codec<Uuid> {
    static constexpr Oid oid = oids::uuid;
    static constexpr Oid array_oid = oids::uuid_array;
    static constexpr Format format = Format::binary;
    static constexpr std::string_view sql_type() noexcept { return "uuid"; }
    static void encode(const Uuid& value, std::string& out);
    static void decode(const FieldView& field, Uuid& target);
    static void literal(const Uuid& value, std::string& out);
    static bool same(const Uuid& left, const Uuid& right) noexcept { return left == right; }
};

} // namespace corm::types

template <>
struct std::hash<corm::types::Uuid> {
    std::size_t operator()(const corm::types::Uuid& value) const noexcept {
        // Time-ordered ones differ in both halves, random ones anywhere: the odd factor spreads the first half.
        std::uint64_t half[2];
        std::memcpy(half, value.octets().data(), sizeof half);
        const std::uint64_t mixed = half[0] * 0x9e3779b97f4a7c15U ^ half[1];
        return static_cast<std::size_t>(mixed ^ (mixed >> 32));
    }
};
