// Addresses of networks and network cards, and their codecs. Not in corm/corm.hpp: include it beside that.
#pragma once

#include <corm/type/codec.hpp>
#include <corm/type/oid.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace corm::types {

enum class NetworkKind : bool { inet, cidr };

namespace detail {

/// An address of 4 or 16 octets in network order, and how many of its bits are those of the network.
struct NetworkBits {
    std::array<std::uint8_t, 16> octets{};
    std::uint8_t prefix = 32;
    bool is_v6 = false;

    friend constexpr bool operator==(const NetworkBits&, const NetworkBits&) noexcept = default;
};

[[nodiscard]] NetworkBits make_network(std::span<const std::uint8_t> octets, int prefix, NetworkKind kind);
[[nodiscard]] NetworkBits read_network(std::string_view text, NetworkKind kind);
[[nodiscard]] NetworkBits masked(const NetworkBits& bits) noexcept;
[[nodiscard]] bool network_contains(const NetworkBits& network, const NetworkBits& other) noexcept;
[[nodiscard]] std::strong_ordering compare_networks(const NetworkBits& left, const NetworkBits& right) noexcept;
void write_network(const NetworkBits& bits, NetworkKind kind, std::string& out);
void encode_network(const NetworkBits& bits, NetworkKind kind, std::string& out);
[[nodiscard]] NetworkBits decode_network(const FieldView& field, NetworkKind kind);

} // namespace detail

/// What an `inet` or a `cidr` column holds: an address of IPv4 or IPv6, and the length of its network's prefix. See
/// `Inet` and `Cidr`. Compared and ordered as PostgreSQL does: by the network, then by its prefix, then by the address.
template <NetworkKind kind>
class NetworkAddress {
public:
    using V4 = std::array<std::uint8_t, 4>;
    using V6 = std::array<std::uint8_t, 16>;

    /// 0.0.0.0/32.
    constexpr NetworkAddress() noexcept = default;
    /// Octets in network order. Throws `ConversionError` for a prefix that is negative or longer than the address, and
    /// for a `Cidr` with bits behind its prefix.
    explicit NetworkAddress(const V4& octets, int prefix = 32) : bits_(detail::make_network(octets, prefix, kind)) {}
    explicit NetworkAddress(const V6& octets, int prefix = 128) : bits_(detail::make_network(octets, prefix, kind)) {}
    /// A network is an address as well.
    template <NetworkKind other_kind>
        requires(kind == NetworkKind::inet && other_kind == NetworkKind::cidr)
    explicit NetworkAddress(const NetworkAddress<other_kind>& network) noexcept : bits_(network.bits()) {}

    /// Reads `192.168.0.1`, `192.168.0.0/24`, `2001:db8::1`, `::ffff:10.0.0.1/128`; without a length the prefix is the
    /// whole address. The short forms of networks that PostgreSQL reads too, as `10.1`, are refused. Throws
    /// `ConversionError` for anything else.
    [[nodiscard]] static NetworkAddress from_string(std::string_view text) {
        return NetworkAddress{detail::read_network(text, kind)};
    }
    /// As the server writes it: an `Inet` of its whole length without that.
    [[nodiscard]] std::string to_string() const {
        std::string text;
        detail::write_network(bits_, kind, text);
        return text;
    }

    [[nodiscard]] constexpr bool is_v4() const noexcept { return !bits_.is_v6; }
    [[nodiscard]] constexpr bool is_v6() const noexcept { return bits_.is_v6; }
    [[nodiscard]] constexpr int prefix() const noexcept { return bits_.prefix; }
    /// 4 or 16, in network order; of this object.
    [[nodiscard]] std::span<const std::uint8_t> octets() const noexcept {
        return std::span{bits_.octets}.first(bits_.is_v6 ? 16 : 4);
    }
    /// The network without the bits behind its prefix.
    [[nodiscard]] NetworkAddress<NetworkKind::cidr> network() const noexcept {
        return NetworkAddress<NetworkKind::cidr>{detail::masked(bits_)};
    }
    /// As the server's `>>=`: `other` is this network, or in it.
    template <NetworkKind other_kind>
    [[nodiscard]] bool contains(const NetworkAddress<other_kind>& other) const noexcept {
        return detail::network_contains(bits_, other.bits());
    }
    [[nodiscard]] constexpr const detail::NetworkBits& bits() const noexcept { return bits_; }

    friend constexpr bool operator==(const NetworkAddress&, const NetworkAddress&) noexcept = default;
    friend std::strong_ordering operator<=>(const NetworkAddress& left, const NetworkAddress& right) noexcept {
        return detail::compare_networks(left.bits_, right.bits_);
    }

private:
    template <NetworkKind>
    friend class NetworkAddress;
    friend struct Codec<NetworkAddress>;

