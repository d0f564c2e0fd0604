#include "sql/node.hpp"

#include <corm/type/oid.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace corm::sql {
namespace {

Expr join(bool all, Expr left, Expr right) {
    if (!left)
        return right;
    if (!right)
        return left;
    std::vector<Expr> terms;
    for (Expr* side : {&left, &right}) {
        const auto* junction = std::get_if<nodes::Junction>(&side->node().value);
        if (junction != nullptr && junction->all == all)
            terms.insert(terms.end(), junction->terms.begin(), junction->terms.end());
        else
            terms.push_back(std::move(*side));
    }
    const int depth = depth_of(terms);
    return make_node(nodes::Junction{all, std::move(terms)}, depth);
}

/// A parameter beside a column, with the cast that this asks for.
Expr beside(const Expr& expression, Expr parameter) {
    if (!expression || !parameter)
        return parameter;
    const auto* column = std::get_if<nodes::AliasColumn>(&expression.node().value);
    const auto* value = std::get_if<nodes::Parameter>(&parameter.node().value);
    const auto* casted = std::get_if<nodes::Cast>(&parameter.node().value);
    if (casted != nullptr)
        value = std::get_if<nodes::Parameter>(&casted->operand.node().value);
    if (column == nullptr || value == nullptr || column->cast.empty())
        return parameter;
    // What the program has cast itself stays as it is.
    const bool text = value->oid == types::oids::text || value->oid == types::oids::text_array;
    if (value->oid != 0 && (casted != nullptr || !text))
        return parameter;
    return sql::cast(casted != nullptr ? casted->operand : std::move(parameter),
                     column->cast + (value->oid == types::oids::text_array ? "[]" : ""));
}

} // namespace

Expr column(std::string name) {
    return make_node(nodes::Column{{}, {}, std::move(name)});
}

Expr column(std::string schema, std::string table, std::string name) {
    return make_node(nodes::Column{std::move(schema), std::move(table), std::move(name)});
}

Expr parameter(const types::ValueType& type, const void* value) {
    if (type.is_null(value))
        return make_node(nodes::Parameter{type.oid, type.format, true, {}});
    std::string bytes;
    type.encode(value, bytes);
    return make_node(nodes::Parameter{type.oid, type.format, false, std::move(bytes)});
}

Expr parameter(const types::Parameters& from, std::size_t index) {
    return make_node(
        nodes::Parameter{from.oid(index), from.format(index), from.is_null(index), std::string{from.bytes(index)}});
}

Expr unary(UnaryOperator op, Expr operand) {
    const int depth = depth_of(operand);
    return make_node(nodes::Unary{op, std::move(operand)}, depth);
}

Expr binary(BinaryOperator op, Expr left, Expr right) {
    right = beside(left, std::move(right));
    left = beside(right, std::move(left));
    const int depth = depth_of(left, right);
    return make_node(nodes::Binary{op, std::move(left), std::move(right)}, depth);
}

Expr both(Expr left, Expr right) {
    return join(true, std::move(left), std::move(right));
}

Expr either(Expr left, Expr right) {
    return join(false, std::move(left), std::move(right));
}

Expr in_array(Expr operand, Expr array, bool negated) {
    array = beside(operand, std::move(array));
    const int depth = depth_of(operand, array);
    return make_node(nodes::InArray{std::move(operand), std::move(array), negated}, depth);
}

Expr in_list(Expr operand, std::vector<Expr> items, bool negated) {
    for (Expr& item : items)
        item = beside(operand, std::move(item));
    const int depth = std::max(depth_of(operand), depth_of(items));
    return make_node(nodes::InList{std::move(operand), std::move(items), negated}, depth);
}

Expr between(Expr operand, Expr low, Expr high, bool negated) {
    low = beside(operand, std::move(low));
    high = beside(operand, std::move(high));
    const int depth = depth_of(operand, low, high);
    return make_node(nodes::Between{std::move(operand), std::move(low), std::move(high), negated}, depth);
}

Expr call(std::string schema, std::string function, std::vector<Expr> arguments, bool only_reads) {
    const int depth = depth_of(arguments);
    return make_node(nodes::Call{std::move(schema), std::move(function), std::move(arguments), only_reads}, depth);
}

Expr count_star() {
    return make_node(nodes::CountStar{});
}

Expr cast(Expr operand, std::string sql_type) {
    const int depth = depth_of(operand);
    return make_node(nodes::Cast{std::move(operand), std::move(sql_type)}, depth);
}

std::string escape_like(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\')
            out += '\\';
        out += c;
    }
    return out;
}

} // namespace corm::sql
