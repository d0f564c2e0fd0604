// select(col<&User::name>, count()).from<User>()...: queries whose rows are values, objects, or both.
#pragma once

#include <corm/query/grouping.hpp>
#include <corm/query/load.hpp>
#include <corm/query/query_item.hpp>
#include <corm/query/rows.hpp>
#include <corm/query/select.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace corm::query {

/// A query whose rows are read as `Row`: the type of its one item, or a tuple of those of all. A value: copies are
/// independent; not thread-safe while it is changed. Does no I/O: give it to a session, by `all`, `first`, `one`,
/// `one_or_none`, or use it in another query. On a temporary each call returns the query, so that chains can be stored.
///
/// What it says wrongly throws `MappingError` before anything is sent: a column of nothing that it reads, one that is
/// not grouped, one of an outer join that is read into a type without NULL.
template <class Row>
class Query {
public:
    using row_type = Row;

    explicit Query(ComposedQuery query) : query_(std::move(query)) {}

    /// What it reads from: the tables of entities, aliases, subqueries. Several are combined, each row with each:
    /// `from<Order, User>()`, `from(alias, subquery)`.
    template <class... T>
        requires(sizeof...(T) > 0)
    Query& from() & {
        return (add(sql::JoinKind::cross, table<T>(), {}), ...);
    }
    template <class... T>
        requires(sizeof...(T) > 0)
    [[nodiscard]] Query from() && {
        return std::move(from<T...>());
    }
    template <SourceLike... S>
        requires(sizeof...(S) > 0)
    Query& from(const S&... sources) & {
        return (add(sql::JoinKind::cross, detail::source_of(sources), {}), ...);
    }
    template <SourceLike... S>
        requires(sizeof...(S) > 0)
    [[nodiscard]] Query from(const S&... sources) && {
        return std::move(from(sources...));
    }

    /// Joins on a condition: `join<Order>(...)`, or an alias or subquery. Columns of what is not found by a left, right
    /// or full join are NULL.
    template <class T>
    Query& join(const Condition& on) & {
        return joined<T>(sql::JoinKind::inner, on);
    }
    template <class T>
    [[nodiscard]] Query join(const Condition& on) && {
        return std::move(join<T>(on));
    }
    template <SourceLike S>
    Query& join(const S& source, const Condition& on) & {
        return add(sql::JoinKind::inner, detail::source_of(source), on.expression());
    }
    template <SourceLike S>
    [[nodiscard]] Query join(const S& source, const Condition& on) && {
        return std::move(join(source, on));
    }
    template <class T>
    Query& left_join(const Condition& on) & {
        return joined<T>(sql::JoinKind::left, on);
    }
    template <class T>
    [[nodiscard]] Query left_join(const Condition& on) && {
        return std::move(left_join<T>(on));
    }
    template <SourceLike S>
    Query& left_join(const S& source, const Condition& on) & {
        return add(sql::JoinKind::left, detail::source_of(source), on.expression());
    }
    template <SourceLike S>
    [[nodiscard]] Query left_join(const S& source, const Condition& on) && {
        return std::move(left_join(source, on));
    }
    /// Right and full joins, and those by each row with each: `joined<T>(corm::JoinKind::full, on)`.
    template <class T>
    Query& joined(sql::JoinKind kind, const Condition& on) & {
        return add(kind, table<T>(), on.expression());
    }
    template <class T>
    [[nodiscard]] Query joined(sql::JoinKind kind, const Condition& on) && {
        return std::move(joined<T>(kind, on));
    }
    template <SourceLike S>
    Query& joined(sql::JoinKind kind, const S& source, const Condition& on) & {
        return add(kind, detail::source_of(source), on.expression());
    }
    template <SourceLike S>
    [[nodiscard]] Query joined(sql::JoinKind kind, const S& source, const Condition& on) && {
        return std::move(joined(kind, source, on));
    }
    /// Joins along a relation of a table by its own name: `join<&Order::customer>()`; the target may have an alias.
    template <auto Member>
    Query& join(const std::string& alias = {}) & {
        return along<Member>(sql::JoinKind::inner, alias);
    }
    template <auto Member>
    [[nodiscard]] Query join(const std::string& alias = {}) && {
        return std::move(join<Member>(alias));
    }
    template <auto Member>
    Query& left_join(const std::string& alias = {}) & {
        return along<Member>(sql::JoinKind::left, alias);
    }
    template <auto Member>
    [[nodiscard]] Query left_join(const std::string& alias = {}) && {
        return std::move(left_join<Member>(alias));
    }

