// One cell of a result, and the rows it comes from.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace corm::types {

using Oid = std::uint32_t;

/// How the bytes of a value are written: PostgreSQL's text or binary representation.
enum class Format : std::int16_t { text = 0, binary = 1 };

/// One cell: its bytes, type and format. Owns nothing; valid while the result lives.
struct FieldView {
    const char* data = nullptr; ///< null for SQL NULL
    std::int32_t size = 0;
    Oid oid = 0;
    Format format = Format::binary;

    [[nodiscard]] bool is_null() const noexcept { return data == nullptr; }
    [[nodiscard]] std::string_view bytes() const noexcept {
        return {data, data != nullptr ? static_cast<std::size_t>(size) : 0};
    }
};

/// Rows as the layers above the wire see them. The wire implements it over a libpq result.
/// Not thread-safe; views and names live as long as the object.
class Rows {
public:
    virtual ~Rows() = default;
    [[nodiscard]] virtual int row_count() const noexcept = 0;
    [[nodiscard]] virtual int column_count() const noexcept = 0;
    [[nodiscard]] virtual std::string_view column_name(int column) const noexcept = 0;
    [[nodiscard]] virtual Oid column_oid(int column) const noexcept = 0;
    [[nodiscard]] virtual FieldView field(int row, int column) const noexcept = 0;
    /// The cells of one row from column `first` on, as many as there is room for: cheaper than one by one.
    virtual void fields(int row, int first, std::span<FieldView> cells) const noexcept {
        for (FieldView& cell : cells)
            cell = field(row, first++);
    }
};

} // namespace corm::types
