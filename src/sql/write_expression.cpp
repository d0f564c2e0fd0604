#include "sql/node.hpp"

#include <corm/sql/compile.hpp>

#include <corm/base/error.hpp>

namespace corm::sql {
namespace {

// How tightly PostgreSQL binds, weakest first (documentation, 4.1.6).
enum Level { level_or = 1, level_and, level_not, level_is, level_comparison, level_like, level_sum, level_product };
constexpr int level_primary = 100;

struct OperatorText {
    std::string_view sql;
    int level;
};

OperatorText text_of(BinaryOperator op) {
    switch (op) {
    case BinaryOperator::equal: return {" = ", level_comparison};
    case BinaryOperator::not_equal: return {" <> ", level_comparison};
    case BinaryOperator::less: return {" < ", level_comparison};
    case BinaryOperator::less_equal: return {" <= ", level_comparison};
    case BinaryOperator::greater: return {" > ", level_comparison};
    case BinaryOperator::greater_equal: return {" >= ", level_comparison};
    case BinaryOperator::is_distinct_from: return {" IS DISTINCT FROM ", level_is};
    case BinaryOperator::is_not_distinct_from: return {" IS NOT DISTINCT FROM ", level_is};
    case BinaryOperator::like: return {" LIKE ", level_like};
    case BinaryOperator::not_like: return {" NOT LIKE ", level_like};
    case BinaryOperator::ilike: return {" ILIKE ", level_like};
    case BinaryOperator::not_ilike: return {" NOT ILIKE ", level_like};
    case BinaryOperator::add: return {" + ", level_sum};
    case BinaryOperator::subtract: return {" - ", level_sum};
    case BinaryOperator::multiply: return {" * ", level_product};
    case BinaryOperator::divide: return {" / ", level_product};
    }
    throw MappingError("an expression holds an unknown operator");
}

struct LevelOf {
    int operator()(const nodes::Column&) const { return level_primary; }
    int operator()(const nodes::Parameter&) const { return level_primary; }
    int operator()(const nodes::Unary& node) const {
        switch (node.op) {
        case UnaryOperator::logical_not: return level_not;
        case UnaryOperator::is_null:
        case UnaryOperator::is_not_null: return level_is;
        case UnaryOperator::negate: break;
        }
        return level_primary; // written with its own parentheses
    }
    int operator()(const nodes::Binary& node) const { return text_of(node.op).level; }
    int operator()(const nodes::Junction& node) const { return node.all ? level_and : level_or; }
    int operator()(const nodes::InArray&) const { return level_comparison; }
    int operator()(const nodes::InList& node) const { return node.items.empty() ? level_primary : level_like; }
    int operator()(const nodes::Between&) const { return level_like; }
    int operator()(const nodes::Call&) const { return level_primary; }
    int operator()(const nodes::CountStar&) const { return level_primary; }
    int operator()(const nodes::Cast&) const { return level_primary; }
};

class Writing {
public:
    Writing(SqlWriter& out, const Scope& scope) : out_(out), scope_(scope) {}

    void write(const Expr& expression) { std::visit(*this, expression.node().value); }

    void operator()(const nodes::Column& node) {
        if (node.table.empty()) {
            out_.qualified(scope_.alias, node.name);
            return;
        }
        if (scope_.table.empty()) {
            out_.qualified(node.table, node.name);
            return;
        }
        if (node.table != scope_.table || node.schema != scope_.schema)
            throw MappingError("column " + node.table + "." + node.name + " is used in a statement on " +
                               std::string{scope_.table} + "; use the columns of the type that is selected");
        out_.qualified(scope_.alias, node.name);
    }

    void operator()(const nodes::Parameter& node) {
        if (node.null)
            out_.parameter_null(node.oid);
        else
            out_.parameter_encoded(node.oid, node.format, node.bytes);
    }

    void operator()(const nodes::Unary& node) {
        switch (node.op) {
        case UnaryOperator::logical_not:
            out_.sql("NOT ");
            operand(node.operand, level_not);
            return;
        case UnaryOperator::negate:
            // Parentheses throughout: two signs in a row would start a comment.
            out_.sql("(- ");
            operand(node.operand, level_product);
            out_.sql(")");
            return;
        case UnaryOperator::is_null:
            operand(node.operand, level_is);
            out_.sql(" IS NULL");
            return;
        case UnaryOperator::is_not_null:
            operand(node.operand, level_is);
            out_.sql(" IS NOT NULL");
            return;
        }
    }

    void operator()(const nodes::Binary& node) {
        const OperatorText op = text_of(node.op);
        operand(node.left, op.level);
        out_.sql(op.sql);
        operand(node.right, op.level);
    }

    void operator()(const nodes::Junction& node) {
        bool first = true;
        for (const Expr& term : node.terms) {
            out_.separate(first, node.all ? " AND " : " OR ");
            operand(term, node.all ? level_and : level_or);
        }
    }

    void operator()(const nodes::InArray& node) {
        operand(node.operand, level_comparison);
        out_.sql(node.negated ? " <> ALL(" : " = ANY(");
        write(node.array);
        out_.sql(")");
    }

    void operator()(const nodes::InList& node) {
        if (node.items.empty()) {
            out_.sql(node.negated ? "true" : "false");
            return;
        }
        operand(node.operand, level_like);
        out_.sql(node.negated ? " NOT IN (" : " IN (");
        list(node.items);
        out_.sql(")");
    }

    void operator()(const nodes::Between& node) {
        operand(node.operand, level_like);
        out_.sql(node.negated ? " NOT BETWEEN " : " BETWEEN ");
        operand(node.low, level_like);
        out_.sql(" AND ");
        operand(node.high, level_like);
    }

    void operator()(const nodes::Call& node) {
        out_.qualified(node.schema, node.function).sql("(");
        list(node.arguments);
        out_.sql(")");
    }

    void operator()(const nodes::CountStar&) { out_.sql("count(*)"); }

    void operator()(const nodes::Cast& node) {
        operand(node.operand, level_primary - 1);
        out_.sql("::").sql(node.sql_type);
    }

private:
    void operand(const Expr& expression, int outer) {
        const bool parentheses = std::visit(LevelOf{}, expression.node().value) <= outer;
        if (parentheses)
            out_.sql("(");
        write(expression);
        if (parentheses)
            out_.sql(")");
    }

    void list(const std::vector<Expr>& items) {
        bool first = true;
        for (const Expr& item : items) {
            out_.separate(first, ", ");
            write(item);
        }
    }

    SqlWriter& out_;
    const Scope& scope_;
};

} // namespace

void write_expression(SqlWriter& writer, const Expr& expression, const Scope& scope) {
    if (!expression)
        throw MappingError("an empty expression cannot be part of a statement");
    Writing{writer, scope}.write(expression);
}

} // namespace corm::sql
