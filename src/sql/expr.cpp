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

} // namespace

std::string_view cast_of(const Expr& expression) {
    if (!expression)
        return {};
    const nodes::Any& value = expression.node().value;
    if (const auto* column = std::get_if<nodes::Column>(&value))
        return column->cast;
    if (const auto* column = std::get_if<nodes::AliasColumn>(&value))
        return column->cast;
    // Of the type of what they choose from.
    const auto* form = std::get_if<nodes::Form>(&value);
    const auto* aggregate = std::get_if<Aggregate>(&value);
    const std::vector<Expr>* parts = nullptr;
    if (form != nullptr && form->chooses)
        parts = &form->arguments;
    else if (aggregate != nullptr && (aggregate->function == "min" || aggregate->function == "max"))
        parts = &aggregate->arguments;
    for (std::size_t i = 0; parts != nullptr && i < parts->size(); ++i) {
        if (const std::string_view found = cast_of((*parts)[i]); !found.empty())
            return found;
    }
    return {};
}

Expr beside(std::string_view type, Expr parameter) {
    if (type.empty() || !parameter)
        return parameter;
    const auto* value = std::get_if<nodes::Parameter>(&parameter.node().value);
    const auto* casted = std::get_if<nodes::Cast>(&parameter.node().value);
    if (casted != nullptr)
        value = std::get_if<nodes::Parameter>(&casted->operand.node().value);
    if (value == nullptr)
        return parameter;
    // What the program has cast itself stays as it is.
    const bool text = value->oid == types::oids::text || value->oid == types::oids::text_array;
    if (value->oid != 0 && (casted != nullptr || !text))
        return parameter;
    std::string wanted{type};
    if (value->oid == types::oids::text_array && !wanted.ends_with(']'))
        wanted += "[]";
    return cast(casted != nullptr ? casted->operand : std::move(parameter), std::move(wanted));
}

Expr column(std::string name) {
    return make_node(nodes::Column{{}, {}, std::move(name), {}});
}

Expr column(std::string schema, std::string table, std::string name, std::string cast) {
    return make_node(nodes::Column{std::move(schema), std::move(table), std::move(name), std::move(cast)});
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
    right = beside(cast_of(left), std::move(right));
    left = beside(cast_of(right), std::move(left));
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
    array = beside(cast_of(operand), std::move(array));
    const int depth = depth_of(operand, array);
    return make_node(nodes::InArray{std::move(operand), std::move(array), negated}, depth);
}

Expr in_list(Expr operand, std::vector<Expr> items, bool negated) {
    for (Expr& item : items)
        item = beside(cast_of(operand), std::move(item));
    const int depth = std::max(depth_of(operand), depth_of(items));
    return make_node(nodes::InList{std::move(operand), std::move(items), negated}, depth);
}

Expr between(Expr operand, Expr low, Expr high, bool negated) {
    low = beside(cast_of(operand), std::move(low));
    high = beside(cast_of(operand), std::move(high));
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
