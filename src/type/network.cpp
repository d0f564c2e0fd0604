#include <corm/type/network.hpp>

#include "type/byte_reader.hpp"
#include "type/refuse.hpp"
#include <corm/base/error.hpp>
#include <corm/type/scalar.hpp>

#include <algorithm>

namespace corm::types::detail {
namespace {

// AF_INET, and the number that PostgreSQL has for IPv6 on every system.
constexpr std::uint8_t v4_family = 2, v6_family = 3;

std::size_t size_of(const NetworkBits& bits) noexcept {
    return bits.is_v6 ? 16 : 4;
}

/// True if the first `count` bits are equal.
std::strong_ordering compare_bits(const NetworkBits& left, const NetworkBits& right, int count) noexcept {
    const auto whole = static_cast<std::size_t>(count / 8);
    for (std::size_t i = 0; i < whole; ++i) {
        if (left.octets[i] != right.octets[i])
            return left.octets[i] <=> right.octets[i];
    }
    if (count % 8 == 0)
        return std::strong_ordering::equal;
    const int shift = 8 - count % 8;
    return left.octets[whole] >> shift <=> right.octets[whole] >> shift;
}

bool has_host_bits(const NetworkBits& bits) noexcept {
    return masked(bits) != bits;
}

} // namespace

NetworkBits make_network(std::span<const std::uint8_t> octets, int prefix, NetworkKind kind) {
    NetworkBits bits;
    bits.is_v6 = octets.size() == 16;
    if (prefix < 0 || prefix > static_cast<int>(octets.size() * 8))
        throw ConversionError("the prefix of an IP address has 0 to 32 bits, of IPv6 0 to 128, and not " +
                              std::to_string(prefix));
    bits.prefix = static_cast<std::uint8_t>(prefix);
    std::copy(octets.begin(), octets.end(), bits.octets.begin());
    if (kind == NetworkKind::cidr && has_host_bits(bits))
        throw ConversionError("a cidr has bits set behind its prefix; take corm::Inet, or its network()");
    return bits;
}

NetworkBits masked(const NetworkBits& bits) noexcept {
    NetworkBits made = bits;
    for (std::size_t i = 0; i < size_of(bits); ++i) {
        const int left = std::clamp(bits.prefix - static_cast<int>(8 * i), 0, 8);
        made.octets[i] = static_cast<std::uint8_t>(made.octets[i] & (0xff00 >> left));
    }
    return made;
}

bool network_contains(const NetworkBits& network, const NetworkBits& other) noexcept {
    return network.is_v6 == other.is_v6 && network.prefix <= other.prefix &&
           compare_bits(network, other, network.prefix) == 0;
}

std::strong_ordering compare_networks(const NetworkBits& left, const NetworkBits& right) noexcept {
    if (left.is_v6 != right.is_v6)
        return left.is_v6 <=> right.is_v6;
    if (const auto order = compare_bits(left, right, std::min(left.prefix, right.prefix)); order != 0)
        return order;
    if (left.prefix != right.prefix)
        return left.prefix <=> right.prefix;
    return compare_bits(left, right, left.is_v6 ? 128 : 32);
}

// Layout: see network_send in src/backend/utils/adt/network.c.
void encode_network(const NetworkBits& bits, NetworkKind kind, std::string& out) {
    out.push_back(static_cast<char>(bits.is_v6 ? v6_family : v4_family));
    out.push_back(static_cast<char>(bits.prefix));
    out.push_back(kind == NetworkKind::cidr ? '\1' : '\0');
    out.push_back(static_cast<char>(size_of(bits)));
    out.append(reinterpret_cast<const char*>(bits.octets.data()), size_of(bits));
}

NetworkBits decode_network(const FieldView& field, NetworkKind kind) {
    const std::string_view sql_type = kind == NetworkKind::inet ? "inet" : "cidr";
    if (field.oid != oids::cidr && (kind == NetworkKind::cidr || field.oid != oids::inet))
        throw_unreadable(field, kind == NetworkKind::inet ? "corm::Inet" : "corm::Cidr");
    if (field.format == Format::text)
        return read_network(field.bytes(), kind);
    ByteReader reader{field.bytes(), sql_type};
    const auto family = reader.take<std::uint8_t>();
    NetworkBits bits;
    bits.is_v6 = family == v6_family;
    bits.prefix = reader.take<std::uint8_t>();
    static_cast<void>(reader.take<std::uint8_t>()); // whether it is a cidr, as the type says
    const auto size = reader.take<std::uint8_t>();
    if ((family != v4_family && family != v6_family) || size != size_of(bits) || bits.prefix > 8 * size)
        throw_malformed(sql_type);
    const std::string_view octets = reader.take(size);
    std::copy(octets.begin(), octets.end(), reinterpret_cast<char*>(bits.octets.data()));
    reader.finish();
    if (kind == NetworkKind::cidr && has_host_bits(bits))
        throw_malformed(sql_type);
    return bits;
}

} // namespace corm::types::detail
