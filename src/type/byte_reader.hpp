// The bytes of one value, from front to back.
#pragma once

#include "type/refuse.hpp"
#include <corm/type/bytes.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace corm::types {

/// Never reads beyond the end: all functions throw the `ConversionError` of `throw_malformed` instead, which names
/// `sql_type`.
class ByteReader {
public:
    ByteReader(std::string_view bytes, std::string_view sql_type) noexcept : rest_(bytes), sql_type_(sql_type) {}

    [[nodiscard]] std::string_view take(std::size_t size) {
        if (size > rest_.size())
            throw_malformed(sql_type_);
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }
    template <std::integral T>
    [[nodiscard]] T take() {
        return get_big_endian<T>(take(sizeof(T)).data());
    }
    /// What a length of four bytes stands before. Where NULL may be, its length is -1.
    [[nodiscard]] FieldView take_field(Oid oid, bool nullable = false) {
        const auto size = take<std::int32_t>();
        if (size < (nullable ? -1 : 0))
            throw_malformed(sql_type_);
        FieldView field;
        field.oid = oid;
        if (size >= 0) {
            field.data = take(static_cast<std::size_t>(size)).data();
            field.size = size;
        }
        return field;
    }
    /// A count of things that take `least` bytes each at least: no more than there can be.
    [[nodiscard]] std::size_t take_count(std::size_t least) {
        const auto count = take<std::int32_t>();
        if (count < 0 || static_cast<std::size_t>(count) > rest_.size() / least)
            throw_malformed(sql_type_);
        return static_cast<std::size_t>(count);
    }
    /// Nothing may be left.
    void finish() const {
        if (!rest_.empty())
            throw_malformed(sql_type_);
    }

private:
    std::string_view rest_;
    std::string_view sql_type_;
};

} // namespace corm::types
