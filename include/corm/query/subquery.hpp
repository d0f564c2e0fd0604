// Queries within queries, and sets of their rows.
#pragma once

#include <corm/query/functions.hpp>
#include <corm/query/query.hpp>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::query {

/// A query as a source: `from(subquery("recent", ...))`. Its columns are `source[item]`, by what was selected.
template <class Row>
[[nodiscard]] RowSource subquery(std::string name, const Query<Row>& query) {
    return detail::named_subquery(std::move(name), query.erased(), false);
}
/// The same for one that refers to the sources in front of it: `join(lateral("latest", ...), corm::always())`.
template <class Row>
[[nodiscard]] RowSource lateral(std::string name, const Query<Row>& query) {
    return detail::named_subquery(std::move(name), query.erased(), true);
}
/// A common table expression, written once however often the statement reads it, and in front of it by itself.
/// `materialized`: whether the server computes it by itself; left to it if not given.
template <class Row>
[[nodiscard]] RowSource cte(std::string name, const Query<Row>& query, std::optional<bool> materialized = {}) {
    return detail::common_table(std::move(name), query.erased(), materialized);
}
/// A recursive one: the rows of `start`, and again and again those of `step` of the rows before, until there are none.
///
/// ```cpp
/// const auto chain = corm::recursive("chain", start, [&](const corm::RowSource& above) {
///     return corm::select(col<&Employee::id>).from<Employee>().join(
///         above, above[col<&Employee::id>] == col<&Employee::boss_id>);
/// });
/// ```
template <class Row, class Step>
[[nodiscard]] RowSource recursive(std::string name, const Query<Row>& start, const Step& step,
                                  bool keeps_duplicates = true) {
    const RowSource itself = detail::itself(name, start.erased());
    const auto next = step(itself);
    using Next = std::remove_cvref_t<decltype(next)>;
    static_assert(std::is_same_v<typename Next::row_type, Row>,
                  "corm: the step of recursive() has to select what its start selects, item by item");
    return detail::recursive_table(std::move(name), start.erased(), next.erased(), keeps_duplicates);
}

/// True where the query has a row. It may refer to the sources around it.
template <class Row>
[[nodiscard]] Condition exists(const Query<Row>& query) {
    return detail::exists(query.erased(), false);
}
template <class Row>
[[nodiscard]] Condition not_exists(const Query<Row>& query) {
    return detail::exists(query.erased(), true);
}
/// True where a row of `T` fulfils the condition: `exists<Order>(col<&Order::user_id> == col<&User::id>)`.
template <class T>
[[nodiscard]] Condition exists(const Condition& condition) {
    mapping::require_mapped<T>();
    return detail::exists_in(detail::table_source(*mapping::mapper_of<T>()), condition);
}
template <class T>
[[nodiscard]] Condition not_exists(const Condition& condition) {
    return !exists<T>(condition);
}
/// The same of an alias or a subquery: `exists(other, other[col<&Order::user_id>] == col<&User::id>)`.
template <SourceLike S>
[[nodiscard]] Condition exists(const S& source, const Condition& condition) {
    return detail::exists_in(detail::source_of(source), condition);
}
template <SourceLike S>
[[nodiscard]] Condition not_exists(const S& source, const Condition& condition) {
    return !exists(source, condition);
}

/// Objects that have one related object at least, or one that fulfils the condition: `any<&User::orders>(...)` of a
/// `Many`, `has<&Order::user>(...)` of a `One`. The same for `none`. Along a relation to the owner's own table the
/// other end needs a name: `any<&Employee::team>(alias, alias[col<&Employee::age>] > 60)`.
template <auto Member>
[[nodiscard]] Condition any(const std::optional<Condition>& condition = {}) {
    return detail::exists_related(detail::relation_of<Member>(), {}, condition);
}
template <auto Member, class T>
[[nodiscard]] Condition any(const Alias<T>& target, const std::optional<Condition>& condition = {}) {
    return detail::exists_related(detail::relation_of<Member>(), target.name(), condition);
}
template <auto Member>
[[nodiscard]] Condition has(const std::optional<Condition>& condition = {}) {
    detail::check_to_one<Member>();
    return any<Member>(condition);
}
template <auto Member, class T>
[[nodiscard]] Condition has(const Alias<T>& target, const std::optional<Condition>& condition = {}) {
    detail::check_to_one<Member>();
    return any<Member>(target, condition);
}
template <auto Member>
[[nodiscard]] Condition none(const std::optional<Condition>& condition = {}) {
    return !any<Member>(condition);
}

namespace detail {

template <class Row>
constexpr void check_single() {
    static_assert(!IsTuple<Row>::value && types::ColumnValue<Row>,
                  "corm: a subquery that stands for values selects one column");
}

} // namespace detail

