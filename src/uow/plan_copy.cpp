// Inserts that a flush carries out by COPY.
#include "uow/flush_statements.hpp"
#include "uow/row_writer.hpp"

#include <corm/type/scalar.hpp>
#include <corm/type/text.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace corm::uow {
namespace {

using Kind = FlushStatement::Kind;

/// `about`: the table or sequence.
FlushStatement question(Kind kind, const mapping::Mapper& mapper, Text text, std::string_view about) {
    FlushStatement statement;
    statement.kind = kind;
    statement.mapper = &mapper;
    statement.text = std::move(text);
    statement.parameters.add_text(about);
    return statement;
}

template <class T, class Value>
void add_array(types::Parameters& parameters, std::span<const CopyColumn> columns, Value value) {
    types::ArrayParameter array{parameters, types::value_type<T>, columns.size()};
    for (const CopyColumn& column : columns) {
        const T each = value(column);
        array.add(&each);
    }
    array.finish();
}

FlushStatement ask_for_types(const mapping::Mapper& mapper, Columns columns) {
    const std::string& table = mapper.extension<StatementTexts>().table();
    FlushStatement statement = question(Kind::column_types, mapper, StatementTexts::column_types(), table);
    statement.parameters = type_question(table, RowWriter{mapper, columns}.columns());
    return statement;
}

} // namespace

types::Parameters type_question(std::string_view table, std::span<const CopyColumn> columns) {
    std::vector<CopyColumn> known;
    std::copy_if(columns.begin(), columns.end(), std::back_inserter(known),
                 [](const CopyColumn& column) { return column.type->oid != 0; });
    types::Parameters parameters;
    parameters.add_text(table);
    add_array<std::string>(parameters, known, [](const CopyColumn& column) { return std::string{column.name}; });
    add_array<std::int64_t>(parameters, known,
                            [](const CopyColumn& column) { return static_cast<std::int64_t>(column.type->oid); });
    return parameters;
}

FlushStatement id_block(const mapping::Mapper& mapper, std::size_t keys) {
    const auto& texts = mapper.extension<StatementTexts>();
    const bool owned = texts.sequence().empty();
    FlushStatement statement =
        question(Kind::id_block, mapper, texts.id_block(), owned ? texts.table() : texts.sequence());
    if (owned)
        statement.parameters.add_text(mapper.column(static_cast<std::size_t>(mapper.generated_key())).name);
    statement.parameters.add(static_cast<std::int32_t>(keys));
    return statement;
}

bool takes_copy(const mapping::Mapper& mapper, bool generated, std::size_t rows) {
    if (mapper.bulk_copy_rows() == 0 || rows < mapper.bulk_copy_rows())
        return false;
    return !generated || mapper.column(static_cast<std::size_t>(mapper.generated_key())).type->integer;
}

void copy_rows(std::vector<FlushStatement>& out, const mapping::Mapper& mapper, bool generated, Columns columns,
               std::span<const Handle> instances) {
    std::vector<ColumnIndex> written{columns.begin(), columns.end()};
    FlushStatement statement = start_statement(Kind::copy, mapper, instances);
    if (generated) {
        const auto key = static_cast<ColumnIndex>(mapper.generated_key());
        written.insert(std::lower_bound(written.begin(), written.end(), key), key);
        statement.generated_keys = true;
        statement.returned = {key};
        out.push_back(id_block(mapper, instances.size()));
    }
    out.push_back(ask_for_types(mapper, written));
    statement.text = mapper.extension<StatementTexts>().copy(written);
    statement.copy = std::make_shared<CopyRows>(mapper, written, generated, instances);
    keep_new_values(statement);
    out.push_back(std::move(statement));
}

void ask_ahead(FlushPlan& plan) {
    const auto is_question = [](const FlushStatement& statement) {
        return statement.kind == Kind::id_block || statement.kind == Kind::column_types;
    };
    if (std::none_of(plan.statements.begin(), plan.statements.end(), is_question))
        return;
    std::vector<FlushStatement> ordered;
    ordered.reserve(plan.statements.size());
    std::copy_if(std::make_move_iterator(plan.statements.begin()), std::make_move_iterator(plan.statements.end()),
                 std::back_inserter(ordered), is_question);
    std::size_t next = 0;
    for (FlushStatement& statement : plan.statements) {
        if (is_question(statement)) // which was moved from, but for its kind
            continue;
        if (statement.kind == Kind::copy) {
            if (statement.generated_keys)
                statement.copy->keys_at = next++;
            statement.copy->types_at = next++;
        }
        ordered.push_back(std::move(statement));
    }
    plan.statements = std::move(ordered);
}

} // namespace corm::uow
