// What can be known to be wrong with a query before the server sees it.
#include "sql/clauses.hpp"
#include "sql/query_walk.hpp"

#include <algorithm>

namespace corm::sql {
namespace {

/// The column as people write it, or what else it is.
std::string name_of(const Expr& expression) {
    if (const auto* column = std::get_if<nodes::Column>(&expression.node().value))
        return (column->table.empty() ? "" : column->table + ".") + column->name;
    if (const auto* column = std::get_if<nodes::AliasColumn>(&expression.node().value))
        return column->alias + "." + column->name;
    return "an expression";
}

/// Which source of the query a column is of; the number of sources if it is of a query around it.
std::size_t source_of(const Query& query, const Expr& expression) {
    const auto* column = std::get_if<nodes::Column>(&expression.node().value);
    const auto* of_alias = std::get_if<nodes::AliasColumn>(&expression.node().value);
    for (std::size_t i = 0; i < query.from.size(); ++i) {
        const Source& source = query.from[i].source;
        if (column != nullptr && source.alias.empty() && !source.common && source.table == column->table &&
            source.schema == column->schema)
            return i;
        if (of_alias != nullptr && source.name() == of_alias->alias)
            return i;
    }
    return query.from.size();
}

bool is_column(const Expr& expression) {
    return std::holds_alternative<nodes::Column>(expression.node().value) ||
           std::holds_alternative<nodes::AliasColumn>(expression.node().value);
}

} // namespace

void check_sources(const Query& query) {
    for (std::size_t i = 0; i < query.from.size(); ++i) {
        for (std::size_t k = 0; k < i; ++k) {
            if (query.from[i].source.name() == query.from[k].source.name())
                throw MappingError("a query reads twice from \"" + query.from[i].source.name() +
                                   "\"; read one of the two by a corm::alias of another name");
        }
    }
}

namespace {

/// Sources whose columns an outer join can make NULL.
std::vector<bool> outer_joined(const Query& query) {
    std::vector<bool> found(query.from.size());
    for (std::size_t i = 1; i < query.from.size(); ++i) {
        const JoinKind join = query.from[i].join;
        found[i] = join == JoinKind::left || join == JoinKind::full;
        if (join == JoinKind::right || join == JoinKind::full)
            std::fill(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(i), true);
    }
    return found;
}

/// The column by which an expression can be NULL through an outer join; empty if there is none.
class NullByJoin {
public:
    NullByJoin(const Query& query, const std::vector<bool>& outer) : query_(query), outer_(outer) {}

