#include "uow/flush_statements.hpp"

#include <corm/type/oid.hpp>

#include <algorithm>
#include <string>

namespace corm::uow {
namespace {

using Kind = FlushStatement::Kind;

const StatementTexts& texts_of(const mapping::Mapper& mapper) {
    return mapper.extension<StatementTexts>();
}

template <class Read>
void add_values(FlushStatement& statement, std::span<const Handle> instances, const mapping::Column& column, bool many,
                Read read) {
    add_column(statement.parameters, *statement.mapper, column, instances.size(), many,
               [instances, read, &column](std::size_t i) { return read(**instances[i], column); });
}

void add_keys(FlushStatement& statement, std::span<const Handle> instances, bool many) {
    for (const ColumnIndex index : statement.mapper->key_columns())
        add_values(statement, instances, statement.mapper->column(index), many, loaded);
}

void add_version(FlushStatement& statement, std::span<const Handle> instances, bool many) {
    if (const int version = statement.mapper->version_column(); version >= 0)
        add_values(statement, instances, statement.mapper->column(static_cast<std::size_t>(version)), many, loaded);
}

/// Key, columns and version of rows that are there.
void start_parameters(FlushStatement& statement, std::span<const Handle> instances, std::size_t columns, bool many,
                      const types::Parameters* keys) {
    const std::size_t arrays = statement.mapper->key_columns().size() + columns + 1;
    statement.parameters.reserve(arrays, many ? arrays * types::ArrayParameter::usual_size(instances.size()) : 0);
    if (keys != nullptr)
        statement.parameters = *keys;
    else
        add_keys(statement, instances, many);
}

void add_guard(FlushStatement& statement, const types::Parameters* guard) {
    for (std::size_t i = 0; guard != nullptr && i < guard->size(); ++i) {
        if (guard->is_null(i))
            statement.parameters.add_null(guard->oid(i));
        else
            statement.parameters.add_encoded(guard->oid(i), guard->format(i), guard->bytes(i));
    }
}

} // namespace

FlushStatement start_statement(Kind kind, const mapping::Mapper& mapper, std::span<const Handle> instances) {
    FlushStatement statement;
    statement.kind = kind;
    statement.mapper = &mapper;
    statement.rows.reserve(instances.size());
    for (const Handle instance : instances)
        statement.rows.push_back({*instance, {}});
    return statement;
}

void keep_new_values(FlushStatement& statement) {
    for (FlushRow& row : statement.rows) {
        if (row.instance->watched)
            row.sent = mapping::ValueBlock(*statement.mapper, row.instance->values());
    }
}

void add_literal(types::Parameters& parameters, const types::ValueType& type, const void* value) {
    if (type.is_null(value)) {
        parameters.add_null(types::oids::text);
        return;
    }
    std::string text;
    type.literal(value, text);
    parameters.add_encoded(types::oids::text, types::Format::text, text);
}

bool leaves_key_to_server(const Instance& instance) {
    return instance.mapper().leaves_key(instance.values());
}

bool has_null_key(const Instance& instance) {
    const auto keys = instance.mapper().key_columns();
    return std::any_of(keys.begin(), keys.end(), [&instance](ColumnIndex index) {
        const mapping::Column& column = instance.mapper().column(index);
        return column.type->is_null(current(instance, column));
    });
}

FlushStatement lock_rows(const mapping::Mapper& mapper, bool keys_written, std::span<const Handle> instances) {
    FlushStatement statement = start_statement(Kind::lock, mapper, {});
    statement.text = texts_of(mapper).lock_rows(keys_written);
    add_keys(statement, instances, true);
    return statement;
}

FlushStatement update_rows(const mapping::Mapper& mapper, Columns columns, std::span<const Handle> instances,
                           const RowsBefore& before) {
    FlushStatement statement = start_statement(Kind::update, mapper, instances);
    const bool many = instances.size() > 1;
    statement.text = texts_of(mapper).update(columns, many, before.guard != nullptr);
    start_parameters(statement, instances, columns.size(), many, before.keys);
    statement.returned.assign(mapper.returned_by_update().begin(), mapper.returned_by_update().end());
    statement.sent.reserve(columns.size());
    for (const ColumnIndex index : columns) {
        const mapping::Column& column = mapper.column(index);
        ColumnCopies& copies = statement.sent.emplace_back(column, instances.size());
        for (const Handle instance : instances)
            copies.add(current(**instance, column));
        add_values(statement, instances, column, many, current);
    }
    add_version(statement, instances, many);
    add_guard(statement, before.guard);
    return statement;
}

FlushStatement remove_rows(const mapping::Mapper& mapper, std::span<const Handle> instances) {
    FlushStatement statement = start_statement(Kind::remove, mapper, instances);
    const bool many = instances.size() > 1;
    statement.text = texts_of(mapper).remove(many);
    add_keys(statement, instances, many);
    add_version(statement, instances, many);
    return statement;
}

FlushStatement insert_rows(const mapping::Mapper& mapper, bool generated, Columns columns,
                           std::span<const Handle> instances) {
    FlushStatement statement = start_statement(Kind::insert, mapper, instances);
    statement.generated_keys = generated;
    const bool many = instances.size() > 1;
    statement.text = texts_of(mapper).insert(columns, many);
    statement.returned = others(mapper, columns);
    statement.matched_by_key = many && !generated && !statement.returned.empty();
    keep_new_values(statement);
    for (const ColumnIndex index : columns)
        add_values(statement, instances, mapper.column(index), many, current);
    return statement;
}

void insert_all(std::vector<FlushStatement>& out, const mapping::Mapper& mapper, const Handles& inserts, bool copies) {
    // Keys come back sorted, which matches them to rows only if they ascend in the order of insertion: a sequence's do.
    const bool ascending =
        mapper.generated_key() >= 0 && mapper.column(static_cast<std::size_t>(mapper.generated_key())).type->integer;
    std::vector<ColumnIndex> columns;
    for (std::size_t first = 0; first < inserts.size();) {
        const bool generated = leaves_key_to_server(**inserts[first]);
        const std::uint64_t given = (*inserts[first])->given();
        mapper.find_inserted(given, generated, columns);
        std::size_t last = first + 1;
        if (!generated || (ascending && !columns.empty())) {
            while (last < inserts.size() && (*inserts[last])->given() == given &&
                   leaves_key_to_server(**inserts[last]) == generated)
                ++last;
        }
        const auto part = std::span{inserts}.subspan(first, last - first);
        if (copies && takes_copy(mapper, generated, part.size()))
            copy_rows(out, mapper, generated, columns, part);
        else
            out.push_back(insert_rows(mapper, generated, columns, part));
        first = last;
    }
}

FlushStatement switch_rows(const mapping::Mapper& mapper, Columns columns, std::span<const Handle> old,
                           std::span<const Handle> fresh) {
    FlushStatement statement = start_statement(Kind::row_switch, mapper, fresh);
    for (const Handle instance : old)
        statement.replaced.push_back(*instance);
    const bool many = old.size() > 1;
    statement.text = texts_of(mapper).switch_rows(columns, many);
    statement.returned = returned_by_switch(mapper, columns);
    keep_new_values(statement);
    start_parameters(statement, old, columns.size(), many, nullptr);
    for (const ColumnIndex index : columns)
        add_values(statement, fresh, mapper.column(index), many, current);
    add_version(statement, old, many);
    return statement;
}

FlushStatement rearrange_rows(const mapping::Mapper& mapper, Columns columns, std::span<const Handle> old,
                              std::span<const Handle> fresh, const void* value, const RowsBefore& before) {
    FlushStatement statement = start_statement(Kind::rearrange, mapper, old);
    const bool many = old.size() > 1;
    statement.text = texts_of(mapper).rearrange(columns, many, before.guard != nullptr);
    start_parameters(statement, old, columns.size(), many, before.keys);
    for (const ColumnIndex index : columns)
        add_values(statement, fresh, mapper.column(index), many,
                   [value](const Instance& instance, const mapping::Column& column) {
                       return value != nullptr ? value : current(instance, column);
                   });
    add_version(statement, old, many);
    add_guard(statement, before.guard);
    return statement;
}

} // namespace corm::uow
