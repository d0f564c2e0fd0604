// How PostgreSQL writes the addresses of networks and network cards.
#include "type/hex.hpp"
#include "type/refuse.hpp"
#include <corm/base/error.hpp>
#include <corm/type/network.hpp>
#include <corm/type/scalar.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace corm::types::detail {
namespace {

[[noreturn]] void refuse_network() {
    throw ConversionError("not an IP address: four numbers from 0 to 255 parted by points, or the groups of IPv6, and "
                          "maybe / and the length of the prefix");
}

/// Digits at the front of `text`, at most `most`; without a zero in front of others, which some take for octal.
int take_number(std::string_view& text, int most) {
    std::size_t size = 0;
    int value = 0;
    while (size < text.size() && text[size] >= '0' && text[size] <= '9') {
        value = value * 10 + (text[size] - '0');
        if (value > most || (size > 0 && text.front() == '0'))
            refuse_network();
        ++size;
    }
    if (size == 0)
        refuse_network();
    text.remove_prefix(size);
    return value;
}

void read_v4(std::string_view text, std::uint8_t* octets) {
    for (int i = 0; i < 4; ++i) {
        if (i != 0) {
            if (!text.starts_with('.'))
                refuse_network();
            text.remove_prefix(1);
        }
        octets[i] = static_cast<std::uint8_t>(take_number(text, 255));
    }
    if (!text.empty())
        refuse_network();
}

/// One group of IPv6: one to four hexadecimal digits.
unsigned take_group(std::string_view& text) {
    std::size_t size = 0;
    unsigned value = 0;
    while (size < text.size() && hex_value(text[size]) >= 0) {
        value = value * 16 + static_cast<unsigned>(hex_value(text[size]));
        if (++size > 4)
            refuse_network();
    }
    if (size == 0)
        refuse_network();
    text.remove_prefix(size);
    return value;
}

void read_v6(std::string_view text, std::array<std::uint8_t, 16>& octets) {
    std::array<std::uint8_t, 16> read{};
    std::size_t size = 0;
    std::size_t gap = read.size() + 1; // where `::` stood
    const auto take_gap = [&] {
        if (!text.starts_with("::"))
            return false;
        if (gap <= read.size())
            refuse_network();
        gap = size;
        text.remove_prefix(2);
        return true;
    };
    bool behind_gap = take_gap();
    while (!text.empty()) {
        if (size != 0 && !behind_gap) {
            if (!text.starts_with(':'))
                refuse_network();
            text.remove_prefix(1);
        }
        if (size + 2 > read.size())
            refuse_network();
        const std::size_t point = text.find('.');
        if (point != text.npos && point < text.find(':')) {
            if (size + 4 > read.size())
                refuse_network();
            read_v4(text, read.data() + size);
            size += 4;
            text = {};
            break;
        }
        const unsigned group = take_group(text);
        read[size++] = static_cast<std::uint8_t>(group >> 8);
        read[size++] = static_cast<std::uint8_t>(group & 0xff);
        behind_gap = take_gap();
    }
    if (gap > read.size() ? size != read.size() : size == read.size())
        refuse_network();
    if (gap <= read.size())
        std::rotate(read.begin() + static_cast<std::ptrdiff_t>(gap), read.begin() + static_cast<std::ptrdiff_t>(size),
                    read.end());
    octets = read;
}

void write_v4(const std::uint8_t* octets, std::string& out) {
    for (int i = 0; i < 4; ++i) {
        if (i != 0)
            out.push_back('.');
        write_integer(octets[i], out);
    }
}

// As pg_inet_net_ntop in src/port/inet_net_ntop.c: the first of the longest runs of zeros is `::`.
void write_v6(const std::array<std::uint8_t, 16>& octets, std::string& out) {
    constexpr std::size_t groups = 8;
    const auto group = [&](std::size_t i) {
        return static_cast<unsigned>(octets[2 * i]) << 8 | static_cast<unsigned>(octets[2 * i + 1]);
    };
    std::size_t best = groups, length = 1; // one zero alone is written
    for (std::size_t i = 0; i < groups; ++i) {
        std::size_t end = i;
        while (end < groups && group(end) == 0)
            ++end;
        if (end - i > length) {
            best = i;
            length = end - i;
        }
    }
    for (std::size_t i = 0; i < groups; ++i) {
        if (best < groups && i >= best && i < best + length) {
            if (i == best)
                out.push_back(':');
            continue;
        }
        if (i != 0)
            out.push_back(':');
        // An address of IPv4 in one of IPv6.
        if (i == 6 && best == 0 && (length == 6 || (length == 5 && group(5) == 0xffff))) {
            write_v4(octets.data() + 12, out);
            return;
        }
        constexpr char digits[] = "0123456789abcdef";
        bool begun = false;
        for (int shift = 12; shift >= 0; shift -= 4) {
            const unsigned digit = group(i) >> shift & 15;
            begun = begun || digit != 0 || shift == 0;
            if (begun)
                out.push_back(digits[digit]);
        }
    }
    if (best < groups && best + length == groups)
        out.push_back(':');
}

} // namespace