    Expr find(const Expr& expression) {
        if (is_column(expression)) {
            const std::size_t at = source_of(query_, expression);
            return at < outer_.size() && outer_[at] ? expression : Expr{};
        }
        if (const auto* form = std::get_if<nodes::Form>(&expression.node().value)) {
            if (form->nulls == NullsOf::none)
                return {};
            if (form->nulls == NullsOf::case_values) {
                Expr found;
                for (std::size_t i = 0; i < form->arguments.size() && !found; ++i) {
                    if (is_case_value(i, form->arguments.size()))
                        found = find(form->arguments[i]);
                }
                return found;
            }
            if (form->nulls == NullsOf::all) {
                // Each of them has to be NULL.
                for (const Expr& argument : form->arguments) {
                    if (!find(argument))
                        return {};
                }
                return form->arguments.empty() ? Expr{} : find(form->arguments.front());
            }
        }
        const auto* unary = std::get_if<nodes::Unary>(&expression.node().value);
        const auto* binary = std::get_if<nodes::Binary>(&expression.node().value);
        const bool of_null =
            (unary != nullptr && (unary->op == UnaryOperator::is_null || unary->op == UnaryOperator::is_not_null)) ||
            (binary != nullptr &&
             (binary->op == BinaryOperator::is_distinct_from || binary->op == BinaryOperator::is_not_distinct_from));
        // The types of aggregates and subqueries say whether they can be NULL.
        if (of_null || std::holds_alternative<Aggregate>(expression.node().value) ||
            std::holds_alternative<nodes::Nested>(expression.node().value))
            return {};
        Expr found;
        each_part(
            expression,
            [&](const Expr& part) {
                if (!found)
                    found = find(part);
            },
            [](const Query&) {});
        return found;
    }

private:
    const Query& query_;
    const std::vector<bool>& outer_;
};

void check_outer_joins(const Query& query) {
    const std::vector<bool> outer = outer_joined(query);
    if (std::find(outer.begin(), outer.end(), true) == outer.end())
        return;
    NullByJoin nulls{query, outer};
    for (const Item& item : query.items) {
        if (item.holds_null)
            continue;
        if (const Expr column = nulls.find(item.expression))
            throw MappingError(name_of(column) +
                               " is selected from an outer join, so it can be NULL, and is read into a "
                               "type that holds none; select corm::nullable(...) or "
                               "corm::coalesce(..., value)");
    }
}

bool same(const Expr& left, const Expr& right);

bool same_parts(const std::vector<Expr>& left, const std::vector<Expr>& right) {
    return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(), same);
}

/// The same text and the same parameters. Parameters of their own are different ones, as they are for the server.
bool same(const Expr& left, const Expr& right) {
    if (&left.node() == &right.node())
        return true;
    const nodes::Any& a = left.node().value;
    const nodes::Any& b = right.node().value;
    if (a.index() != b.index())
        return false;
    if (const auto* column = std::get_if<nodes::Column>(&a)) {
        const auto& other = std::get<nodes::Column>(b);
        return column->name == other.name && column->table == other.table && column->schema == other.schema;
    }
    if (const auto* column = std::get_if<nodes::AliasColumn>(&a)) {
        const auto& other = std::get<nodes::AliasColumn>(b);
        return column->name == other.name && column->alias == other.alias;
    }
    if (const auto* form = std::get_if<nodes::Form>(&a)) {
        const auto& other = std::get<nodes::Form>(b);
        return form->pieces == other.pieces && same_parts(form->arguments, other.arguments);
    }
    if (const auto* call = std::get_if<nodes::Call>(&a)) {
        const auto& other = std::get<nodes::Call>(b);
        return call->function == other.function && call->schema == other.schema &&
               same_parts(call->arguments, other.arguments);
    }
    if (const auto* cast = std::get_if<nodes::Cast>(&a)) {
        const auto& other = std::get<nodes::Cast>(b);
        return cast->sql_type == other.sql_type && same(cast->operand, other.operand);
    }
    if (const auto* binary = std::get_if<nodes::Binary>(&a)) {
        const auto& other = std::get<nodes::Binary>(b);
        return binary->op == other.op && same(binary->left, other.left) && same(binary->right, other.right);
    }
    if (const auto* infix = std::get_if<nodes::Infix>(&a)) {
        const auto& other = std::get<nodes::Infix>(b);
        return infix->symbol == other.symbol && same(infix->left, other.left) && same(infix->right, other.right);
    }
    if (const auto* unary = std::get_if<nodes::Unary>(&a)) {
        const auto& other = std::get<nodes::Unary>(b);
        return unary->op == other.op && same(unary->operand, other.operand);
    }
    if (const auto* junction = std::get_if<nodes::Junction>(&a)) {
        const auto& other = std::get<nodes::Junction>(b);
        return junction->all == other.all && same_parts(junction->terms, other.terms);
    }
    return false;
}

class Grouping {
public:
    explicit Grouping(const Query& query) : query_(query), whole_(query.from.size()) {
        for (const Expr& expression : query.group_by) {
            const auto* form = std::get_if<nodes::Form>(&expression.node().value);
            if (form != nullptr && form->groups)
                groups_.insert(groups_.end(), form->arguments.begin(), form->arguments.end());
            else
                groups_.push_back(expression);
        }
        for (std::size_t i = 0; i < query.from.size(); ++i)
            whole_[i] = is_key_grouped(i);
    }

    [[nodiscard]] bool applies() const {
        if (!groups_.empty())
            return true;
        bool found = static_cast<bool>(query_.having);
        for (const Item& item : query_.items)
            found = found || aggregates(item.expression);
        for (const OrderBy& term : query_.order_by)
            found = found || aggregates(term.expression);
        return found;
    }

