#include <corm/query/record_column.hpp>

#include "mapping/value.hpp"
#include "type/value.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/record.hpp>

namespace corm::query {
namespace {

std::size_t index_of(const std::shared_ptr<const mapping::Mapper>& mapper, std::string_view name) {
    if (mapper == nullptr)
        throw MappingError("column \"" + std::string{name} + "\" is asked of no mapper; define one by corm::define");
    return static_cast<std::size_t>(&mapping::column_by_name(*mapper, name) - mapper->columns().data());
}

Condition match(const detail::Place& place, sql::BinaryOperator op, std::string_view pattern) {
    detail::check_text_column(place);
    return detail::like(place, op, pattern);
}

Condition match(const detail::Place& place, detail::Match how, std::string_view text) {
    detail::check_text_column(place);
    return detail::like_literally(place, how, text);
}

} // namespace

RecordColumn::RecordColumn(std::shared_ptr<const mapping::Mapper> mapper, std::string_view name)
    : mapper_(std::move(mapper)), index_(index_of(mapper_, name)) {}

Condition RecordColumn::equal(sql::BinaryOperator op, const RecordColumn& other) const {
    return compare(op, other);
}

Condition detail::compare_text(const Place& place, sql::BinaryOperator op, const std::string& text) {
    static_cast<void>(column_expression(place)); // refuses what is no column
    const mapping::Column& column = place.mapper->column(place.index);
    types::Value value{*column.type};
    mapping::read_text(*place.mapper, column, text, value.at());
    return compare(place, op, *column.type, value.at());
}

Condition RecordColumn::compare(sql::BinaryOperator op, const FromText& given) const {
    return detail::compare_text(place(), op, given.text);
}

Condition RecordColumn::compare(sql::BinaryOperator op, const RecordColumn& other) const {
    const mapping::Column& there = other.mapper_->column(other.index_);
    detail::check_comparable(place(), *there.type);
    if (mapper_->column(index_).type->as_text != there.type->as_text)
        throw MappingError(mapper_->entity() + "." + mapper_->column(index_).name + " and " + other.mapper_->entity() +
                           "." + there.name +
                           " are of types that PostgreSQL does not compare; compare columns of one type");
    return detail::compare_columns(place(), op, other.place());
}

Condition RecordColumn::like(std::string_view pattern) const {
    return match(place(), sql::BinaryOperator::like, pattern);
}
Condition RecordColumn::not_like(std::string_view pattern) const {
    return match(place(), sql::BinaryOperator::not_like, pattern);
}
Condition RecordColumn::ilike(std::string_view pattern) const {
    return match(place(), sql::BinaryOperator::ilike, pattern);
}
Condition RecordColumn::not_ilike(std::string_view pattern) const {
    return match(place(), sql::BinaryOperator::not_ilike, pattern);
}
Condition RecordColumn::starts_with(std::string_view text) const {
    return match(place(), detail::Match{.at_start = true}, text);
}
Condition RecordColumn::ends_with(std::string_view text) const {
    return match(place(), detail::Match{.at_end = true}, text);
}
Condition RecordColumn::contains(std::string_view text) const {
    return match(place(), detail::Match{}, text);
}
Condition RecordColumn::istarts_with(std::string_view text) const {
    return match(place(), detail::Match{.at_start = true, .ignores_case = true}, text);
}
Condition RecordColumn::iends_with(std::string_view text) const {
    return match(place(), detail::Match{.at_end = true, .ignores_case = true}, text);
}
Condition RecordColumn::icontains(std::string_view text) const {
    return match(place(), detail::Match{.ignores_case = true}, text);
}

} // namespace corm::query
