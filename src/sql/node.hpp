// The nodes behind sql::Expr.
#pragma once

#include "base/memory.hpp"

#include <corm/base/error.hpp>
#include <corm/sql/query.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

namespace corm::sql {

namespace nodes {

struct Column {
    std::string schema;
    std::string table;
    std::string name;
    std::string cast; ///< see `column`
};
struct Parameter {
    types::Oid oid;
    types::Format format;
    bool null;
    std::string bytes;
};
struct Unary {
    UnaryOperator op;
    Expr operand;
};
struct Binary {
    BinaryOperator op;
    Expr left;
    Expr right;
};
/// AND or OR over two or more terms.
struct Junction {
    bool all;
    std::vector<Expr> terms;
};
struct InArray {
    Expr operand;
    Expr array;
    bool negated;
};
struct InList {
    Expr operand;
    std::vector<Expr> items;
    bool negated;
};
struct Between {
    Expr operand;
    Expr low;
    Expr high;
    bool negated;
};
struct Call {
    std::string schema;
    std::string function;
    std::vector<Expr> arguments;
    bool only_reads;
};
struct CountStar {};
struct Cast {
    Expr operand;
    std::string sql_type;
};

struct Form {
    std::vector<std::string> pieces;
    std::vector<Expr> arguments;
    NullsOf nulls;
    bool chooses; ///< is one of its arguments, at least of their type
};
struct Grouping {
    GroupingKind kind;
    std::vector<Expr> items;
};
struct GroupingOf {
    std::vector<Expr> expressions;
};
struct Infix {
    std::string symbol;
    Expr left;
    Expr right;
};
struct AliasColumn {
    std::string alias;
    std::string name;
    std::string cast;  ///< see `column`
    std::string table; ///< that the alias stands for; empty for other sources
};
struct Label {
    std::string name;
};
struct Nested {
    Subquery kind;
    QueryPtr query;
    Expr left;
};
struct Quantified {
    Expr left;
    BinaryOperator op;
    bool all;
    QueryPtr query;
};

using Any = std::variant<Column, Parameter, Unary, Binary, Junction, InArray, InList, Between, Call, CountStar, Cast,
                         Form, Grouping, GroupingOf, Infix, Aggregate, AliasColumn, Label, Nested, Quantified>;

} // namespace nodes

struct Node {
    template <class Alternative>
    Node(Alternative&& alternative, int levels)
        : value(std::in_place_type<std::remove_cvref_t<Alternative>>, std::forward<Alternative>(alternative)),
          depth(levels) {}

    nodes::Any value;
    int depth; ///< levels from here down; a leaf has one
};

/// Whether the n-th of the arguments of a CASE is a value, and no condition.
[[nodiscard]] constexpr bool is_case_value(std::size_t n, std::size_t count) noexcept {
    return n % 2 == 1 || (count % 2 == 1 && n + 1 == count);
}

template <class... Operands>
[[nodiscard]] int depth_of(const Operands&... operands) {
    return std::max({0, (operands ? operands.node().depth : 0)...});
}

[[nodiscard]] inline int depth_of(const std::vector<Expr>& operands) {
    int depth = 0;
    for (const Expr& operand : operands)
        depth = std::max(depth, operand.node().depth);
    return depth;
}

/// Throws `MappingError` beyond `Expr::max_depth`.
template <class Alternative>
[[nodiscard]] Expr make_node(Alternative value, int operands_depth = 0) {
    if (operands_depth >= Expr::max_depth)
        throw MappingError("an expression nests deeper than " + std::to_string(Expr::max_depth) +
                           " levels; use in() for long lists, or split the statement");
    return Expr{corm::detail::make_recycled<Node>(std::move(value), operands_depth + 1)};
}

} // namespace corm::sql
