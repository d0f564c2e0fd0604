#include <corm/type/text.hpp>

#include "type/hex.hpp"
#include "type/refuse.hpp"
#include <corm/base/error.hpp>

#include <cstdint>
#include <cstring>

namespace corm::types {
namespace {

// The length of the UTF-8 sequence at the front of `text` (not empty), 0 when there is none. The tables of the Unicode
// standard (3.9, well-formed byte sequences): only the second byte has bounds that depend on the first.
std::size_t sequence_length(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = at(0);
    if (lead < 0x80)
        return 1;
    std::size_t length = 0;
    unsigned char least = 0x80, most = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
        length = 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        length = 3;
        least = lead == 0xe0 ? 0xa0 : 0x80; // overlong below
        most = lead == 0xed ? 0x9f : 0xbf;  // surrogates above
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        length = 4;
        least = lead == 0xf0 ? 0x90 : 0x80; // overlong below
        most = lead == 0xf4 ? 0x8f : 0xbf;  // beyond U+10FFFF above
    }
    if (length == 0 || text.size() < length || at(1) < least || at(1) > most)
        return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if (at(i) < 0x80 || at(i) > 0xbf)
            return 0;
    }
    return length;
}

// Enums and citext travel as plain text. Composites, ranges, hstore and the like begin with counts or version bytes,
// and must not pass for text.
bool looks_like_text(std::string_view bytes) noexcept {
    if (bytes.empty())
        return true;
    // The version of ltree and its kin, and the flags of a range without bounds. Counts and lengths have a NUL.
    const auto first = static_cast<unsigned char>(bytes.front());
    const bool control = first < 0x20 && first != '\t' && first != '\n' && first != '\r';
    if (first == 1 || (control && bytes.size() == 1))
        return false;
    if (bytes.find('\0') != std::string_view::npos)
        return false;
    while (!bytes.empty()) {
        const std::size_t length = sequence_length(bytes);
        if (length == 0)
            return false;
        bytes.remove_prefix(length);
    }
    return true;
}

} // namespace

void check_text(std::string_view text) {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t high_bits = ones << 7;
    std::size_t at = 0;
    while (at < text.size()) {
        // Eight bytes of 0x01 to 0x7f at a time: a borrow or a high bit shows anything else.
        if (text.size() - at >= 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, text.data() + at, sizeof word);
            if (((word | (word - ones)) & high_bits) == 0) {
                at += sizeof word;
                continue;
            }
        }
        if (text[at] == '\0')
            throw ConversionError("text holds a NUL at byte " + std::to_string(at) +
                                  "; PostgreSQL text cannot, use bytea for binary data");
        const std::size_t length = sequence_length(text.substr(at));
        if (length == 0)
            throw ConversionError("text is not valid UTF-8 at byte " + std::to_string(at) +
                                  "; convert it, or use bytea for binary data");
        at += length;
    }
}

namespace detail {

void read_text(const FieldView& field, std::string& target) {
    switch (field.oid) {
    case oids::text:
    case oids::varchar:
    case oids::bpchar:
    case oids::name:
    case oids::character:
    case oids::unknown: break;
    default:
        if (field.oid < oids::first_user_oid || !looks_like_text(field.bytes()))
            throw_unreadable(field, "std::string");
    }
    target.assign(field.data, static_cast<std::size_t>(field.size));
}

} // namespace detail

void Codec<std::string>::encode(const std::string& value, std::string& out) {
    check_text(value);
    out += value;
}

void Codec<Bytes>::encode(const Bytes& value, std::string& out) {
    if (!value.empty())
        out.append(reinterpret_cast<const char*>(value.data()), value.size());
}

void Codec<Bytes>::decode(const FieldView& field, Bytes& target) {
    if (field.oid != oids::bytea)
        throw_unreadable(field, "corm::types::Bytes");
    std::string_view bytes = field.bytes();
    if (field.format == Format::binary) {
        target.resize(bytes.size());
        if (!bytes.empty())
            std::memcpy(target.data(), bytes.data(), bytes.size());
        return;
    }
    if (!bytes.starts_with("\\x") || bytes.size() % 2 != 0)
        throw_malformed("bytea");
    bytes.remove_prefix(2);
    target.clear();
    target.reserve(bytes.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        const int high = hex_value(bytes[i]), low = hex_value(bytes[i + 1]);
        if (high < 0 || low < 0)
            throw_malformed("bytea");
        target.push_back(static_cast<std::byte>(high * 16 + low));
    }
}

void Codec<Bytes>::literal(const Bytes& value, std::string& out) {
    out += "\\x";
    for (const std::byte byte : value)
        put_hex(out, std::to_integer<unsigned char>(byte));
}

} // namespace corm::types
