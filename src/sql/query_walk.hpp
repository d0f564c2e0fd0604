// The parts of expressions and queries.
#pragma once

#include "sql/node.hpp"

namespace corm::sql {

/// Calls `see` with each expression that is directly part of another one, and `nested` with each query.
template <class See, class Nested>
class EachPart {
public:
    EachPart(See& see, Nested& nested) : see_(see), nested_(nested) {}

    void operator()(const nodes::Column&) const {}
    void operator()(const nodes::Parameter&) const {}
    void operator()(const nodes::CountStar&) const {}
    void operator()(const nodes::AliasColumn&) const {}
    void operator()(const nodes::Label&) const {}
    void operator()(const nodes::Unary& node) const { see_(node.operand); }
    void operator()(const nodes::Cast& node) const { see_(node.operand); }
    void operator()(const nodes::Binary& node) const { both(node.left, node.right); }
    void operator()(const nodes::Infix& node) const { both(node.left, node.right); }
    void operator()(const nodes::InArray& node) const { both(node.operand, node.array); }
    void operator()(const nodes::Junction& node) const { all(node.terms); }
    void operator()(const nodes::Call& node) const { all(node.arguments); }
    void operator()(const nodes::Form& node) const { all(node.arguments); }
    void operator()(const nodes::Grouping& node) const { all(node.items); }
    void operator()(const nodes::GroupingOf& node) const { all(node.expressions); }
    void operator()(const nodes::InList& node) const {
        see_(node.operand);
        all(node.items);
    }
    void operator()(const nodes::Between& node) const {
        see_(node.operand);
        both(node.low, node.high);
    }
    void operator()(const Aggregate& node) const {
        all(node.arguments);
        all(node.order_by);
        if (node.filter)
            see_(node.filter);
        if (node.over) {
            all(node.over->partition_by);
            all(node.over->order_by);
        }
    }
    void operator()(const nodes::Nested& node) const {
        if (node.left)
            see_(node.left);
        nested_(*node.query);
    }
    void operator()(const nodes::Quantified& node) const {
        see_(node.left);
        nested_(*node.query);
    }

private:
    void both(const Expr& first, const Expr& second) const {
        see_(first);
        see_(second);
    }
    void all(const std::vector<Expr>& expressions) const {
        for (const Expr& expression : expressions)
            see_(expression);
    }
    void all(const std::vector<OrderBy>& terms) const {
        for (const OrderBy& term : terms)
            see_(term.expression);
    }

    See& see_;
    Nested& nested_;
};

template <class See, class Nested>
void each_part(const Expr& expression, See see, Nested nested) {
    std::visit(EachPart<See, Nested>{see, nested}, expression.node().value);
}

/// Calls `see` with each expression that a query is made of, those of its sources included.
template <class See>
void each_expression(const Query& query, See see) {
    const auto one = [&](const Expr& expression) {
        if (expression)
            see(expression);
    };
    for (const Item& item : query.items)
        one(item.expression);
    for (const Joined& joined : query.from) {
        one(joined.source.function);
        one(joined.on);
    }
    one(query.where);
    for (const std::vector<Expr>* list : {&query.group_by, &query.distinct_on}) {
        for (const Expr& expression : *list)
            one(expression);
    }
    one(query.having);
    for (const OrderBy& term : query.order_by)
        one(term.expression);
}

template <class See>
void each_nested_in(const Expr& expression, See see) {
    each_part(
        expression, [&](const Expr& part) { each_nested_in<See&>(part, see); },
        [&](const Query& nested) { see(nested); });
}

/// Calls `see` with each query that is part of one, not with those that are part of these.
template <class See>
void each_nested(const Query& query, See see) {
    for (const Joined& joined : query.from) {
        if (joined.source.query)
            see(*joined.source.query);
    }
    if (query.first)
        see(*query.first);
    for (const Operand& operand : query.operands)
        see(*operand.query);
    each_expression(query, [&](const Expr& expression) { each_nested_in<See&>(expression, see); });
}

} // namespace corm::sql
