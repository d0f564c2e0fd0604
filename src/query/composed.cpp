#include <corm/query/composed.hpp>

#include "query/checked_rows.hpp"
#include "query/column_at.hpp"
#include "query/problems.hpp"

#include <corm/base/error.hpp>
#include <corm/query/rows.hpp>
#include <corm/type/scalar.hpp>

#include <algorithm>
#include <utility>

namespace corm::query::detail {
namespace {

std::string list_of(const std::vector<Yielded>& columns) {
    std::string text;
    for (const Yielded& column : columns) {
        if (!column.label.empty())
            text += (text.empty() ? "" : ", ") + in_quotes(column.label);
    }
    return text.empty() ? "no column with a name" : text;
}

/// A value of `from` can be read as one of `to`.
bool reads_as(const types::ValueType& from, const types::ValueType& to) {
    return from.oid == to.oid && from.sql_type() == to.sql_type();
}

std::string type_name(const types::ValueType& type) {
    return std::string{type.sql_type()} + (type.nullable ? ", which can be NULL" : "");
}

/// Null if there is none. Throws `MappingError` for a name that several have.
const Yielded* find(const std::vector<Yielded>& columns, std::string_view label) {
    const Yielded* found = nullptr;
    for (const Yielded& column : columns) {
        if (column.label != label)
            continue;
        if (found != nullptr)
            throw MappingError("a query selects several columns called " + in_quotes(label) +
                               "; name them apart by .as(\"...\")");
        found = &column;
    }
    return found;
}

sql::Expr read_from(const sql::Source& source, const Yielded& column, const types::ValueType& type) {
    const std::string name = in_quotes(source.name()) + "." + in_quotes(column.label);
    if (!reads_as(*column.type, type) && !type.as_text)
        throw MappingError(name + " is of type " + type_name(*column.type) + ", and is read as " + type_name(type) +
                           "; ask for the type that was selected");
    if (column.type->nullable && !type.nullable)
        throw MappingError(name + " can be NULL, and is read as a type that holds none; ask for std::optional, or "
                                  "select corm::coalesce(..., value)");
    std::string cast = column.cast;
    if (cast.empty() && type.as_text)
        cast = column.type->sql_type();
    return sql::column_of(source.name(), column.label, std::move(cast));
}

sql::Lock& required_lock(ComposedQuery& query, std::string_view name) {
    if (!query.statement.lock)
        throw MappingError(std::string{name} + " needs a lock; call for_update() or lock() before it");
    return *query.statement.lock;
}

RowSource source_of(sql::Source source, const ComposedQuery& query) {
    return {std::move(source), std::make_shared<const std::vector<Yielded>>(query.columns)};
}

} // namespace

sql::Source table_source(const mapping::Mapper& mapper, std::string alias) {
    sql::Source source{.schema = mapper.schema(), .table = mapper.table(), .alias = std::move(alias)};
    for (const std::uint16_t index : mapper.key_columns())
        source.key.push_back(mapper.column(index).name);
    return source;
}

sql::Expr alias_column(const std::string& alias, const mapping::Mapper& mapper, const Place& place) {
    if (place.mapper != &mapper)
        throw MappingError("a column of " + place.mapper->entity() + " is looked for in the alias " + in_quotes(alias) +
                           ", which stands for " + mapper.entity() + "; use one of that entity's columns");
    static_cast<void>(column_expression(place)); // refuses what is no column
    return column_at(mapper, place.index, alias);
}

sql::Expr source_column(const sql::Source& source, const std::vector<Yielded>& columns, std::string_view label,
                        const types::ValueType& type) {
    const Yielded* const found = find(columns, label);
    if (found == nullptr)
        throw MappingError(in_quotes(source.name()) + " has no column " + in_quotes(label) + "; it yields " +
                           list_of(columns) + ": name what is selected by .as(\"...\")");
    return read_from(source, *found, type);
}

sql::Expr source_column(const sql::Source& source, const std::vector<Yielded>& columns, const Place& place,
                        const types::ValueType& type) {
    const std::string label = label_of(place);
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const Yielded& column) {
        return column.mapper == place.mapper && column.index == place.index;
    });
    if (found == columns.end())
        throw MappingError(in_quotes(source.name()) + " does not select " + place.mapper->entity() + "." +
                           place.mapper->column(place.index).member + "; it yields " + list_of(columns) +
                           ": take those by what was selected, or by column<T>(\"label\")");
    static_cast<void>(find(columns, label)); // refuses what has its name twice
    return read_from(source, *found, type);
}

std::string label_of(const Place& place) {
    static_cast<void>(column_expression(place));
    return place.mapper->column(place.index).name;
}

void add_item(ComposedQuery& query, sql::Expr expression, const types::ValueType& type, std::string label) {
    if (type.as_text)
        expression = sql::cast(std::move(expression), "text");
    std::string cast{sql::cast_of(expression)};
    query.statement.items.push_back({std::move(expression), {}, type.nullable});
    query.columns.push_back({std::move(label), &type, std::move(cast)});
}

void add_entity(ComposedQuery& query, std::shared_ptr<const mapping::Mapper> mapper, const std::string& alias) {
    const std::size_t first = query.statement.items.size();
    for (std::size_t i = 0; i < mapper->columns().size(); ++i) {
        const types::ValueType& type = *mapper->column(i).type;
        const sql::Expr column = column_at(*mapper, i, alias);
        // Behind an outer join the whole object may be missing.
        query.statement.items.push_back(
            {.expression = type.as_text ? sql::cast(column, "text") : column, .of_object = true});
        query.columns.push_back({{}, &type});
    }
    query.entities.push_back({std::move(mapper), first});
}