    explicit constexpr NetworkAddress(const detail::NetworkBits& bits) noexcept : bits_(bits) {}

    detail::NetworkBits bits_{};
};

/// The address of a host, and maybe its network: `192.168.0.1/24`.
using Inet = NetworkAddress<NetworkKind::inet>;
/// A network: `192.168.0.0/24`. All bits behind the prefix are zero.
using Cidr = NetworkAddress<NetworkKind::cidr>;

/// `Inet` reads inet and cidr columns, `Cidr` those of cidr only.
template <NetworkKind kind>
struct Codec<NetworkAddress<kind>> {
    using Value = NetworkAddress<kind>;
    static constexpr bool is_inet = kind == NetworkKind::inet;
    static constexpr Oid oid = is_inet ? oids::inet : oids::cidr;
    static constexpr Oid array_oid = is_inet ? oids::inet_array : oids::cidr_array;
    static constexpr Format format = Format::binary;
    static constexpr bool written_as_literal = true;
    static constexpr std::string_view sql_type() noexcept { return is_inet ? "inet" : "cidr"; }
    static void encode(const Value& value, std::string& out) { detail::encode_network(value.bits(), kind, out); }
    static void decode(const FieldView& field, Value& target) { target = Value{detail::decode_network(field, kind)}; }
    static void literal(const Value& value, std::string& out) { detail::write_network(value.bits(), kind, out); }
    static bool same(const Value& left, const Value& right) noexcept { return left == right; }
};

namespace detail {
/// Throws `ConversionError` for anything but `octets.size()` octets.
void read_mac(std::string_view text, std::span<std::uint8_t> octets);
void write_mac(std::span<const std::uint8_t> octets, std::string& out);
void decode_mac(const FieldView& field, std::span<std::uint8_t> octets);
} // namespace detail

/// The address of a network card: of 6 octets what a `macaddr` column holds, of 8 (EUI-64) a `macaddr8` column.
template <std::size_t size>
    requires(size == 6 || size == 8)
class MacAddress {
public:
    using Octets = std::array<std::uint8_t, size>;

    constexpr MacAddress() noexcept = default;
    constexpr explicit MacAddress(const Octets& octets) noexcept : octets_(octets) {}
    /// Reads pairs of hexadecimal digits, all or none of them parted by `:` or `-`, and groups of four, parted by `.`;
    /// case is ignored. Throws `ConversionError` for anything else.
    [[nodiscard]] static MacAddress from_string(std::string_view text) {
        MacAddress made;
        detail::read_mac(text, made.octets_);
        return made;
    }
    /// `08:00:2b:01:02:03`.
    [[nodiscard]] std::string to_string() const {
        std::string text;
        detail::write_mac(octets_, text);
        return text;
    }
    [[nodiscard]] constexpr const Octets& octets() const noexcept { return octets_; }

    friend constexpr bool operator==(const MacAddress&, const MacAddress&) noexcept = default;
    friend constexpr std::strong_ordering operator<=>(const MacAddress&, const MacAddress&) noexcept = default;

private:
    Octets octets_{};
};

using MacAddr = MacAddress<6>;
using MacAddr8 = MacAddress<8>;

/// Reads columns of its own type only.
template <std::size_t size>
struct Codec<MacAddress<size>> {
    static constexpr Oid oid = size == 6 ? oids::macaddr : oids::macaddr8;
    static constexpr Oid array_oid = size == 6 ? oids::macaddr_array : oids::macaddr8_array;
    static constexpr Format format = Format::binary;
    static constexpr bool written_as_literal = true;
    static constexpr std::string_view sql_type() noexcept { return size == 6 ? "macaddr" : "macaddr8"; }
    static void encode(const MacAddress<size>& value, std::string& out) {
        out.append(reinterpret_cast<const char*>(value.octets().data()), size);
    }
    static void decode(const FieldView& field, MacAddress<size>& target) {
        typename MacAddress<size>::Octets octets;
        detail::decode_mac(field, octets);
        target = MacAddress<size>{octets};
    }
    static void literal(const MacAddress<size>& value, std::string& out) { detail::write_mac(value.octets(), out); }
    static bool same(const MacAddress<size>& left, const MacAddress<size>& right) noexcept { return left == right; }
};

} // namespace corm::types

namespace corm {
using types::Cidr;
using types::Inet;
using types::MacAddr;
using types::MacAddr8;
} // namespace corm