NetworkBits read_network(std::string_view text, NetworkKind kind) {
    const std::size_t slash = text.find('/');
    const std::string_view address = text.substr(0, slash);
    std::array<std::uint8_t, 16> octets{};
    const bool v6 = address.find(':') != address.npos;
    if (v6)
        read_v6(address, octets);
    else
        read_v4(address, octets.data());
    int prefix = v6 ? 128 : 32;
    if (slash != text.npos) {
        std::string_view length = text.substr(slash + 1);
        prefix = take_number(length, prefix);
        if (!length.empty())
            refuse_network();
    }
    return make_network(std::span{octets}.first(v6 ? 16 : 4), prefix, kind);
}

void write_network(const NetworkBits& bits, NetworkKind kind, std::string& out) {
    if (bits.is_v6)
        write_v6(bits.octets, out);
    else
        write_v4(bits.octets.data(), out);
    if (kind == NetworkKind::cidr || bits.prefix != (bits.is_v6 ? 128 : 32)) {
        out.push_back('/');
        write_integer(bits.prefix, out);
    }
}

void read_mac(std::string_view text, std::span<std::uint8_t> octets) {
    // Digits of one group; what parts the groups stands behind the first.
    std::size_t group = std::min(text.find_first_of(":-."), text.size());
    const char separator = group < text.size() ? text[group] : '\0';
    const std::size_t digits = 2 * octets.size();
    bool good = separator == '\0' ? group == digits : separator == '.' ? group == 4 : group == 2;
    good = good && text.size() == digits + (separator == '\0' ? 0 : digits / group - 1);
    std::size_t at = 0;
    for (std::size_t i = 0; good && i < digits; i += 2) {
        if (i != 0 && i % group == 0)
            good = text[at++] == separator;
        const int high = hex_value(text[at]), low = hex_value(text[at + 1]);
        good = good && high >= 0 && low >= 0;
        octets[i / 2] = static_cast<std::uint8_t>(good ? high * 16 + low : 0);
        at += 2;
    }
    if (!good)
        throw ConversionError("not a MAC address of " + std::to_string(octets.size()) +
                              " octets: pairs of hexadecimal digits are needed, parted by : or - or not at all, or "
                              "groups of four, parted by points");
}

void write_mac(std::span<const std::uint8_t> octets, std::string& out) {
    for (std::size_t i = 0; i < octets.size(); ++i) {
        if (i != 0)
            out.push_back(':');
        put_hex(out, octets[i]);
    }
}

void decode_mac(const FieldView& field, std::span<std::uint8_t> octets) {
    const bool short_one = octets.size() == 6;
    if (field.oid != (short_one ? oids::macaddr : oids::macaddr8))
        throw_unreadable(field, short_one ? "corm::MacAddr" : "corm::MacAddr8");
    if (field.format == Format::text) {
        read_mac(field.bytes(), octets);
        return;
    }
    if (field.bytes().size() != octets.size())
        throw_malformed(short_one ? "macaddr" : "macaddr8");
    std::memcpy(octets.data(), field.data, octets.size());
}

} // namespace corm::types::detail
