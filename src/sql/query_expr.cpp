// Expressions of queries of any shape.
#include "sql/node.hpp"

#include <corm/sql/identifier.hpp>
#include <corm/type/oid.hpp>

namespace corm::sql {
namespace {

// PostgreSQL documentation, 4.1.3.
constexpr std::string_view operator_characters = "+-*/<>=~!@#%^&|`?";

void check_operator(const std::string& symbol) {
    const bool spelled = !symbol.empty() && symbol.size() <= max_identifier_size &&
                         symbol.find_first_not_of(operator_characters) == std::string::npos;
    // Either would begin a comment.
    if (!spelled || symbol.find("--") != std::string::npos || symbol.find("/*") != std::string::npos)
        throw MappingError("\"" + symbol + "\" is no operator of PostgreSQL; give its symbol alone, such as @> or ||");
}

int depth_of(const std::vector<OrderBy>& order) {
    int depth = 0;
    for (const OrderBy& term : order)
        depth = std::max(depth, sql::depth_of(term.expression));
    return depth;
}

void require(const QueryPtr& query) {
    if (query == nullptr)
        throw MappingError("a subquery is empty; give it the query that it stands for");
}

/// JSON of the program's own, cast to jsonb: without the cast it is json or jsonb by what stands beside it. Null for
/// anything else.
const nodes::Parameter* json_text(const Expr& expression) {
    const auto* cast = std::get_if<nodes::Cast>(&expression.node().value);
    const auto* value = cast == nullptr ? nullptr : std::get_if<nodes::Parameter>(&cast->operand.node().value);
    return value != nullptr && value->oid == types::oids::json && cast->sql_type == "jsonb" ? value : nullptr;
}

} // namespace

Expr form(std::vector<std::string> pieces, std::vector<Expr> arguments, NullsOf nulls) {
    const int depth = depth_of(arguments);
    return make_node(nodes::Form{std::move(pieces), std::move(arguments), nulls, false}, depth);
}

Expr choice(std::vector<std::string> pieces, std::vector<Expr> arguments, NullsOf nulls) {
    std::string cast;
    const auto is_value = [&](std::size_t i) {
        return nulls != NullsOf::case_values || is_case_value(i, arguments.size());
    };
    for (std::size_t i = 0; i < arguments.size() && cast.empty(); ++i) {
        if (is_value(i))
            cast = cast_of(arguments[i]);
    }
    bool typed = false; // by something else than JSON of the program's own
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (!is_value(i))
            continue;
        arguments[i] = beside(cast, std::move(arguments[i]));
        typed = typed || json_text(arguments[i]) == nullptr;
    }
    for (std::size_t i = 0; typed && i < arguments.size(); ++i) {
        const nodes::Parameter* const json = is_value(i) ? json_text(arguments[i]) : nullptr;
        if (json != nullptr)
            arguments[i] = make_node(nodes::Parameter{0, types::Format::text, json->null, json->bytes});
    }
    const int depth = depth_of(arguments);
    return make_node(nodes::Form{std::move(pieces), std::move(arguments), nulls, true}, depth);
}

Expr grouping(GroupingKind kind, std::vector<Expr> items) {
    const int depth = depth_of(items);
    return make_node(nodes::Grouping{kind, std::move(items)}, depth);
}

Expr grouping_of(std::vector<Expr> expressions) {
    const int depth = depth_of(expressions);
    return make_node(nodes::GroupingOf{std::move(expressions)}, depth);
}

Expr infix(std::string symbol, Expr left, Expr right) {
    check_operator(symbol);
    const int depth = depth_of(left, right);
    return make_node(nodes::Infix{std::move(symbol), std::move(left), std::move(right)}, depth);
}

Expr aggregate(Aggregate call) {
    int depth = std::max({depth_of(call.arguments), depth_of(call.order_by), depth_of(call.filter)});
    if (call.over)
        depth = std::max({depth, depth_of(call.over->partition_by), depth_of(call.over->order_by)});
    return make_node(std::move(call), depth);
}

Expr column_of(std::string alias, std::string name, std::string cast, std::string table) {
    return make_node(nodes::AliasColumn{std::move(alias), std::move(name), std::move(cast), std::move(table)});
}

Expr label(std::string name) {
    return make_node(nodes::Label{std::move(name)});
}

Expr subquery(Subquery kind, QueryPtr query, Expr left) {
    require(query);
    const int depth = depth_of(left);
    return make_node(nodes::Nested{kind, std::move(query), std::move(left)}, depth);
}

Expr quantified(Expr left, BinaryOperator op, bool all, QueryPtr query) {
    require(query);
    const int depth = depth_of(left);
    return make_node(nodes::Quantified{std::move(left), op, all, std::move(query)}, depth);
}

} // namespace corm::sql
