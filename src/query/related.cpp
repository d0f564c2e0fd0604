#include <corm/query/related.hpp>

#include "mapping/relation_ends.hpp"
#include "query/column_at.hpp"

#include <corm/base/error.hpp>
#include <corm/type/scalar.hpp>

#include <span>
#include <utility>
#include <vector>

namespace corm::query::detail {
namespace {

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

ComposedQuery any_row() {
    ComposedQuery query;
    query.statement.items.push_back({sql::form({"1"}, {})});
    query.columns.push_back({{}, &types::value_type<std::int32_t>});
    return query;
}

/// The parts of an encoded key, to stand beside the columns that hold it.
std::vector<sql::Expr> key_values(const mapping::Mapper& mapper, std::string_view key) {
    std::vector<std::string_view> parts;
    mapper.split_key(key, parts);
    types::Parameters parameters;
    std::vector<sql::Expr> values;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const mapping::Column& column = mapper.column(mapper.key_columns()[i]);
        const types::ValueType& type = *column.type;
        parameters.add_encoded(type.oid, type.format, parts[i]);
        sql::Expr value = sql::parameter(parameters, i);
        if (type.oid == 0 || column.casts(type))
            value = sql::cast(std::move(value), std::string{column.cast_type()});
        values.push_back(std::move(value));
    }
    return values;
}

/// These columns have the values, one by one.
sql::Expr equal(const mapping::Mapper& mapper, std::span<const std::uint16_t> columns, const std::string& alias,
                const std::vector<sql::Expr>& values) {
    sql::Expr all;
    for (std::size_t i = 0; i < columns.size(); ++i)
        all = sql::both(std::move(all),
                        sql::binary(sql::BinaryOperator::equal, column_at(mapper, columns[i], alias), values[i]));
    return all;
}

} // namespace

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

Condition exists_related(const mapping::Relation& relation, const std::string& alias,
                         const std::optional<Condition>& condition) {
    const mapping::RelationEnds& ends = mapping::RelationMap::of(relation.owner.get(), relation);
    if (alias.empty() && ends.owner->table() == ends.target->table() && ends.owner->schema() == ends.target->schema())
        throw MappingError(relation.entity + "." + relation.name +
                           " leads to the table that it starts from; give the other end a name by corm::alias, as in "
                           "corm::any<&T::member>(alias, condition)");
    ComposedQuery query = any_row();
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

Condition related_to(const mapping::Relation& relation, std::string_view key) {
    const mapping::RelationEnds& ends = mapping::RelationMap::of(relation.owner.get(), relation);
    const std::vector<sql::Expr> values = key_values(*ends.target, key);
    ComposedQuery query = any_row();
    if (ends.kind() == mapping::RelationKind::many_to_many) {
        const AssociationSides between{ends};
        add_source(query, sql::JoinKind::inner, between.source(), {});
        query.statement.where = sql::both(pairs(*between.mapper, {}, between.to_owner, *ends.owner, {}, ends.here),
                                          equal(*between.mapper, between.to_target, {}, values));
        return exists(query, false);
    }
    // The side of the foreign key, which refers to the key.
    if (mapping::refers(ends.kind()))
        return Condition{equal(*ends.owner, ends.here, {}, values)};
    // The row is looked up by its key, under a name of its own: the owner may be of the same table.
    const std::string alias = "related";
    add_source(query, sql::JoinKind::inner, table_source(*ends.target, alias), {});
    query.statement.where = sql::both(equal(*ends.target, ends.target->key_columns(), alias, values),
                                      pairs(*ends.target, alias, ends.there, *ends.owner, {}, ends.here));
    return exists(query, false);
}

void throw_without_row(const mapping::Relation& relation, const std::string& described) {
    throw MappingError("a condition on " + relation.entity + "." + relation.name + " is given " + described +
                       ", which has no row; flush the session first, or give the key of a row");
}

} // namespace corm::query::detail
