#include <corm/query/condition.hpp>

#include <corm/base/error.hpp>
#include <corm/query/operand.hpp>
#include <corm/type/text_form.hpp>

namespace corm::query {

Condition operator&&(const Condition& left, const Condition& right) {
    return Condition{sql::both(left.expression(), right.expression())};
}

Condition operator||(const Condition& left, const Condition& right) {
    return Condition{sql::either(left.expression(), right.expression())};
}

Condition operator!(const Condition& condition) {
    return Condition{sql::unary(sql::UnaryOperator::logical_not, condition.expression())};
}

namespace detail {
namespace {

const mapping::Column& column_at(const Place& place) {
    if (place.index >= place.mapper->columns().size())
        throw MappingError("a member of " + place.mapper->entity() +
                           " that is left out of its mapping is used in a query; map it, or use another member");
    return place.mapper->column(place.index);
}

/// Runs `encode` so that a value that cannot be sent is reported with its column.
template <class Encode>
decltype(auto) naming_column(const Place& place, Encode encode) {
    try {
        return encode();
    } catch (const ConversionError& error) {
        throw ConversionError(error, place.mapper->table(), column_at(place).name);
    }
}

std::string type_text(const types::ValueType& type) {
    return std::string{type.sql_type()};
}

sql::Expr bound(const Place& place, const types::ValueType& type, const void* value) {
    const mapping::Column& column = column_at(place);
    if (column.type->as_text && type.oid == types::oids::text) {
        types::TextForm text;
        type.encode(value, text.text); // of an enum that is text as well
        return bound(place, types::value_type<types::TextForm>, &text);
    }
    sql::Expr parameter = naming_column(place, [&] { return sql::parameter(type, value); });
    if (column.casts(type))
        return sql::cast(std::move(parameter), std::string{column.cast_type()});
    return type.oid == 0 ? sql::cast(std::move(parameter), type_text(type)) : parameter;
}

/// PostgreSQL has no arrays of arrays: values of an array type cannot travel as the elements of one parameter.
bool is_array(const types::ValueType& type) {
    return type.sql_type().ends_with(']');
}

} // namespace

std::string_view text_of(const char* text) {
    if (text == nullptr)
        throw ConversionError("a null pointer is no text; use std::nullopt for NULL");
    return text;
}

sql::Expr value_for(const Place& place, const types::ValueType& type, const void* value) {
    return bound(place, type, value);
}

sql::Expr column_expression(const Place& place) {
    const mapping::Column& column = column_at(place);
    const bool casts = column.type->as_text || !column.declared.empty();
    return sql::column(place.mapper->schema(), place.mapper->table(), column.name,
                       casts ? std::string{column.cast_type()} : std::string{});
}

Condition compare(const Place& place, sql::BinaryOperator op, const types::ValueType& type, const void* value) {
    const bool equality = op == sql::BinaryOperator::equal || op == sql::BinaryOperator::not_equal;
    if (equality && type.is_null(value))
        return null_test(place, op == sql::BinaryOperator::equal);
    return Condition{sql::binary(op, column_expression(place), bound(place, type, value))};
}

Condition compare_columns(const Place& left, sql::BinaryOperator op, const Place& right) {
    return Condition{sql::binary(op, column_expression(left), column_expression(right))};
}

Condition null_test(const Place& place, bool is_null) {
    return Condition{
        sql::unary(is_null ? sql::UnaryOperator::is_null : sql::UnaryOperator::is_not_null, column_expression(place))};
}

Condition between(const Place& place, const types::ValueType& low_type, const void* low,
                  const types::ValueType& high_type, const void* high) {
    return Condition{
        sql::between(column_expression(place), bound(place, low_type, low), bound(place, high_type, high))};
}

Condition like(const Place& place, sql::BinaryOperator op, std::string_view pattern) {
    const std::string value{pattern};
    if (column_at(place).type->as_text) {
        const types::ValueType& text = types::value_type<std::string>;
        sql::Expr parameter = naming_column(place, [&] { return sql::parameter(text, &value); });
        return Condition{sql::binary(op, sql::cast(column_expression(place), "text"), std::move(parameter))};
    }
    return Condition{sql::binary(op, column_expression(place), bound(place, types::value_type<std::string>, &value))};
}

std::string pattern_of(Match match, std::string_view text) {
    std::string pattern = sql::escape_like(text);
    if (!match.at_start)
        pattern.insert(pattern.begin(), '%');
    if (!match.at_end)
        pattern += '%';
    return pattern;
}

Condition like_literally(const Place& place, Match match, std::string_view text) {
    return like(place, match.ignores_case ? sql::BinaryOperator::ilike : sql::BinaryOperator::like,
                pattern_of(match, text));
}

void check_comparable(const Place& place, const types::ValueType& type) {
    const mapping::Column& column = column_at(place);
    const types::ValueType& own = *column.type;
    if ((own.integer && type.integer) || (own.as_text && (type.as_text || type.oid == types::oids::text)))
        return;
    if (own.oid != type.oid || own.sql_type() != type.sql_type())
        throw MappingError(place.mapper->entity() + "." + column.name + " is defined as " + type_text(own) +
                           " and is compared with a value of type " + type_text(type) +
                           "; give a value of the column's type");
}

void check_text_column(const Place& place) {
    check_comparable(place, types::value_type<std::string>);
}

Membership::Membership(const Place& place, const types::ValueType& type, std::size_t count)
    : place_(place), type_(type) {
    if (is_array(type) || column_at(place).cast_type().ends_with("[]"))
        list_.reserve(count);
    else
        array_.emplace(parameters_, type, count);
}

void Membership::add(const void* value) {
    if (!array_) {
        list_.push_back(bound(place_, type_, value));
        return;
    }
    naming_column(place_, [&] { array_->add(value); });
}

Condition Membership::finish(bool negated) {
    if (!array_)
        return Condition{sql::in_list(column_expression(place_), std::move(list_), negated)};
    naming_column(place_, [&] { array_->finish(); });
    sql::Expr values = sql::parameter(parameters_, 0);
    const mapping::Column& column = column_at(place_);
    const bool own = column.type->as_text || column.casts(type_);
    if (types::ArrayParameter::as_literals(type_) || own)
        values = sql::cast(std::move(values), (own ? std::string{column.cast_type()} : type_text(type_)) + "[]");
    return Condition{sql::in_array(column_expression(place_), std::move(values), negated)};
}

} // namespace detail

} // namespace corm::query
