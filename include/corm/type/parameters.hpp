// The encoded parameters of one statement.
#pragma once

#include <corm/type/codec.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace corm::types {

/// Owns the encoded parameters of one statement: one buffer, and for each parameter its place, type and format.
/// A value in text format is followed by a NUL that its size does not count: libpq takes such values as C strings.
/// Not thread-safe. Encoding errors (`ConversionError`: NUL in text, a value too large) leave the parameters added
/// so far as they were.
class Parameters {
public:
    /// Encodes `*value`, which is of the type that `type` describes.
    void add(const ValueType& type, const void* value);

    template <ColumnValue T>
    void add(const T& value) {
        add(value_type<T>, &value);
    }
    void add_null(Oid oid);
    /// Takes text that is no std::string yet; checked as `check_text` does.
    void add_text(std::string_view text);
    /// Takes bytes that are encoded already.
    void add_encoded(Oid oid, Format format, std::string_view bytes);

    void clear() noexcept;
    /// Room for what is known to come.
    void reserve(std::size_t parameters, std::size_t bytes);

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] Oid oid(std::size_t index) const noexcept { return entries_[index].oid; }
    [[nodiscard]] Format format(std::size_t index) const noexcept { return entries_[index].format; }
    [[nodiscard]] bool is_null(std::size_t index) const noexcept { return entries_[index].size < 0; }
    /// Empty for NULL. Valid until the next change of this object.
    [[nodiscard]] std::string_view bytes(std::size_t index) const noexcept {
        const Entry& entry = entries_[index];
        return {buffer_.data() + entry.offset, entry.size < 0 ? 0 : static_cast<std::size_t>(entry.size)};
    }
    [[nodiscard]] std::size_t total_bytes() const noexcept { return buffer_.size(); }

private:
    friend class ArrayParameter;

    struct Entry {
        std::size_t offset;
        std::int32_t size; ///< -1 for NULL
        Oid oid;
        Format format;
    };

    // Makes a parameter of the bytes from `start` on.
    void close(std::size_t start, Oid oid, Format format);
    void add_entry(Entry entry);

    std::string buffer_;
    std::vector<Entry> entries_;
};

/// Writes one bulk parameter, the values of one column for many rows, straight into the buffer of `Parameters`.
///
/// Where the column's type has an array type of its own (`array_oid`), the parameter is a binary array of it.
/// Where it has none (arrays, enums, composites), it is a `text[]` of literals, and the statement casts each
/// element: `unnest` would flatten an array of arrays (see `as_literals`). Add every row, then call `finish`.
/// While one is open, nothing else may be added to the same `Parameters`. Destroyed without `finish`, as after an
/// encoding error, it takes its bytes back.
class ArrayParameter {
public:
    /// Throws `ConversionError` when PostgreSQL arrays do not hold as many rows.
    ArrayParameter(Parameters& parameters, const ValueType& type, std::size_t rows);
    ArrayParameter(const ArrayParameter&) = delete;
    ArrayParameter& operator=(const ArrayParameter&) = delete;
    ~ArrayParameter();

    /// Appends `*value`, which is of the type given to the constructor. Throws `ConversionError`.
    void add(const void* value);
    /// Throws `Error` unless exactly the announced rows were added.
    void finish();

    /// Bytes of so many numbers, for `Parameters::reserve`.
    [[nodiscard]] static constexpr std::size_t usual_size(std::size_t rows) noexcept {
        return header_size + rows * (length_size + sizeof(std::int64_t));
    }
    /// True when values of this type travel as `text[]` of literals.
    [[nodiscard]] static bool as_literals(const ValueType& type) noexcept { return type.array_oid == 0; }

private:
    /// Of a binary array: what comes before the elements, and before each of them.
    static constexpr std::size_t header_size = 20;
    static constexpr std::size_t length_size = 4;

    Parameters& parameters_;
    const ValueType& type_;
    std::size_t start_;
    std::size_t rows_;
    std::size_t added_ = 0;
    bool has_null_ = false;
    bool finished_ = false;
};

} // namespace corm::types