void add_source(ComposedQuery& query, sql::JoinKind join, sql::Source source, sql::Expr on) {
    query.statement.from.push_back({std::move(source), join, std::move(on)});
}

void set_limit(ComposedQuery& query, std::int64_t rows) {
    query.statement.limit = checked_rows(rows, "limit");
}

void set_offset(ComposedQuery& query, std::int64_t rows) {
    query.statement.offset = checked_rows(rows, "offset");
}

void set_lock(ComposedQuery& query, sql::LockMode mode) {
    if (!query.statement.lock)
        query.statement.lock.emplace();
    query.statement.lock->mode = mode;
}

void set_wait(ComposedQuery& query, sql::LockWait wait, std::string_view name) {
    required_lock(query, std::string{name} + "()").wait = wait;
}

void add_locked(ComposedQuery& query, std::string name) {
    required_lock(query, "of()").of.push_back(std::move(name));
}

void check_into(const ComposedQuery& query, std::span<const Target> targets, const std::string& into) {
    std::string problems;
    for (const Target& target : targets) {
        const Yielded* const found = find(query.columns, target.name);
        if (found == nullptr)
            add_problem(problems, "no column " + in_quotes(target.name));
        else if (!reads_as(*found->type, *target.type))
            add_problem(problems, "column " + in_quotes(target.name) + " is of type " + type_name(*found->type) +
                                      " where " + type_name(*target.type) + " is read");
        else if (found->type->nullable && !target.type->nullable)
            add_problem(problems,
                        "column " + in_quotes(target.name) + " can be NULL, and the member is no std::optional");
    }
    if (!problems.empty())
        throw MappingError("a query cannot be read into " + into + ": " + problems + "; it yields " +
                           list_of(query.columns) + ": name what is selected by .as(\"...\")");
}

ComposedQuery combined(ComposedQuery left, sql::SetOperator op, bool all, ComposedQuery right) {
    if (!left.entities.empty() || !right.entities.empty())
        throw MappingError("rows with objects are not put together with those of another query; select columns, and "
                           "get the objects by their keys");
    sql::Operand operand{op, all, nested(right)};
    ComposedQuery query;
    query.within = left.within;
    query.prepared = left.prepared && right.prepared;
    query.statement.first = nested(left);
    query.statement.items = left.statement.items;
    query.columns = std::move(left.columns);
    query.statement.operands.push_back(std::move(operand));
    return query;
}

namespace {

/// A query around one whose rows are not read. The names of what is selected may collide within a subquery; those that
/// were given stay, since the order may be by them.
ComposedQuery around(ComposedQuery& query) {
    if (query.statement.lock)
        throw MappingError("count() and exists() cannot lock rows; select them with the lock, or ask without it");
    ComposedQuery outer;
    outer.within = query.within;
    outer.prepared = query.prepared;
    query.entities.clear();
    for (sql::Item& item : query.statement.items) {
        item.holds_null = true;
        item.of_object = false;
    }
    for (Yielded& column : query.columns)
        column.label.clear();
    return outer;
}

} // namespace

ComposedQuery counted(ComposedQuery query) {
    ComposedQuery outer = around(query);
    add_item(outer, sql::count_star(), types::value_type<std::int64_t>, {});
    add_source(outer, sql::JoinKind::inner, {.query = nested(query), .alias = "counted"}, {});
    return outer;
}

ComposedQuery asked(ComposedQuery query) {
    ComposedQuery outer = around(query);
    add_item(outer, exists(query, false).expression(), types::value_type<bool>, {});
    return outer;
}

sql::QueryPtr nested(const ComposedQuery& query) {
    if (!query.entities.empty())
        throw MappingError("a query within another one yields objects; let it select columns");
    if (query.statement.lock)
        throw MappingError(
            "a query within another one locks rows; let the outer one lock them, by for_update().of<T>()");
    sql::Query copy = query.statement;
    for (std::size_t i = 0; i < copy.items.size(); ++i) {
        // What the outer query reads by this name has to be called so.
        if (copy.first == nullptr && copy.items[i].label.empty())
            copy.items[i].label = query.columns[i].label;
    }
    return std::make_shared<const sql::Query>(std::move(copy));
}

Condition exists(const ComposedQuery& query, bool negated) {
    return Condition{sql::subquery(negated ? sql::Subquery::not_exists : sql::Subquery::exists, nested(query))};
}

Condition exists_in(sql::Source source, const Condition& condition) {
    ComposedQuery query;
    query.statement.items.push_back({sql::form({"1"}, {})});
    query.columns.push_back({{}, &types::value_type<std::int32_t>});
    query.statement.where = condition.expression();
    add_source(query, sql::JoinKind::inner, std::move(source), {});
    return exists(query, false);
}

RowSource named_subquery(std::string name, const ComposedQuery& query, bool lateral) {
    return source_of({.query = nested(query), .alias = std::move(name), .lateral = lateral}, query);
}

RowSource common_table(std::string name, const ComposedQuery& query, std::optional<bool> materialized) {
    auto table = std::make_shared<const sql::CommonTable>(
        sql::CommonTable{.name = name, .query = nested(query), .materialized = materialized});
    return source_of({.table = std::move(name), .common = std::move(table)}, query);
}

RowSource itself(std::string name, const ComposedQuery& start) {
    return source_of({.table = std::move(name), .itself = true}, start);
}

RowSource recursive_table(std::string name, const ComposedQuery& start, const ComposedQuery& step,
                          bool keeps_duplicates) {
    auto table = std::make_shared<const sql::CommonTable>(sql::CommonTable{
        .name = name, .query = nested(start), .step = nested(step), .keeps_duplicates = keeps_duplicates});
    return source_of({.table = std::move(name), .common = std::move(table)}, start);
}

} // namespace corm::query::detail
