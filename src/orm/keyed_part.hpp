// Reads by key that can be one statement.
#pragma once

#include "orm/part.hpp"

#include <corm/mapping/mapper.hpp>
#include <corm/type/field_view.hpp>

#include <span>
#include <string>
#include <vector>

namespace corm::orm {

/// In place of a row: there is more than one.
inline constexpr int several_rows = -2;

/// A part that asks for the rows of some keys.
class KeyedPart {
public:
    [[nodiscard]] virtual const mapping::Mapper& mapper() const noexcept = 0;
    /// Valid and constant while the part lives; from any thread.
    [[nodiscard]] virtual std::span<const std::string> keys() const noexcept = 0;
    /// Takes its rows out of a result that has others as well: for each key the row, -1 if there is none, or
    /// `several_rows`.
    virtual void digest_rows(const wire::Result& result, std::span<const int> rows) = 0;

protected:
    ~KeyedPart() = default;
};

/// Some rows of a result of `StatementTexts::select_by_keys`, as if the keys that they belong to had been asked for
/// alone. Both must outlive it.
class RowsOfKeys final : public types::Rows {
public:
    RowsOfKeys(const wire::Result& result, std::span<const int> rows, const mapping::Mapper& mapper);

    [[nodiscard]] int row_count() const noexcept override { return static_cast<int>(rows_.size()); }
    [[nodiscard]] int column_count() const noexcept override { return result_.column_count(); }
    [[nodiscard]] std::string_view column_name(int column) const noexcept override {
        return result_.column_name(column);
    }
    [[nodiscard]] types::Oid column_oid(int column) const noexcept override { return result_.column_oid(column); }
    [[nodiscard]] types::FieldView field(int row, int column) const noexcept override;

private:
    struct Row {
        int row;
        char ordinal[8]; // as the server would have sent it
    };
    const wire::Result& result_;
    int ordinal_column_;
    std::vector<Row> rows_;
};

/// The statement that reads the rows of all keys of all parts, which are of one mapper.
[[nodiscard]] wire::Statement select_by_keys(const mapping::Mapper& mapper, std::span<const std::string> keys);
/// For each of so many keys what `KeyedPart::digest_rows` takes.
void sort_by_key(const wire::Result& result, const mapping::Mapper& mapper, std::size_t keys, std::vector<int>& rows);

} // namespace corm::orm
