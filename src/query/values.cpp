#include <corm/query/values.hpp>

#include "query/problems.hpp"

#include <corm/base/error.hpp>
#include <corm/type/scalar.hpp>

#include <algorithm>

namespace corm::query::detail {
namespace {

/// What elements have to be cast to: those that travel as texts, or as a type that the column is not of.
std::string cast_of(const types::ValueType& type, const mapping::Column* column) {
    if (column != nullptr && !column->declared.empty())
        return std::string{column->cast_type()};
    if (types::ArrayParameter::as_literals(type))
        return std::string{type.sql_type()};
    return {};
}

std::vector<std::string> names_of(const std::string& source, std::vector<std::string> given,
                                  std::span<const Target> targets) {
    if (given.empty()) {
        for (const Target& target : targets)
            given.emplace_back(target.name);
    }
    if (given.size() != targets.size() || given.empty())
        throw MappingError("values(" + in_quotes(source) + ") has rows of " + std::to_string(targets.size()) +
                           " values and " + std::to_string(given.size()) + " names of columns; give one name for each");
    for (std::size_t i = 0; i < given.size(); ++i) {
        if (std::find(given.begin(), given.begin() + static_cast<std::ptrdiff_t>(i), given[i]) !=
            given.begin() + static_cast<std::ptrdiff_t>(i))
            throw MappingError("values(" + in_quotes(source) + ") has two columns called " + in_quotes(given[i]) +
                               "; name them apart");
    }
    return given;
}

} // namespace

std::shared_ptr<const ValueRows> value_rows(std::string name, std::vector<std::string> names,
                                            std::span<const Target> targets, const mapping::Mapper* mapper,
                                            std::span<const void* const> rows) {
    names = names_of(name, std::move(names), targets);
    auto made = std::make_shared<ValueRows>(ValueRows{.name = std::move(name), .columns = {}});
    made->columns.reserve(targets.size());
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const Target& target = targets[i];
        types::Parameters parameters;
        try {
            types::ArrayParameter array{parameters, *target.type, rows.size()};
            for (const void* row : rows)
                array.add(static_cast<const char*>(row) + target.offset);
            array.finish();
        } catch (const ConversionError& error) {
            throw ConversionError(error, made->name, names[i], error.where());
        }
        const mapping::Column* const column = mapper != nullptr ? &mapper->column(i) : nullptr;
        std::string cast = cast_of(*target.type, column);
        const bool beside = target.type->as_text || (column != nullptr && !column->declared.empty());
        made->columns.push_back({.yielded = {.label = std::move(names[i]),
                                             .type = target.type,
                                             .cast = beside ? cast : std::string{},
                                             .mapper = mapper,
                                             .index = i},
                                 .offset = target.offset,
                                 .sql_type = std::move(cast),
                                 .array = sql::parameter(parameters, 0)});
    }
    return made;
}

RowSource value_source(const ValueRows& rows) {
    auto columns = std::make_shared<std::vector<Yielded>>();
    std::vector<sql::Expr> arrays;
    sql::Source source{.alias = rows.name, .numbered = !rows.ordinals.empty()};
    bool casts = false;
    for (const ValueRows::Column& column : rows.columns) {
        columns->push_back(column.yielded);
        source.columns.push_back(column.yielded.label);
        arrays.push_back(column.array);
        casts = casts || !column.sql_type.empty();
    }
    if (source.numbered) {
        columns->push_back({rows.ordinals, &types::value_type<std::int64_t>});
        source.columns.push_back(rows.ordinals);
    }
    source.function = sql::call({}, "unnest", std::move(arrays), true);
    if (!casts)
        return {std::move(source), std::move(columns)};
    // Elements are cast one by one, and have their types for everybody who reads them.
    sql::Query query;
    for (std::size_t i = 0; i < columns->size(); ++i) {
        const std::string& label = (*columns)[i].label;
        sql::Expr item = sql::column_of(rows.name, label);
        if (i < rows.columns.size() && !rows.columns[i].sql_type.empty())
            item = sql::cast(std::move(item), rows.columns[i].sql_type);
        query.items.push_back({std::move(item), label});
    }
    query.from.push_back({std::move(source)});
    return {sql::Source{.query = std::make_shared<const sql::Query>(std::move(query)), .alias = rows.name},
            std::move(columns)};
}

std::shared_ptr<const ValueRows> numbered(const ValueRows& rows, std::string column) {
    const bool taken = std::any_of(rows.columns.begin(), rows.columns.end(),
                                   [&](const ValueRows::Column& known) { return known.yielded.label == column; });
    if (taken || column.empty())
        throw MappingError("values(" + in_quotes(rows.name) + ") cannot call the numbers of its rows " +
                           in_quotes(column) + (taken ? ", as a column of theirs is called" : "") +
                           "; give with_ordinality() another name");
    auto made = std::make_shared<ValueRows>(rows);
    made->ordinals = std::move(column);
    return made;
}

const std::string& ordinals_of(const ValueRows& rows) {
    if (rows.ordinals.empty())
        throw MappingError("values(" + in_quotes(rows.name) +
                           ") has no numbers for its rows; take ordinality() of what with_ordinality() returns");
    return rows.ordinals;
}

const std::string& label_at(const ValueRows& rows, std::size_t offset, const types::ValueType& type) {
    for (const ValueRows::Column& column : rows.columns) {
        if (column.offset == offset && column.yielded.type == &type)
            return column.yielded.label;
    }
    throw MappingError("values(" + in_quotes(rows.name) +
                       ") has no column for this member, which is left out of the mapping; use another one");
}

} // namespace corm::query::detail
