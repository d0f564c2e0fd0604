// A result in memory, for tests without a server.
#pragma once

#include <corm/type/field_view.hpp>
#include <corm/type/parameters.hpp>

#include <string>
#include <utility>
#include <vector>

namespace corm::test {

/// Columns with a name and a type, and cells that the codecs encoded.
class EncodedRows final : public types::Rows {
public:
    explicit EncodedRows(std::vector<std::pair<std::string, types::Oid>> columns) : columns_(std::move(columns)) {}

    template <class... Values>
    EncodedRows& row(const Values&... values) {
        types::Parameters cells;
        (cells.add(values), ...);
        rows_.push_back(std::move(cells));
        return *this;
    }

    int row_count() const noexcept override { return static_cast<int>(rows_.size()); }
    int column_count() const noexcept override { return static_cast<int>(columns_.size()); }
    std::string_view column_name(int column) const noexcept override { return columns_[index(column)].first; }
    types::Oid column_oid(int column) const noexcept override { return columns_[index(column)].second; }
    types::FieldView field(int row, int column) const noexcept override {
        const types::Parameters& cells = rows_[index(row)];
        const std::string_view bytes = cells.bytes(index(column));
        return {cells.is_null(index(column)) ? nullptr : bytes.data(), static_cast<std::int32_t>(bytes.size()),
                column_oid(column), types::Format::binary};
    }

private:
    static std::size_t index(int i) noexcept { return static_cast<std::size_t>(i); }

    std::vector<std::pair<std::string, types::Oid>> columns_;
    std::vector<types::Parameters> rows_;
};

} // namespace corm::test
