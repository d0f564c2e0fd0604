#include <corm/type/bit_string.hpp>

#include "type/byte_reader.hpp"
#include "type/refuse.hpp"
#include "type/value_size.hpp"
#include <corm/base/error.hpp>

#include <limits>
#include <stdexcept>

namespace corm::types {
namespace {

constexpr std::size_t bytes_of(std::size_t bits) noexcept {
    return bits / 8 + (bits % 8 != 0 ? 1 : 0);
}

std::uint8_t mask_of(std::size_t index) noexcept {
    return static_cast<std::uint8_t>(0x80 >> index % 8);
}

BitString decode_bytes(const FieldView& field) {
    ByteReader reader{field.bytes(), "bit string"};
    const auto size = reader.take<std::int32_t>();
    if (size < 0)
        throw_malformed("bit string");
    // Before room is made for what the length claims.
    const std::string_view bytes = reader.take(bytes_of(static_cast<std::size_t>(size)));
    reader.finish();
    BitString made{static_cast<std::size_t>(size)};
    for (std::size_t i = 0; i < made.size(); ++i)
        made.set(i, (static_cast<unsigned char>(bytes[i / 8]) & mask_of(i)) != 0);
    return made;
}

} // namespace

BitString::BitString(std::size_t size, bool value) : bytes_(bytes_of(size), value ? 0xff : 0), size_(size) {
    if (value && size % 8 != 0)
        bytes_.back() = static_cast<std::uint8_t>(0xff00 >> size % 8);
}

BitString BitString::from_string(std::string_view text) {
    BitString made{text.size()};
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '0' && text[i] != '1')
            throw ConversionError("not a bit string: zeros and ones are needed, and nothing else");
        made.set(i, text[i] == '1');
    }
    return made;
}

std::string BitString::to_string() const {
    std::string text;
    Codec<BitString>::literal(*this, text);
    return text;
}

bool BitString::test(std::size_t index) const {
    if (index >= size_)
        throw std::out_of_range("BitString: there is no bit " + std::to_string(index));
    return (bytes_[index / 8] & mask_of(index)) != 0;
}

void BitString::set(std::size_t index, bool value) {
    if (index >= size_)
        throw std::out_of_range("BitString: there is no bit " + std::to_string(index));
    std::uint8_t& byte = bytes_[index / 8];
    byte = static_cast<std::uint8_t>(value ? byte | mask_of(index) : byte & ~mask_of(index));
}

void BitString::push_back(bool value) {
    if (size_ % 8 == 0)
        bytes_.push_back(0);
    ++size_;
    set(size_ - 1, value);
}

// Layout: see bit_send in src/backend/utils/adt/varbit.c.
void Codec<BitString>::encode(const BitString& value, std::string& out) {
    if (value.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
        throw ConversionError("a string of " + std::to_string(value.size()) + " bits is too large for PostgreSQL");
    put_int32(out, static_cast<std::int32_t>(value.size()));
    out.append(reinterpret_cast<const char*>(value.bytes().data()), value.bytes().size());
}

void Codec<BitString>::decode(const FieldView& field, BitString& target) {
    if (field.oid != oids::varbit && field.oid != oids::bit)
        throw_unreadable(field, "corm::BitString");
    target = field.format == Format::text ? BitString::from_string(field.bytes()) : decode_bytes(field);
}

void Codec<BitString>::literal(const BitString& value, std::string& out) {
    for (std::size_t i = 0; i < value.size(); ++i)
        out.push_back(value.test(i) ? '1' : '0');
}

namespace detail {

BitString decode_bits(const FieldView& field, std::size_t size) {
    BitString read;
    Codec<BitString>::decode(field, read);
    if (read.size() != size)
        throw ConversionError("a string of " + std::to_string(read.size()) + " bits cannot be read into std::bitset<" +
                              std::to_string(size) + ">; use corm::BitString");
    return read;
}

} // namespace detail

} // namespace corm::types
