#include <corm/query/insert.hpp>

#include <corm/base/error.hpp>

#include <algorithm>

namespace corm::query::detail {
namespace {

bool among(const std::vector<std::uint16_t>& columns, std::size_t column) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
}

} // namespace

InsertQuery insert_rows(std::shared_ptr<const mapping::Mapper> mapper, std::span<const void* const> objects,
                        std::uint64_t given) {
    InsertQuery query;
    query.mapper = std::move(mapper);
    query.rows = objects.size();
    if (objects.empty())
        return query;
    const mapping::Mapper& table = *query.mapper;
    const auto values_of = [&](const void* object) -> const void* {
        return table.object().values(const_cast<void*>(object)); // NOLINT: only read
    };
    const bool leaves_key = table.leaves_key(values_of(objects.front()));
    for (const void* object : objects) {
        if (table.leaves_key(values_of(object)) != leaves_key)
            throw MappingError("insert<" + table.entity() +
                               "> has values with a key and values without one, which cannot be one statement; insert "
                               "them by two");
    }
    table.find_inserted(given, leaves_key, query.columns);
    if (query.columns.empty())
        throw MappingError("insert<" + table.entity() + "> has no column to write; add() such objects instead");
    query.parameters.reserve(query.columns.size(),
                             query.columns.size() * types::ArrayParameter::usual_size(objects.size()));
    for (const std::uint16_t index : query.columns) {
        const mapping::Column& column = table.column(index);
        try {
            types::ArrayParameter array{query.parameters, *column.type, objects.size()};
            for (const void* object : objects)
                array.add(column.in(values_of(object)));
            array.finish();
        } catch (const ConversionError& error) {
            throw ConversionError(error, table.table(), column.name, error.where());
        }
    }
    return query;
}

std::shared_ptr<const mapping::Mapper> mapper_of_records(std::span<const void* const> objects) {
    std::shared_ptr<const mapping::Mapper> mapper;
    for (const void* object : objects) {
        const auto& other = static_cast<const mapping::Record*>(object)->mapper();
        if (!other)
            throw MappingError("insert<Record> was given a record that holds nothing; construct records with the "
                               "mapper of their table");
        if (mapper && mapper != other)
            throw MappingError("insert<Record> was given records of different mappers, of " + mapper->entity() +
                               " and of " + other->entity() + "; insert those of one mapper at a time");
        mapper = other;
    }
    return mapper;
}

void set_nothing(InsertQuery& query) {
    query.action = ConflictAction::nothing;
}

void set_update(InsertQuery& query, std::vector<std::uint16_t> columns) {
    query.action = ConflictAction::update;
    if (query.rows == 0)
        return;
    const mapping::Mapper& mapper = *query.mapper;
    if (query.target.empty() && query.constraint.empty())
        throw MappingError("insert<" + mapper.entity() +
                           ">: do_update() has to know which rows conflict; name the columns of the unique index, as "
                           "in on_conflict<&Struct::column>()");
    const bool all = columns.empty();
    for (const std::uint16_t index : query.columns) {
        const mapping::Column& column = mapper.column(index);
        if (all && !column.key && !column.counted && !among(query.target, index))
            columns.push_back(index);
    }
    if (columns.empty())
        throw MappingError("insert<" + mapper.entity() + ">: do_update() has no column to write; use do_nothing()");
    for (const std::uint16_t index : columns) {
        const mapping::Column& column = mapper.column(index);
        if (column.counted)
            throw MappingError(mapper.entity() + "." + column.member +
                               " is the version, which counts up by itself; leave it out of do_update()");
        if (!among(query.columns, index))
            throw MappingError(mapper.entity() + "." + column.member +
                               " is left to the server by this insert, so do_update() has no value for it");
    }
    query.updated = std::move(columns);
}

std::vector<std::uint16_t> columns_named(const InsertQuery& query, std::initializer_list<std::string_view> names) {
    std::vector<std::uint16_t> columns;
    for (const std::string_view name : names) {
        if (query.mapper == nullptr)
            break; // no rows
        const int index = query.mapper->find_column(name);
        if (index < 0)
            throw MappingError(query.mapper->entity() + " has no column \"" + std::string{name} + "\"");
        columns.push_back(static_cast<std::uint16_t>(index));
    }
    return columns;
}

} // namespace corm::query::detail
