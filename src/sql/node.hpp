// The nodes behind sql::Expr.
#pragma once

#include <corm/sql/expr.hpp>

#include <type_traits>
#include <utility>
#include <variant>

namespace corm::sql {

namespace nodes {

struct Column {
    std::string schema;
    std::string table;
    std::string name;
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
};
struct CountStar {};
struct Cast {
    Expr operand;
    std::string sql_type;
};

using Any = std::variant<Column, Parameter, Unary, Binary, Junction, InArray, InList, Between, Call, CountStar, Cast>;

} // namespace nodes

struct Node {
    template <class Alternative>
    Node(Alternative&& alternative, int levels)
        : value(std::in_place_type<std::remove_cvref_t<Alternative>>, std::forward<Alternative>(alternative)),
          depth(levels) {}

    nodes::Any value;
    int depth; ///< levels from here down; a leaf has one
};

} // namespace corm::sql