/// The value of the one row that the query yields; NULL if it yields none. More than one is an error of the server.
template <class Row>
[[nodiscard]] auto scalar(const Query<Row>& query) {
    detail::check_single<Row>();
    return Expression<detail::nulled_t<Row, true>>{
        sql::subquery(sql::Subquery::scalar, detail::nested(query.erased()))};
}
/// All values as an array, in the order of the query.
template <class Row>
[[nodiscard]] auto array_of(const Query<Row>& query) {
    detail::check_single<Row>();
    return Expression<std::vector<Row>>{sql::subquery(sql::Subquery::array, detail::nested(query.erased()))};
}

/// The values of a query on the right of a comparison: `expression > corm::all_of(query)`.
template <class Row>
struct QuantifiedQuery {
    sql::QueryPtr query;
    bool all;
};
template <class Row>
[[nodiscard]] QuantifiedQuery<Row> any_of(const Query<Row>& query) {
    detail::check_single<Row>();
    return {detail::nested(query.erased()), false};
}
template <class Row>
[[nodiscard]] QuantifiedQuery<Row> all_of(const Query<Row>& query) {
    detail::check_single<Row>();
    return {detail::nested(query.erased()), true};
}

namespace detail {

template <class L, class Row>
[[nodiscard]] Condition compare_all(sql::BinaryOperator op, const L& left, const QuantifiedQuery<Row>& right) {
    static_assert(comparable_types<operand_value_t<L>, value_of<Row>>,
                  "corm: any_of() and all_of() take a query whose column is of the type of the expression");
    return Condition{sql::quantified(operand(left), op, right.all, right.query)};
}

} // namespace detail

template <SqlOperand L, class Row>
[[nodiscard]] Condition operator==(const L& left, const QuantifiedQuery<Row>& right) {
    return detail::compare_all(sql::BinaryOperator::equal, left, right);
}
template <SqlOperand L, class Row>
[[nodiscard]] Condition operator!=(const L& left, const QuantifiedQuery<Row>& right) {
    return detail::compare_all(sql::BinaryOperator::not_equal, left, right);
}
template <SqlOperand L, class Row>
[[nodiscard]] Condition operator<(const L& left, const QuantifiedQuery<Row>& right) {
    return detail::compare_all(sql::BinaryOperator::less, left, right);
}
template <SqlOperand L, class Row>
[[nodiscard]] Condition operator<=(const L& left, const QuantifiedQuery<Row>& right) {
    return detail::compare_all(sql::BinaryOperator::less_equal, left, right);
}
template <SqlOperand L, class Row>
[[nodiscard]] Condition operator>(const L& left, const QuantifiedQuery<Row>& right) {
    return detail::compare_all(sql::BinaryOperator::greater, left, right);
}
template <SqlOperand L, class Row>
[[nodiscard]] Condition operator>=(const L& left, const QuantifiedQuery<Row>& right) {
    return detail::compare_all(sql::BinaryOperator::greater_equal, left, right);
}

namespace detail {

template <class Left, class Right>
[[nodiscard]] Query<Left> combine(sql::SetOperator op, bool all, const Query<Left>& left, const Query<Right>& right) {
    static_assert(std::is_same_v<Left, Right>,
                  "corm: the rows of both queries must have the same types, item by item; cast those that differ by "
                  "corm::cast<T>(), or make them nullable()");
    return Query<Left>{combined(left.erased(), op, all, right.erased())};
}

} // namespace detail

/// A column of the result by its label, for `order_by` of what was put together by `union_all` and its kin.
[[nodiscard]] inline Expression<std::string> label(std::string name) {
    return Expression<std::string>{sql::label(std::move(name))};
}

/// The rows of both; `order_by(corm::label("name").asc())` and `limit` of the result are for all of them.
template <class L, class R>
[[nodiscard]] Query<L> union_all(const Query<L>& left, const Query<R>& right) {
    return detail::combine(sql::SetOperator::union_, true, left, right);
}
/// Each row once.
template <class L, class R>
[[nodiscard]] Query<L> union_distinct(const Query<L>& left, const Query<R>& right) {
    return detail::combine(sql::SetOperator::union_, false, left, right);
}
template <class L, class R>
[[nodiscard]] Query<L> intersect(const Query<L>& left, const Query<R>& right) {
    return detail::combine(sql::SetOperator::intersect, false, left, right);
}
/// The rows of the left one that the right one does not have.
template <class L, class R>
[[nodiscard]] Query<L> except(const Query<L>& left, const Query<R>& right) {
    return detail::combine(sql::SetOperator::except, false, left, right);
}

/// The number of rows that a query yields.
template <class Row>
[[nodiscard]] Query<std::int64_t> count(Query<Row> query) {
    return Query<std::int64_t>{detail::counted(std::move(query).erased())};
}

/// True for every row: to join with each.
[[nodiscard]] inline Condition always() {
    return Condition{sql::form({"true"}, {}, sql::NullsOf::none)};
}
/// A whole number in the text itself, as partial indexes need it.
template <std::int64_t N>
[[nodiscard]] Expression<std::int64_t> literal() {
    return Expression<std::int64_t>{
        sql::form({(N < 0 ? "(" + std::to_string(N) + ")" : std::to_string(N)) + "::int8"}, {})};
}

} // namespace corm::query