    /// Keeps the rows that fulfil the condition; several calls are joined by AND.
    Query& where(const Condition& condition) & {
        query_.statement.where = sql::both(std::move(query_.statement.where), condition.expression());
        return *this;
    }
    [[nodiscard]] Query where(const Condition& condition) && { return std::move(where(condition)); }
    /// Columns, expressions, and `rollup`, `cube` and `grouping_sets` of them.
    template <detail::Groupable... X>
    Query& group_by(const X&... expressions) & {
        (query_.statement.group_by.push_back(detail::group_entry(expressions)), ...);
        return *this;
    }
    template <detail::Groupable... X>
    [[nodiscard]] Query group_by(const X&... expressions) && {
        return std::move(group_by(expressions...));
    }
    /// Keeps the groups that fulfil the condition.
    Query& having(const Condition& condition) & {
        query_.statement.having = sql::both(std::move(query_.statement.having), condition.expression());
        return *this;
    }
    [[nodiscard]] Query having(const Condition& condition) && { return std::move(having(condition)); }

    Query& distinct() & {
        query_.statement.distinct = true;
        return *this;
    }
    [[nodiscard]] Query distinct() && { return std::move(distinct()); }
    /// The first row of each group of equal values; `order_by` begins with the same expressions: which is first.
    template <SqlOperand... X>
    Query& distinct_on(const X&... expressions) & {
        (query_.statement.distinct_on.push_back(detail::sql_of(expressions)), ...);
        return *this;
    }
    template <SqlOperand... X>
    [[nodiscard]] Query distinct_on(const X&... expressions) && {
        return std::move(distinct_on(expressions...));
    }

    /// `asc<&User::name>`, `sum(...).desc()`, `corm::label("total").desc()`; what has neither is ascending.
    template <std::convertible_to<Ordering>... Terms>
    Query& order_by(const Terms&... terms) & {
        (query_.statement.order_by.push_back(static_cast<Ordering>(terms).term()), ...);
        return *this;
    }
    template <std::convertible_to<Ordering>... Terms>
    [[nodiscard]] Query order_by(const Terms&... terms) && {
        return std::move(order_by(terms...));
    }
    Query& order_by(const std::vector<Ordering>& terms) & {
        for (const Ordering& term : terms)
            query_.statement.order_by.push_back(term.term());
        return *this;
    }
    [[nodiscard]] Query order_by(const std::vector<Ordering>& terms) && { return std::move(order_by(terms)); }
    /// In rows. Negative: throws `MappingError`.
    Query& limit(std::int64_t rows) & {
        detail::set_limit(query_, rows);
        return *this;
    }
    [[nodiscard]] Query limit(std::int64_t rows) && { return std::move(limit(rows)); }
    Query& offset(std::int64_t rows) & {
        detail::set_offset(query_, rows);
        return *this;
    }
    [[nodiscard]] Query offset(std::int64_t rows) && { return std::move(offset(rows)); }

