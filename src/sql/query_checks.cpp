// What can be known to be wrong with a query before the server sees it.
#include "sql/clauses.hpp"
#include "sql/grouping.hpp"

#include <algorithm>

namespace corm::sql {

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

/// By which part an expression can be NULL though its type holds none: a column of an outer join, or what some of the
/// grouping sets leave out. Empty if there is none.
class NullByQuery {
public:
    NullByQuery(const Query& query, const Grouped& grouped)
        : query_(query), grouped_(grouped), outer_(outer_joined(query)) {}

    [[nodiscard]] bool possible() const {
        return std::find(outer_.begin(), outer_.end(), true) != outer_.end() ||
               grouped_.all.size() > grouped_.always.size();
    }
    [[nodiscard]] bool is_left_out(const Expr& expression) const {
        return among(grouped_.all, expression) && !among(grouped_.always, expression);
    }

    Expr find(const Expr& expression) {
        if (!within_group_ && is_left_out(expression))
            return expression;
        if (!within_group_ && among(grouped_.always, expression)) {
            // The server takes it from the group as a whole.
            within_group_ = true;
            Expr found = find(expression);
            within_group_ = false;
            return found;
        }
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
                Expr first;
                for (const Expr& argument : form->arguments) {
                    Expr found = find(argument);
                    if (!found)
                        return {};
                    if (!first)
                        first = std::move(found);
                }
                return first;
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
            std::holds_alternative<nodes::GroupingOf>(expression.node().value) ||
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
    const Grouped& grouped_;
    std::vector<bool> outer_;
    bool within_group_ = false;
};

void check_nulls(const Query& query, const Grouped& grouped) {
    NullByQuery nulls{query, grouped};
    if (!nulls.possible())
        return;
    for (const Item& item : query.items) {
        if (item.of_object) {
            // With some of its columns left out it would be taken for one whose row has NULLs there.
            if (const Expr part = nulls.find(item.expression); part && nulls.is_left_out(part))
                throw MappingError(name_of(part) +
                                   " is left out by some of the groups that rollup(), cube() or grouping_sets() make, "
                                   "and is part of an object that is selected; select columns instead, or group by the "
                                   "key in each of the sets");
            continue;
        }
        if (item.holds_null)
            continue;
        if (const Expr part = nulls.find(item.expression))
            throw MappingError(name_of(part) +
                               (nulls.is_left_out(part)
                                    ? " is left out by some of the groups that rollup(), cube() or grouping_sets() make"
                                    : " is selected from an outer join") +
                               ", so it can be NULL, and is read into a type that holds none; select "
                               "corm::nullable(...) or corm::coalesce(..., value)");
    }
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
    const Grouped grouped{query};
    check_nulls(query, grouped);
    check_grouping(query, grouped);
}

} // namespace corm::sql
