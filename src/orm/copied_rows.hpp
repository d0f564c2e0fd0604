// Rows as COPY TO STDOUT (FORMAT binary) gives them.
#pragma once

#include <corm/type/field_view.hpp>

#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace corm::orm {

/// The rows of one buffer at a time, with the columns of a result that the same query has given. Not thread-safe.
class CopiedRows final : public types::Rows {
public:
    CopiedRows(const types::Rows& columns, std::source_location where);

    /// Takes whole rows, which must stay where they are as long as they are read. Throws `ConversionError` for bytes
    /// that are none.
    void read(std::string_view bytes);
    /// The mark behind the last row was met.
    [[nodiscard]] bool complete() const noexcept { return complete_; }

    [[nodiscard]] int row_count() const noexcept override { return rows_; }
    [[nodiscard]] int column_count() const noexcept override { return static_cast<int>(columns_.size()); }
    [[nodiscard]] std::string_view column_name(int column) const noexcept override {
        return columns_[static_cast<std::size_t>(column)].name;
    }
    [[nodiscard]] types::Oid column_oid(int column) const noexcept override {
        return columns_[static_cast<std::size_t>(column)].oid;
    }
    [[nodiscard]] types::FieldView field(int row, int column) const noexcept override {
        return fields_[static_cast<std::size_t>(row) * columns_.size() + static_cast<std::size_t>(column)];
    }

private:
    struct Column {
        std::string name;
        types::Oid oid;
    };

    void read_header(std::string_view& bytes);
    [[noreturn]] void refuse() const;

    std::vector<Column> columns_;
    std::vector<types::FieldView> fields_; // kept for its capacity
    std::source_location where_;
    int rows_ = 0;
    bool begun_ = false;
    bool complete_ = false;
};

} // namespace corm::orm
