#include "orm/keyed_part.hpp"

#include "uow/key_arrays.hpp"
#include "uow/statement_texts.hpp"

#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>
#include <corm/type/scalar.hpp>

#include <cstdint>
#include <cstring>

namespace corm::orm {

RowsOfKeys::RowsOfKeys(const wire::Result& result, std::span<const int> rows, const mapping::Mapper& mapper)
    : result_(result), ordinal_column_(static_cast<int>(mapper.columns().size())) {
    rows_.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] == several_rows)
            throw MappingError(mapper.entity() + ": several rows have one key; map columns as primary key that are "
                                                 "unique");
        if (rows[i] < 0)
            continue;
        Row& row = rows_.emplace_back();
        row.row = rows[i];
        std::string ordinal;
        types::Codec<std::int64_t>::encode(static_cast<std::int64_t>(i + 1), ordinal);
        std::memcpy(row.ordinal, ordinal.data(), sizeof row.ordinal);
    }
}

types::FieldView RowsOfKeys::field(int row, int column) const noexcept {
    const Row& at = rows_[static_cast<std::size_t>(row)];
    types::FieldView field = result_.field(at.row, column);
    if (column == ordinal_column_)
        field.data = at.ordinal;
    return field;
}

wire::Statement select_by_keys(const mapping::Mapper& mapper, std::span<const std::string> keys) {
    wire::Statement statement;
    statement.sql = mapper.extension<uow::StatementTexts>().select_by_keys();
    statement.lifetime = mapper.lifetime();
    uow::append_keys(statement.parameters, mapper, keys);
    return statement;
}

void sort_by_key(const wire::Result& result, const mapping::Mapper& mapper, std::size_t keys, std::vector<int>& rows) {
    rows.assign(keys, -1);
    const int column = static_cast<int>(mapper.columns().size());
    for (int row = 0; row < result.row_count(); ++row) {
        std::int64_t ordinal = 0;
        types::Codec<std::int64_t>::decode(result.field(row, column), ordinal);
        int& place = rows.at(static_cast<std::size_t>(ordinal - 1));
        place = place == -1 ? row : several_rows;
    }
}

} // namespace corm::orm