    void check(const Expr& expression, std::string_view where) const {
        if (std::any_of(groups_.begin(), groups_.end(), [&](const Expr& group) { return same(group, expression); }))
            return;
        if (is_column(expression)) {
            const std::size_t at = source_of(query_, expression);
            if (at < whole_.size() && !whole_[at])
                throw MappingError(
                    name_of(expression) + " is in " + std::string{where} +
                    " of a query that groups rows, and is neither grouped nor within an aggregate; add it "
                    "to group_by(), or take min(), max() or another aggregate of it");
            return;
        }
        const auto* aggregate = std::get_if<Aggregate>(&expression.node().value);
        if (aggregate != nullptr && !aggregate->over)
            return;
        each_part(expression, [&](const Expr& part) { check(part, where); }, [](const Query&) {});
    }

private:
    static bool aggregates(const Expr& expression) {
        if (std::holds_alternative<nodes::CountStar>(expression.node().value))
            return true;
        const auto* aggregate = std::get_if<Aggregate>(&expression.node().value);
        if (aggregate != nullptr && !aggregate->over)
            return true;
        bool found = false;
        each_part(expression, [&](const Expr& part) { found = found || aggregates(part); }, [](const Query&) {});
        return found;
    }

    bool is_key_grouped(std::size_t source) const {
        const std::vector<std::string>& key = query_.from[source].source.key;
        const auto grouped = [&](const std::string& name) {
            return std::any_of(groups_.begin(), groups_.end(), [&](const Expr& group) {
                if (!is_column(group) || source_of(query_, group) != source)
                    return false;
                const auto* column = std::get_if<nodes::Column>(&group.node().value);
                return (column != nullptr ? column->name : std::get<nodes::AliasColumn>(group.node().value).name) ==
                       name;
            });
        };
        return !key.empty() && std::all_of(key.begin(), key.end(), grouped);
    }

    const Query& query_;
    std::vector<Expr> groups_;
    std::vector<bool> whole_; ///< sources whose key is grouped, and with it all of their columns
};

void check_grouping(const Query& query) {
    const Grouping grouping{query};
    if (!grouping.applies())
        return;
    for (const Item& item : query.items)
        grouping.check(item.expression, "the items");
    if (query.having)
        grouping.check(query.having, "having()");
    for (const OrderBy& term : query.order_by)
        grouping.check(term.expression, "order_by()");
}

/// Looks at each query once, however many read it.
class UnknownCalls {
public:
    void look_at(const Expr& expression) {
        if (!expression || found)
            return;
        const auto* call = std::get_if<nodes::Call>(&expression.node().value);
        const auto* aggregate = std::get_if<Aggregate>(&expression.node().value);
        found = (call != nullptr && !call->only_reads) || (aggregate != nullptr && !aggregate->only_reads);
        each_part(
            expression, [&](const Expr& part) { look_at(part); }, [&](const Query& nested) { look_into(nested); });
    }
    void look_at(const Query& query) {
        each_expression(query, [&](const Expr& expression) { look_at(expression); });
        for (const Joined& joined : query.from) {
            if (joined.source.query)
                look_into(*joined.source.query);
            if (joined.source.common) {
                look_into(*joined.source.common->query);
                if (joined.source.common->step)
                    look_into(*joined.source.common->step);
            }
        }
        if (query.first)
            look_into(*query.first);
        for (const Operand& operand : query.operands)
            look_into(*operand.query);
    }

    bool found = false;

private:
    void look_into(const Query& nested) {
        if (found || std::find(seen_.begin(), seen_.end(), &nested) != seen_.end())
            return;
        seen_.push_back(&nested);
        found = found || nested.lock.has_value();
        look_at(nested);
    }

    std::vector<const Query*> seen_;
};

} // namespace

bool calls_unknown(const Query& query) {
    UnknownCalls calls;
    calls.look_at(query);
    return calls.found;
}

bool calls_unknown(const Select& statement) {
    UnknownCalls calls;
    calls.look_at(statement.where);
    for (const Expr& expression : statement.expressions)
        calls.look_at(expression);
    for (const OrderBy& term : statement.order_by)
        calls.look_at(term.expression);
    return calls.found;
}

void check_query(const Query& query) {
    if (query.first) {
        if (query.where || query.having || query.distinct || !query.from.empty() || !query.group_by.empty() ||
            !query.distinct_on.empty() || query.lock)
            throw MappingError("rows that were put together by union_all() and its kin take order_by(), limit() and "
                               "offset() alone; for more read them as corm::subquery(\"name\", ...)");
        return;
    }
    check_sources(query);
    check_outer_joins(query);
    check_grouping(query);
}

} // namespace corm::sql
