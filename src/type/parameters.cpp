#include <corm/type/parameters.hpp>

#include "type/value_size.hpp"

#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>
#include <corm/type/oid.hpp>
#include <corm/type/text.hpp>

#include <algorithm>
#include <limits>

namespace corm::types {

std::int32_t checked_size(std::size_t bytes) {
    constexpr std::size_t largest_value = (std::size_t{1} << 30) - 1024;
    if (bytes > largest_value)
        throw ConversionError("a value of " + std::to_string(bytes) +
                              " bytes is too large; PostgreSQL takes less than 1 GiB");
    return static_cast<std::int32_t>(bytes);
}

void throw_unexpected_null(std::string_view sql_type) {
    throw ConversionError("NULL cannot be read into a type that is not optional (" + std::string{sql_type} +
                          "); use std::optional");
}

void Parameters::add(const ValueType& type, const void* value) {
    if (type.nullable && type.is_null(value)) {
        // Some types have no binary form, which the server asks for even then.
        add_entry({buffer_.size(), -1, type.oid, type.format});
        return;
    }
    const std::size_t start = buffer_.size();
    try {
        type.encode(value, buffer_);
        close(start, type.oid, type.format);
    } catch (...) {
        buffer_.resize(start);
        throw;
    }
}

void Parameters::add_null(Oid oid) {
    add_entry({buffer_.size(), -1, oid, Format::binary});
}

void Parameters::add_text(std::string_view text) {
    checked_size(text.size()); // before it is looked at
    check_text(text);
    add_encoded(oids::text, Format::binary, text);
}

void Parameters::add_encoded(Oid oid, Format format, std::string_view bytes) {
    checked_size(bytes.size()); // before it is copied
    const std::size_t start = buffer_.size();
    try {
        buffer_.append(bytes);
        close(start, oid, format);
    } catch (...) {
        buffer_.resize(start);
        throw;
    }
}

void Parameters::close(std::size_t start, Oid oid, Format format) {
    const std::int32_t size = checked_size(buffer_.size() - start);
    if (format == Format::text) {
        // libpq would cut the value at a NUL without a word.
        if (buffer_.find('\0', start) != std::string::npos)
            throw ConversionError("a value in text format holds a NUL; PostgreSQL text cannot");
        buffer_.push_back('\0');
    }
    add_entry({start, size, oid, format});
}

void Parameters::add_entry(Entry entry) {
    // Most statements have a few parameters, for which growing one by one is the larger part of the work.
    constexpr std::size_t few = 4;
    if (entries_.capacity() == 0)
        entries_.reserve(few);
    entries_.push_back(entry);
}

void Parameters::clear() noexcept {
    buffer_.clear();
    entries_.clear();
}

void Parameters::reserve(std::size_t parameters, std::size_t bytes) {
    entries_.reserve(parameters);
    buffer_.reserve(bytes);
}

// Array layout (src/backend/utils/adt/arrayfuncs.c, array_recv): dimensions, has-null flag, element type, then per
// dimension length and lower bound, then each element with its length in front.
ArrayParameter::ArrayParameter(Parameters& parameters, const ValueType& type, std::size_t rows)
    : parameters_(parameters), type_(type), start_(parameters.buffer_.size()), rows_(rows) {
    if (rows > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
        throw ConversionError("an array of " + std::to_string(rows) + " rows is too large for PostgreSQL");
    std::string& out = parameters_.buffer_;
    // Exact for numbers, which are as large here as there; a guess for everything else.
    out.reserve(out.size() + header_size + rows * (length_size + std::min(type.size, sizeof(std::int64_t))));
    const std::size_t at = out.size();
    out.append(rows == 0 ? header_size - 8 : header_size, '\0');
    patch_int32(out, at, rows == 0 ? 0 : 1);
    // The flag behind it is written by finish().
    patch_int32(out, at + 8, static_cast<std::int32_t>(as_literals(type) ? oids::text : type.oid));
    if (rows != 0) {
        patch_int32(out, at + 12, static_cast<std::int32_t>(rows));
        patch_int32(out, at + 16, 1);
    }
}

ArrayParameter::~ArrayParameter() {
    if (!finished_)
        parameters_.buffer_.resize(start_);
}

void ArrayParameter::add(const void* value) {
    std::string& out = parameters_.buffer_;
    ++added_;
    if (type_.nullable && type_.is_null(value)) {
        has_null_ = true;
        put_int32(out, -1);
        return;
    }
    const std::size_t length_at = out.size();
    put_int32(out, 0);
    if (as_literals(type_))
        type_.literal(value, out);
    else
        type_.encode(value, out);
    patch_int32(out, length_at, checked_size(out.size() - length_at - 4));
}

void ArrayParameter::finish() {
    std::string& out = parameters_.buffer_;
    if (added_ != rows_)
        throw Error("ArrayParameter: " + std::to_string(added_) + " values were added where " + std::to_string(rows_) +
                    " were announced");
    patch_int32(out, start_ + 4, has_null_ ? 1 : 0);
    const Oid oid = as_literals(type_) ? oids::text_array : type_.array_oid;
    parameters_.close(start_, oid, Format::binary);
    finished_ = true;
}

} // namespace corm::types
