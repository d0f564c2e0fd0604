#include <corm/query/composed.hpp>

#include "mapping/relation_ends.hpp"
#include "query/checked_rows.hpp"
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
            text += (text.empty() ? "" : ", ") + quoted(column.label);
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
            throw MappingError("a query selects several columns called " + quoted(label) +
                               "; name them apart by .as(\"...\")");
        found = &column;
    }
    return found;
}

sql::Expr read_from(const sql::Source& source, const Yielded& column, const types::ValueType& type) {
    const std::string name = quoted(source.name()) + "." + quoted(column.label);
    if (!reads_as(*column.type, type))
        throw MappingError(name + " is of type " + type_name(*column.type) + ", and is read as " + type_name(type) +
                           "; ask for the type that was selected");
    if (column.type->nullable && !type.nullable)
        throw MappingError(name + " can be NULL, and is read as a type that holds none; ask for std::optional, or "
                                  "select corm::coalesce(..., value)");
    return sql::column_of(source.name(), column.label, column.cast);
}

sql::Expr column_at(const mapping::Mapper& mapper, std::size_t index, const std::string& alias) {
    sql::Expr own = column_expression({&mapper, index});
    if (alias.empty())
        return own;
    return sql::column_of(alias, mapper.column(index).name, std::string{sql::cast_of(own)}, mapper.table());
}

/// Pairs of columns that are equal, of two tables by their names in the query.
sql::Expr pairs(const mapping::Mapper& left, const std::string& left_alias, std::span<const std::uint16_t> of_left,
                const mapping::Mapper& right, const std::string& right_alias, std::span<const std::uint16_t> of_right) {
    sql::Expr all;
    for (std::size_t i = 0; i < of_left.size(); ++i)
        all = sql::both(std::move(all), sql::binary(sql::BinaryOperator::equal, column_at(left, of_left[i], left_alias),
                                                    column_at(right, of_right[i], right_alias)));
    return all;
}

std::vector<std::uint16_t> range(std::size_t from, std::size_t count) {
    std::vector<std::uint16_t> indices;
    for (std::size_t i = 0; i < count; ++i)
        indices.push_back(static_cast<std::uint16_t>(from + i));
    return indices;
}

/// The table of pairs of a many-to-many relation, and which of its columns refer to which side.
struct AssociationSides {
    explicit AssociationSides(const mapping::RelationEnds& ends) {
        const mapping::AssociationEnds between = mapping::association_of(ends);
        const std::size_t own = ends.here.size(), other = ends.there.size();
        to_owner = range(between.swapped ? other : 0, own);
        to_target = range(between.swapped ? 0 : own, other);
        mapper = between.mapper;
    }
    [[nodiscard]] sql::Source source() const { return {.schema = mapper->schema(), .table = mapper->table()}; }

    std::shared_ptr<const mapping::Mapper> mapper;
    std::vector<std::uint16_t> to_owner;
    std::vector<std::uint16_t> to_target;
};

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
        throw MappingError("a column of " + place.mapper->entity() + " is looked for in the alias " + quoted(alias) +
                           ", which stands for " + mapper.entity() + "; use one of that entity's columns");
    static_cast<void>(column_expression(place)); // refuses what is no column
    return column_at(mapper, place.index, alias);
}

sql::Expr source_column(const sql::Source& source, const std::vector<Yielded>& columns, std::string_view label,
                        const types::ValueType& type) {
    const Yielded* const found = find(columns, label);
    if (found == nullptr)
        throw MappingError(quoted(source.name()) + " has no column " + quoted(label) + "; it yields " +
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
        throw MappingError(quoted(source.name()) + " does not select " + place.mapper->entity() + "." +
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
        sql::Expr column = column_at(*mapper, i, alias);
        // Behind an outer join the whole object may be missing.
        query.statement.items.push_back({type.as_text ? sql::cast(std::move(column), "text") : std::move(column)});
        query.columns.push_back({{}, &type});
    }
    query.entities.push_back({std::move(mapper), first});
}

void add_source(ComposedQuery& query, sql::JoinKind join, sql::Source source, sql::Expr on) {
    query.statement.from.push_back({std::move(source), join, std::move(on)});
}

void add_relation(ComposedQuery& query, sql::JoinKind join, const mapping::Relation& relation,
                  const std::string& alias) {
    const mapping::RelationEnds& ends = mapping::RelationMap::of(relation.owner.get(), relation);
    sql::Source target = table_source(*ends.target, alias);
    if (ends.kind() != mapping::RelationKind::many_to_many) {
        sql::Expr on = pairs(*ends.owner, {}, ends.here, *ends.target, alias, ends.there);
        add_source(query, join, std::move(target), std::move(on));
        return;
    }
    const AssociationSides between{ends};
    add_source(query, join, between.source(), pairs(*ends.owner, {}, ends.here, *between.mapper, {}, between.to_owner));
    add_source(query, join, std::move(target),
               pairs(*between.mapper, {}, between.to_target, *ends.target, alias, ends.there));
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
            add_problem(problems, "no column " + quoted(target.name));
        else if (!reads_as(*found->type, *target.type))
            add_problem(problems, "column " + quoted(target.name) + " is of type " + type_name(*found->type) +
                                      " where " + type_name(*target.type) + " is read");
        else if (found->type->nullable && !target.type->nullable)
            add_problem(problems, "column " + quoted(target.name) + " can be NULL, and the member is no std::optional");
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

/// A query around one whose rows are not read. The names of what is selected may collide within a subquery.
ComposedQuery around(ComposedQuery& query) {
    if (query.statement.lock)
        throw MappingError("count() and exists() cannot lock rows; select them with the lock, or ask without it");
    ComposedQuery outer;
    outer.within = query.within;
    outer.prepared = query.prepared;
    query.entities.clear();
    for (sql::Item& item : query.statement.items) {
        item.label.clear();
        item.holds_null = true;
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

Condition exists_related(const mapping::Relation& relation, const std::string& alias,
                         const std::optional<Condition>& condition) {
    const mapping::RelationEnds& ends = mapping::RelationMap::of(relation.owner.get(), relation);
    if (alias.empty() && ends.owner->table() == ends.target->table() && ends.owner->schema() == ends.target->schema())
        throw MappingError(relation.entity + "." + relation.name +
                           " leads to the table that it starts from; give the other end a name by corm::alias, as in "
                           "corm::any<&T::member>(alias, condition)");
    ComposedQuery query;
    query.statement.items.push_back({sql::form({"1"}, {})});
    query.columns.push_back({{}, &types::value_type<std::int32_t>});
    add_source(query, sql::JoinKind::inner, table_source(*ends.target, alias), {});
    sql::Expr related;
    if (ends.kind() == mapping::RelationKind::many_to_many) {
        const AssociationSides between{ends};
        add_source(query, sql::JoinKind::inner, between.source(),
                   pairs(*between.mapper, {}, between.to_target, *ends.target, alias, ends.there));
        related = pairs(*ends.owner, {}, ends.here, *between.mapper, {}, between.to_owner);
    } else {
        related = pairs(*ends.owner, {}, ends.here, *ends.target, alias, ends.there);
    }
    query.statement.where = condition ? sql::both(std::move(related), condition->expression()) : std::move(related);
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
