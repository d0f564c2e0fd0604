#include "sql/node.hpp"

#include "base/memory.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace corm::sql {
namespace {

template <class... Operands>
int depth_of(const Operands&... operands) {
    return std::max({0, (operands ? operands.node().depth : 0)...});
}

int depth_of(const std::vector<Expr>& operands) {
    int depth = 0;
    for (const Expr& operand : operands)
        depth = std::max(depth, operand.node().depth);
    return depth;
}

template <class Alternative>
Expr make(Alternative value, int operands_depth = 0) {
    if (operands_depth >= Expr::max_depth)
        throw MappingError("an expression nests deeper than " + std::to_string(Expr::max_depth) +
                           " levels; use in() for long lists, or split the statement");
    return Expr{corm::detail::make_recycled<Node>(std::move(value), operands_depth + 1)};
}

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
    return make(nodes::Junction{all, std::move(terms)}, depth);
}

} // namespace

Expr column(std::string name) {
    return make(nodes::Column{{}, {}, std::move(name)});
}

Expr column(std::string schema, std::string table, std::string name) {
    return make(nodes::Column{std::move(schema), std::move(table), std::move(name)});
}

Expr parameter(const types::ValueType& type, const void* value) {
    if (type.is_null(value))
        return make(nodes::Parameter{type.oid, type.format, true, {}});
    std::string bytes;
    type.encode(value, bytes);
    return make(nodes::Parameter{type.oid, type.format, false, std::move(bytes)});
}

Expr parameter(const types::Parameters& from, std::size_t index) {
    return make(
        nodes::Parameter{from.oid(index), from.format(index), from.is_null(index), std::string{from.bytes(index)}});
}

Expr unary(UnaryOperator op, Expr operand) {
    const int depth = depth_of(operand);
    return make(nodes::Unary{op, std::move(operand)}, depth);
}

Expr binary(BinaryOperator op, Expr left, Expr right) {
    const int depth = depth_of(left, right);
    return make(nodes::Binary{op, std::move(left), std::move(right)}, depth);
}

Expr both(Expr left, Expr right) {
    return join(true, std::move(left), std::move(right));
}

Expr either(Expr left, Expr right) {
    return join(false, std::move(left), std::move(right));
}

Expr in_array(Expr operand, Expr array, bool negated) {
    const int depth = depth_of(operand, array);
    return make(nodes::InArray{std::move(operand), std::move(array), negated}, depth);
}

Expr in_list(Expr operand, std::vector<Expr> items, bool negated) {
    const int depth = std::max(depth_of(operand), depth_of(items));
    return make(nodes::InList{std::move(operand), std::move(items), negated}, depth);
}

Expr between(Expr operand, Expr low, Expr high, bool negated) {
    const int depth = depth_of(operand, low, high);
    return make(nodes::Between{std::move(operand), std::move(low), std::move(high), negated}, depth);
}

Expr call(std::string schema, std::string function, std::vector<Expr> arguments) {
    const int depth = depth_of(arguments);
    return make(nodes::Call{std::move(schema), std::move(function), std::move(arguments)}, depth);
}

Expr count_star() {
    return make(nodes::CountStar{});
}

Expr cast(Expr operand, std::string sql_type) {
    const int depth = depth_of(operand);
    return make(nodes::Cast{std::move(operand), std::move(sql_type)}, depth);
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
