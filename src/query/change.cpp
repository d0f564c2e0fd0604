#include <corm/query/change.hpp>

#include "sql/node.hpp"

#include <corm/base/error.hpp>

#include <algorithm>

namespace corm::query {

ChangeStatement::ChangeStatement(sql::Change::Kind kind, std::shared_ptr<const mapping::Mapper> mapper)
    : mapper_(std::move(mapper)) {
    change_.kind = kind;
    change_.sources.push_back(detail::table_source(*mapper_));
    if (kind != sql::Change::Kind::update)
        return;
    // An object that somebody has loaded must not overwrite what this changes.
    for (const mapping::Column& column : mapper_->columns()) {
        if (!column.counted)
            continue;
        const std::int32_t one = 1;
        sql::Expr next =
            sql::binary(sql::BinaryOperator::add, sql::column(mapper_->schema(), mapper_->table(), column.name),
                        detail::bound_value(types::value_type<std::int32_t>, &one));
        change_.assignments.push_back({column.name, std::move(next)});
    }
}

void ChangeStatement::check() const {
    if (all_rows_ || change_.where)
        return;
    const bool update = change_.kind == sql::Change::Kind::update;
    throw MappingError((update ? "an update of " : "a delete of ") + mapper_->entity() +
                       " has no condition; add where(), or all_rows() if every row of the table is meant");
}

void ChangeStatement::assign(std::size_t index, sql::Expr value) {
    const mapping::Column& column = mapper_->column(index);
    if (column.key || column.computed)
        throw MappingError(mapper_->entity() + "." + column.member +
                           (column.key ? " is the key, by which sessions know their objects, so a statement does not "
                                         "change it; edit the object"
                                       : " is computed by the server, so it cannot be set; leave it out"));
    std::vector<sql::Assignment>& all = change_.assignments;
    const auto known =
        std::find_if(all.begin(), all.end(), [&](const sql::Assignment& each) { return each.column == column.name; });
    if (known != all.end())
        known->value = std::move(value);
    else
        all.push_back({column.name, std::move(value)});
}

void ChangeStatement::add_column(std::size_t index) {
    const mapping::Column& column = mapper_->column(index);
    if (column.computed)
        throw MappingError(mapper_->entity() + "." + column.member +
                           " is computed by the server, so it cannot be inserted; leave it out");
    change_.columns.push_back(column.name);
}

namespace detail {
namespace {

bool is_label(const sql::OrderBy& term) {
    return std::holds_alternative<sql::nodes::Label>(term.expression.node().value);
}

} // namespace

sql::Expr null_for(const Place& place) {
    static_cast<void>(column_expression(place)); // refuses what is no column
    return sql::cast(sql::form({"NULL"}, {}), std::string{place.mapper->column(place.index).cast_type()});
}

sql::Expr expression_for(const Place& place, const types::ValueType& type, sql::Expr expression) {
    static_cast<void>(column_expression(place));
    const mapping::Column& column = place.mapper->column(place.index);
    if (!column.casts(type) || sql::cast_of(expression) == column.cast_type())
        return expression;
    return sql::cast(std::move(expression), std::string{column.cast_type()});
}

sql::QueryPtr rows_for(const std::vector<Place>& places, ComposedQuery query) {
    sql::Query& rows = query.statement;
    // These go by what is selected, so that its type decides which rows there are, and in what order.
    const bool selected =
        rows.distinct || !rows.distinct_on.empty() || std::any_of(rows.order_by.begin(), rows.order_by.end(), is_label);
    for (std::size_t i = 0; rows.first == nullptr && i < std::min(places.size(), rows.items.size()); ++i) {
        const types::ValueType& type = *query.columns[i].type;
        if (type.as_text || !selected)
            rows.items[i].expression = expression_for(places[i], type, std::move(rows.items[i].expression));
    }
    return nested(query);
}

} // namespace detail

} // namespace corm::query
