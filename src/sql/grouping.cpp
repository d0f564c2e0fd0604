#include "sql/grouping.hpp"

#include <algorithm>

namespace corm::sql {

std::string name_of(const Expr& expression) {
    if (const auto* column = std::get_if<nodes::Column>(&expression.node().value))
        return (column->table.empty() ? "" : column->table + ".") + column->name;
    if (const auto* column = std::get_if<nodes::AliasColumn>(&expression.node().value))
        return column->alias + "." + column->name;
    return "an expression";
}

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

namespace {

bool same_parts(const std::vector<Expr>& left, const std::vector<Expr>& right) {
    return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(), same);
}

} // namespace

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

bool among(const std::vector<Expr>& expressions, const Expr& expression) {
    return std::any_of(expressions.begin(), expressions.end(),
                       [&](const Expr& other) { return same(other, expression); });
}

namespace {

void add(std::vector<Expr>& into, const std::vector<Expr>& more) {
    into.insert(into.end(), more.begin(), more.end());
}

struct Entry {
    std::vector<Expr> all;
    std::vector<Expr> always; ///< in each of the sets that it stands for
};

Entry entry_of(const Expr& expression) {
    const auto* grouping = std::get_if<nodes::Grouping>(&expression.node().value);
    if (grouping == nullptr)
        return {{expression}, {expression}};
    Entry entry;
    bool first = true;
    for (const Expr& item : grouping->items) {
        const Entry part = entry_of(item);
        add(entry.all, part.all);
        if (grouping->kind == GroupingKind::group || first)
            add(entry.always, part.always);
        else
            std::erase_if(entry.always, [&](const Expr& known) { return !among(part.always, known); });
        first = false;
    }
    // Both end with the set that groups by nothing.
    if (grouping->kind == GroupingKind::rollup || grouping->kind == GroupingKind::cube)
        entry.always.clear();
    return entry;
}

} // namespace

Grouped::Grouped(const Query& query) {
    for (const Expr& expression : query.group_by) {
        const Entry entry = entry_of(expression);
        add(all, entry.all);
        add(always, entry.always);
    }
}

namespace {

class Grouping {
public:
    Grouping(const Query& query, const Grouped& grouped) : query_(query), grouped_(grouped), whole_(query.from.size()) {
        for (std::size_t i = 0; i < query.from.size(); ++i)
            whole_[i] = is_key_grouped(i);
    }

    [[nodiscard]] bool applies() const {
        if (!query_.group_by.empty())
            return true;
        bool found = static_cast<bool>(query_.having);
        for (const Item& item : query_.items)
            found = found || aggregates(item.expression);
        for (const OrderBy& term : query_.order_by)
            found = found || aggregates(term.expression);
        return found;
    }

    void check(const Expr& expression, std::string_view where) const {
        if (among(grouped_.all, expression))
            return;
        if (const auto* of = std::get_if<nodes::GroupingOf>(&expression.node().value)) {
            for (const Expr& entry : of->expressions) {
                if (!among(grouped_.all, entry))
                    throw MappingError("grouping() is asked for " + name_of(entry) +
                                       ", which group_by() does not have as an entry of its own; give it one of its "
                                       "columns or expressions");
            }
            return;
        }
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
        if (std::holds_alternative<nodes::CountStar>(expression.node().value) ||
            std::holds_alternative<nodes::GroupingOf>(expression.node().value))
            return true;
        const auto* aggregate = std::get_if<Aggregate>(&expression.node().value);
        if (aggregate != nullptr && !aggregate->over)
            return true;
        bool found = false;
        each_part(expression, [&](const Expr& part) { found = found || aggregates(part); }, [](const Query&) {});
        return found;
    }

    // PostgreSQL looks at those of every grouping set, too.
    bool is_key_grouped(std::size_t source) const {
        const std::vector<std::string>& key = query_.from[source].source.key;
        const auto grouped = [&](const std::string& name) {
            return std::any_of(grouped_.always.begin(), grouped_.always.end(), [&](const Expr& group) {
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
    const Grouped& grouped_;
    std::vector<bool> whole_; ///< sources whose key is grouped, and with it all of their columns
};

} // namespace

void check_grouping(const Query& query, const Grouped& grouped) {
    const Grouping grouping{query, grouped};
    if (!grouping.applies())
        return;
    for (const Item& item : query.items)
        grouping.check(item.expression, "the items");
    if (query.having)
        grouping.check(query.having, "having()");
    for (const OrderBy& term : query.order_by)
        grouping.check(term.expression, "order_by()");
}

} // namespace corm::sql