    /// Locks the rows of all tables that it reads, or of those that `of` names.
    Query& lock(sql::LockMode mode) & {
        detail::set_lock(query_, mode);
        return *this;
    }
    [[nodiscard]] Query lock(sql::LockMode mode) && { return std::move(lock(mode)); }
    Query& for_update() & { return lock(sql::LockMode::update); }
    [[nodiscard]] Query for_update() && { return std::move(for_update()); }
    template <class T>
    Query& of() & {
        detail::add_locked(query_, detail::table_source(*mapping::mapper_of<T>()).name());
        return *this;
    }
    template <class T>
    [[nodiscard]] Query of() && {
        return std::move(of<T>());
    }
    template <SourceLike S>
    Query& of(const S& source) & {
        detail::add_locked(query_, detail::source_of(source).name());
        return *this;
    }
    template <SourceLike S>
    [[nodiscard]] Query of(const S& source) && {
        return std::move(of(source));
    }
    Query& nowait() & {
        detail::set_wait(query_, sql::LockWait::nowait, "nowait");
        return *this;
    }
    [[nodiscard]] Query nowait() && { return std::move(nowait()); }
    Query& skip_locked() & {
        detail::set_wait(query_, sql::LockWait::skip_locked, "skip_locked");
        return *this;
    }
    [[nodiscard]] Query skip_locked() && { return std::move(skip_locked()); }

    /// The deadline of this query, instead of the session's; `corm::no_deadline` for none.
    Query& within(Duration deadline) & {
        query_.within = deadline;
        return *this;
    }
    [[nodiscard]] Query within(Duration deadline) && { return std::move(within(deadline)); }
    /// Parsed each time, and not kept prepared.
    Query& unprepared() & {
        query_.prepared = false;
        return *this;
    }
    [[nodiscard]] Query unprepared() && { return std::move(unprepared()); }

    /// The same rows as a described struct: each member takes the column of its name. Throws one `MappingError` that
    /// lists every member without a column and every column of another type, or that can be NULL where the member
    /// cannot.
    template <class Struct>
    [[nodiscard]] Query<Struct> into() const {
        static_assert(
            mapping::Described<Struct>,
            "corm: into<T>() needs a struct with BOOST_DESCRIBE_STRUCT, whose members have the columns' names");
        detail::check_into(query_, detail::shape_of<Struct>().targets(), mapping::detail::entity_name<Struct>());
        return Query<Struct>{query_};
    }

    [[nodiscard]] const ComposedQuery& erased() const& noexcept { return query_; }
    [[nodiscard]] ComposedQuery erased() && noexcept { return std::move(query_); }

    // For `in`.
    template <class T>
    [[nodiscard]] Condition members_for(const sql::Expr& expression, bool negated) const {
        constexpr bool single = !detail::IsTuple<Row>::value && types::ColumnValue<Row>;
        static_assert(single, "corm: in() takes a query of one column; select just that");
        static_assert(!single || detail::comparable_types<detail::value_of<T>, detail::value_of<Row>>,
                      "corm: in() takes a query whose column is of the type of the expression");
        return Condition{
            sql::subquery(negated ? sql::Subquery::not_in : sql::Subquery::in, detail::nested(query_), expression)};
    }
    template <class T>
    [[nodiscard]] Condition as_members(const detail::Place& place, bool negated) const {
        return members_for<T>(detail::column_expression(place), negated);
    }

private:
    template <class T>
    static sql::Source table() {
        mapping::require_mapped<T>();
        return detail::table_source(*mapping::mapper_of<T>());
    }
    Query& add(sql::JoinKind join, sql::Source source, sql::Expr on) {
        detail::add_source(query_, join, std::move(source), std::move(on));
        return *this;
    }
    template <auto Member>
    Query& along(sql::JoinKind join, const std::string& alias) {
        detail::add_relation(query_, join, detail::relation_of<Member>(), alias);
        return *this;
    }

    ComposedQuery query_;
};

/// A query for columns, expressions, aggregates, entities (`corm::entity<User>`) and aliases. Name what it reads by
/// `from` and `join`.
template <detail::Selectable... Items>
    requires(sizeof...(Items) > 0)
[[nodiscard]] Query<typename detail::RowOf<Items...>::type> select(const Items&... items) {
    ComposedQuery query;
    (detail::ItemOf<Items>::add(query, items), ...);
    return Query<typename detail::RowOf<Items...>::type>{std::move(query)};
}

} // namespace corm::query
