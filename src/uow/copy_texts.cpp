// The texts around a COPY.
#include "uow/row_writer.hpp"
#include "uow/statement_texts.hpp"

#include <corm/sql/identifier.hpp>

namespace corm::uow {

Text StatementTexts::copy(std::span<const ColumnIndex> columns) const {
    return cached('C', &StatementTexts::copy_text, {.columns = columns});
}

std::string StatementTexts::copy_text(const Shape& shape) const {
    const RowWriter writer{mapper_, shape.columns};
    return copy_from_stdin(table_, writer.columns(), writer.format());
}

std::string copy_from_stdin(std::string_view table, std::span<const CopyColumn> columns, types::Format format) {
    std::string text{"COPY "};
    text += table;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        text += i == 0 ? " (" : ", ";
        sql::append_identifier(text, columns[i].name);
    }
    return text + ") FROM STDIN" + (format == types::Format::binary ? " (FORMAT binary)" : "");
}

Text StatementTexts::id_block() const {
    return cached('N', &StatementTexts::id_block_text, {});
}

// The sequence is looked up once. Column 0 says that there is a row, as in what inserts return.
std::string StatementTexts::id_block_text(const Shape&) const {
    const types::ValueType& type = *mapper_.column(static_cast<std::size_t>(mapper_.generated_key())).type;
    const bool owned = sequence_.empty();
    const std::string sequence = owned ? "pg_catalog.pg_get_serial_sequence($1, $2)::pg_catalog.regclass"
                                       : "pg_catalog.to_regclass($1::pg_catalog.text)";
    return "SELECT 0, pg_catalog.nextval((SELECT " + sequence + "))::" + std::string{type.sql_type()} +
           " FROM pg_catalog.generate_series(1, " + (owned ? "$3" : "$2") + "::pg_catalog.int4)";
}

// Domains are followed to their base, whose bytes they take.
Text StatementTexts::column_types() {
    static const auto text = std::make_shared<const std::string>(
        "WITH RECURSIVE c(name, wanted, declared, type) AS ("
        "SELECT x.name, x.wanted, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atttypid "
        "FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.text[]), pg_catalog.unnest($3::pg_catalog.int8[])) x(name, "
        "wanted) "
        "JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::pg_catalog.regclass AND a.attname = "
        "x.name::pg_catalog.name "
        "AND NOT a.attisdropped "
        "UNION ALL SELECT c.name, c.wanted, c.declared, d.typbasetype FROM c "
        "JOIN pg_catalog.pg_type d ON d.oid = c.type AND d.typtype = 'd') "
        "SELECT c.name, c.declared FROM c JOIN pg_catalog.pg_type t ON t.oid = c.type "
        "WHERE t.typtype <> 'd' AND t.oid::pg_catalog.int8 <> c.wanted AND NOT (c.wanted = 25 AND t.typcategory = 'S') "
        "LIMIT 1");
    return text;
}

} // namespace corm::uow
