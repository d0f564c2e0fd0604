#include "sql/clauses.hpp"
#include "sql/node.hpp"

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
    case BinaryOperator::modulo: return {" % ", level_product};
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
    int operator()(const nodes::Form&) const { return level_primary; } // begins and ends by itself
    int operator()(const nodes::Grouping&) const { return level_primary; }
    int operator()(const nodes::GroupingOf&) const { return level_primary; }
    // Its symbol may bind as tightly or as loosely as any: it gets parentheses wherever it is a part, and so do its
    // parts.
    int operator()(const nodes::Infix&) const { return 0; }
    int operator()(const Aggregate&) const { return level_primary; }
    int operator()(const nodes::AliasColumn&) const { return level_primary; }
    int operator()(const nodes::Label&) const { return level_primary; }
    int operator()(const nodes::Nested& node) const {
        switch (node.kind) {
        case Subquery::in:
        case Subquery::not_in: return level_like;
        case Subquery::not_exists: return level_not;
        default: return level_primary;
        }
    }
    int operator()(const nodes::Quantified& node) const { return text_of(node.op).level; }
};

class Writing {
public:
    Writing(SqlWriter& out, const Scope& scope) : out_(out), scope_(scope) {}

    void write(const Expr& expression) { std::visit(*this, expression.node().value); }

    void operator()(const nodes::Column& node) {
        if (node.table.empty())
            out_.qualified(scope_.alias, node.name);
        else
            out_.qualified(qualifier_of(scope_, node.schema, node.table, node.name), node.name);
    }

    void operator()(const nodes::Parameter& node) {
        if (scope_.query != nullptr) {
            // The server compares what is selected with what is grouped by their parameters, not by their values.
            if (const unsigned number = out_.number_of(&node); number != 0) {
                out_.placeholder(number);
                return;
            }
        }
        if (node.null)
            out_.parameter_null(node.oid);
        else
            out_.parameter_encoded(node.oid, node.format, node.bytes);
        if (scope_.query != nullptr)
            out_.remember(&node);
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

    void operator()(const nodes::Form& node) {
        for (std::size_t i = 0; i < node.pieces.size(); ++i) {
            out_.sql(node.pieces[i]);
            if (i < node.arguments.size())
                write(node.arguments[i]);
        }
    }

    void operator()(const nodes::Grouping& node) {
        constexpr std::string_view heads[] = {"(", "ROLLUP(", "CUBE(", "GROUPING SETS ("};
        out_.sql(heads[static_cast<std::size_t>(node.kind)]);
        list(node.items);
        out_.sql(")");
    }

    void operator()(const nodes::GroupingOf& node) {
        out_.sql("GROUPING(");
        list(node.expressions);
        out_.sql(")");
    }

    void operator()(const nodes::Infix& node) {
        operand(node.left, level_primary - 1);
        out_.sql(" ").sql(node.symbol).sql(" ");
        operand(node.right, level_primary - 1);
    }

    void operator()(const Aggregate& node) {
        out_.qualified(node.schema, node.function).sql(node.star ? "(*" : node.distinct ? "(DISTINCT " : "(");
        list(node.arguments);
        write_order(out_, node.order_by, scope_);
        out_.sql(")");
        if (node.filter) {
            out_.sql(" FILTER (WHERE ");
            write(node.filter);
            out_.sql(")");
        }
        if (node.over)
            window(*node.over);
    }

    void operator()(const nodes::AliasColumn& node) {
        require_alias(scope_, node.alias, node.table, node.name);
        out_.qualified(node.alias, node.name);
    }

    void operator()(const nodes::Label& node) { out_.identifier(node.name); }

    void operator()(const nodes::Nested& node) {
        switch (node.kind) {
        case Subquery::scalar: break;
        case Subquery::array: out_.sql("ARRAY"); break;
        case Subquery::exists: out_.sql("EXISTS "); break;
        case Subquery::not_exists: out_.sql("NOT EXISTS "); break;
        case Subquery::in:
        case Subquery::not_in:
            operand(node.left, level_like);
            out_.sql(node.kind == Subquery::in ? " IN " : " NOT IN ");
            break;
        }
        query(*node.query);
    }

    void operator()(const nodes::Quantified& node) {
        const OperatorText op = text_of(node.op);
        operand(node.left, op.level);
        out_.sql(op.sql).sql(node.all ? "ALL " : "ANY ");
        query(*node.query);
    }

private:
    void query(const Query& nested) {
        out_.sql("(");
        write_query(out_, nested, &scope_);
        out_.sql(")");
    }

    void window(const Window& over) {
        out_.sql(" OVER (");
        bool first = true;
        for (const Expr& expression : over.partition_by) {
            out_.sql(first ? "PARTITION BY " : ", ");
            first = false;
            write(expression);
        }
        if (!over.order_by.empty()) {
            out_.sql(first ? "ORDER BY " : " ORDER BY ");
            write_order_terms(out_, over.order_by, scope_);
            first = false;
        }
        if (over.frame) {
            constexpr std::string_view units[] = {"ROWS", "RANGE", "GROUPS"};
            out_.sql(first ? "" : " ").sql(units[static_cast<std::size_t>(over.frame->unit)]).sql(" BETWEEN ");
            bound(over.frame->from, over.frame->from_rows);
            out_.sql(" AND ");
            bound(over.frame->to, over.frame->to_rows);
        }
        out_.sql(")");
    }

    void bound(Frame::Bound bound, std::int64_t rows) {
        switch (bound) {
        case Frame::Bound::unbounded_preceding: out_.sql("UNBOUNDED PRECEDING"); break;
        case Frame::Bound::preceding: out_.parameter_int8(rows).sql(" PRECEDING"); break;
        case Frame::Bound::current_row: out_.sql("CURRENT ROW"); break;
        case Frame::Bound::following: out_.parameter_int8(rows).sql(" FOLLOWING"); break;
        case Frame::Bound::unbounded_following: out_.sql("UNBOUNDED FOLLOWING"); break;
        }
    }

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
