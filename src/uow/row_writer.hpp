// Rows in the formats that COPY takes.
#pragma once

#include <corm/mapping/mapper.hpp>
#include <corm/type/parameters.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace corm::uow {

/// A column of a COPY: what it is called, and where an object has its value.
struct CopyColumn {
    std::string_view name;
    const types::ValueType* type = nullptr;
    std::size_t offset = 0;
};

/// COPY FROM STDIN of these columns. `table`: as SQL.
[[nodiscard]] std::string copy_from_stdin(std::string_view table, std::span<const CopyColumn> columns,
                                          types::Format format);

/// What `StatementTexts::column_types` takes: `table` as SQL.
[[nodiscard]] types::Parameters type_question(std::string_view table, std::span<const CopyColumn> columns);

/// Writes values as COPY FROM STDIN reads them. Names are views into what they were made from. Not thread-safe.
class RowWriter {
public:
    /// `table`: for messages. The format is `format_of` the columns.
    RowWriter(std::string_view table, std::vector<CopyColumn> columns);
    /// These columns of the mapper, which must outlive it.
    RowWriter(const mapping::Mapper& mapper, std::span<const std::uint16_t> columns);

    /// Binary, unless a column has no binary form, or one that only the server knows (enums, composites).
    [[nodiscard]] static types::Format format_of(std::span<const CopyColumn> columns);

    [[nodiscard]] types::Format format() const noexcept { return format_; }
    [[nodiscard]] bool binary() const noexcept { return format_ == types::Format::binary; }
    [[nodiscard]] std::span<const CopyColumn> columns() const noexcept { return {columns_.data(), columns_.size()}; }

    /// Ahead of the first row, and behind the last.
    void begin(std::string& out) const;
    void end(std::string& out) const;

    /// A whole row. If it has a NULL, or a value that cannot be sent, `ConversionError` with table and column is
    /// thrown, and `out` is as it was.
    void add(const void* values, std::string& out) { add(values, no_column, {}, out); }
    /// The same, with a value for one column that the object does not have: as `integer_field` writes it.
    void add(const void* values, std::size_t replaced, std::string_view field, std::string& out);

    /// The pieces of a row, in this order.
    void begin_row(std::string& out) const;
    void begin_field(std::size_t column, std::string& out) const;
    /// Throws `ConversionError`, with table and column, for a value that cannot be sent.
    void field(std::size_t column, const void* value, std::string& out);
    void end_row(std::string& out) const;

    /// An integer as a value of the column, for `add`.
    [[nodiscard]] std::string integer_field(std::size_t column, std::int64_t value) const;
    /// What an integer of the column takes in the binary format: that of an optional one is larger here.
    [[nodiscard]] std::size_t integer_size(std::size_t column) const noexcept;

private:
    static constexpr std::size_t no_column = static_cast<std::size_t>(-1);

    void add_binary(const CopyColumn& column, const void* value, std::string& out) const;
    void add_text(const CopyColumn& column, const void* value, std::string& out);

    std::string_view table_;
    std::vector<CopyColumn> columns_;
    types::Format format_;
    std::string literal_; // scratch
};

} // namespace corm::uow
