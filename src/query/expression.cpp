// The compiled parts of typed expressions.
#include <corm/query/aggregate.hpp>
#include <corm/query/functions.hpp>
#include <corm/query/library.hpp>

#include <corm/base/error.hpp>

#include <algorithm>

namespace corm::query {
namespace {

/// As a literal: an index on an expression is found by the text of it, which a parameter is no part of.
std::string configuration_literal(std::string_view name) {
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    });
    if (!plain)
        throw MappingError("\"" + std::string{name} +
                           "\" is no name of a text search configuration; give one such as "
                           "english or simple");
    return "'" + std::string{name} + "'";
}

} // namespace

namespace detail {

sql::Expr bound_value(const types::ValueType& type, const void* value) {
    sql::Expr parameter = sql::parameter(type, value);
    if (type.oid == types::oids::json) // which has no operators, and is no type of a column as a rule
        return sql::cast(std::move(parameter), "jsonb");
    return type.oid == 0 ? sql::cast(std::move(parameter), std::string{type.sql_type()}) : parameter;
}

sql::Expr null_value(const types::ValueType& type) {
    return sql::cast(sql::form({"NULL"}, {}), std::string{type.sql_type()});
}

Members::Members(const types::ValueType& type, std::size_t count) : type_(type) {
    // PostgreSQL has no arrays of arrays.
    if (type.sql_type().ends_with(']'))
        list_.reserve(count);
    else
        array_.emplace(parameters_, type, count);
}

void Members::add(const void* value) {
    if (array_)
        array_->add(value);
    else
        list_.push_back(bound_value(type_, value));
}

Condition Members::finish(sql::Expr expression, bool negated) {
    if (!array_)
        return Condition{sql::in_list(std::move(expression), std::move(list_), negated)};
    array_->finish();
    sql::Expr values = sql::parameter(parameters_, 0);
    if (types::ArrayParameter::as_literals(type_))
        values = sql::cast(std::move(values), std::string{type_.sql_type()} + "[]");
    return Condition{sql::in_array(std::move(expression), std::move(values), negated)};
}

sql::Expr listed(std::string head, std::vector<sql::Expr> arguments, sql::NullsOf nulls) {
    std::vector<std::string> pieces(arguments.size() + 1, ", ");
    pieces.front() = std::move(head);
    pieces.back() = ")";
    return sql::choice(std::move(pieces), std::move(arguments), nulls);
}

Condition array_test(sql::Expr array, const char* symbol, sql::Expr elements) {
    elements = sql::beside(sql::cast_of(array), std::move(elements));
    array = sql::beside(sql::cast_of(elements), std::move(array));
    return Condition{sql::infix(symbol, std::move(array), std::move(elements))};
}

Condition array_member(sql::Expr array, sql::Expr value) {
    std::string_view element = sql::cast_of(array);
    if (element.ends_with("[]"))
        element.remove_suffix(2);
    value = sql::beside(element, std::move(value));
    return Condition{sql::in_array(std::move(value), std::move(array))};
}

sql::Expr search_vector(std::string_view configuration, sql::Expr text) {
    return sql::form({"to_tsvector(" + configuration_literal(configuration) + ", ", ")"}, {std::move(text)});
}

sql::Expr search_query(std::string_view configuration, std::string_view words) {
    return sql::form({"websearch_to_tsquery(" + configuration_literal(configuration) + ", ", ")"},
                     {operand(std::string{words})});
}

} // namespace detail

WindowSpec WindowSpec::framed(sql::Frame::Unit unit, const FrameEnd& from, const FrameEnd& to) const {
    if (from.rows < 0 || to.rows < 0)
        throw MappingError("the frame of a window ends at a negative number of rows; use preceding() and following() "
                           "for the two directions");
    WindowSpec more = *this;
    more.window_.frame = sql::Frame{unit, from.bound, to.bound, from.rows, to.rows};
    return more;
}

WindowSpec WindowSpec::rows(const FrameEnd& from, const FrameEnd& to) const {
    return framed(sql::Frame::Unit::rows, from, to);
}

WindowSpec WindowSpec::range(const FrameEnd& from, const FrameEnd& to) const {
    return framed(sql::Frame::Unit::range, from, to);
}

WindowSpec WindowSpec::groups(const FrameEnd& from, const FrameEnd& to) const {
    return framed(sql::Frame::Unit::groups, from, to);
}

} // namespace corm::query
