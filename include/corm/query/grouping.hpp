// group_by(rollup(a, b)): several groupings of the same rows in one query.
#pragma once

#include <corm/query/expression.hpp>
#include <corm/sql/query.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::query {

/// An entry of `group_by` that is no expression. A value: copying shares it.
template <sql::GroupingKind Kind>
class Grouping {
public:
    static constexpr sql::GroupingKind kind = Kind;

    Grouping(std::vector<sql::Expr> items) : entry_(sql::grouping(Kind, std::move(items))) {} // NOLINT: made of them

    [[nodiscard]] const sql::Expr& entry() const noexcept { return entry_; }

private:
    sql::Expr entry_;
};

namespace detail {

template <class X>
inline constexpr bool is_grouping = requires(const X& entry) {
    entry.entry();
    X::kind;
};
template <class X>
consteval bool is_group() {
    if constexpr (is_grouping<X>)
        return X::kind == sql::GroupingKind::group;
    else
        return SqlOperand<X>;
}
template <class X>
concept Groupable = SqlOperand<X> || is_grouping<X>;

template <class X>
[[nodiscard]] sql::Expr group_entry(const X& entry) {
    if constexpr (is_grouping<X>)
        return entry.entry();
    else if constexpr (SqlOperand<X>)
        return sql_of(entry);
    else
        return {}; // reported by whoever made it
}

} // namespace detail

/// Several columns or expressions as one entry: of `rollup` and `cube`, which leave them out together, or one of the
/// sets of `grouping_sets`, where `group()` without any makes one group of all rows.
template <class... X>
[[nodiscard]] Grouping<sql::GroupingKind::group> group(const X&... expressions) {
    static_assert((SqlOperand<X> && ...),
                  "corm: group() takes columns and expressions; a value groups nothing, and a group has no other one "
                  "within it");
    return {std::vector<sql::Expr>{detail::group_entry(expressions)...}};
}

/// Groups by all of them, then by one less from the right, and so on to one group of all rows: totals and subtotals.
/// What a row leaves out is NULL in it: read it into an optional, by `corm::nullable(...)`.
template <class... X>
[[nodiscard]] Grouping<sql::GroupingKind::rollup> rollup(const X&... entries) {
    static_assert(sizeof...(X) > 0 && (detail::is_group<X>() && ...),
                  "corm: rollup() takes columns, expressions and group(...) of them; a value groups nothing");
    return {std::vector<sql::Expr>{detail::group_entry(entries)...}};
}

/// Groups by each selection of them, from all to none. NULLs as of `rollup`.
template <class... X>
[[nodiscard]] Grouping<sql::GroupingKind::cube> cube(const X&... entries) {
    static_assert(sizeof...(X) > 0 && (detail::is_group<X>() && ...),
                  "corm: cube() takes columns, expressions and group(...) of them; a value groups nothing");
    static_assert(sizeof...(X) <= 12, "corm: PostgreSQL takes no more than 12 entries in cube()");
    return {std::vector<sql::Expr>{detail::group_entry(entries)...}};
}

/// Groups by each entry in turn: columns, expressions, `group(...)`, and all sets of `rollup`, `cube` and others of its
/// kind. NULLs as of `rollup`, but for what every one of the sets has.
template <class... X>
[[nodiscard]] Grouping<sql::GroupingKind::sets> grouping_sets(const X&... entries) {
    static_assert(
        sizeof...(X) > 0 && (detail::Groupable<X> && ...),
        "corm: grouping_sets() takes columns, expressions, group(), rollup() and cube(); a value groups nothing");
    return {std::vector<sql::Expr>{detail::group_entry(entries)...}};
}

/// Which of these entries of `group_by` a row leaves out: a bit for each, the last one's is 1. Tells a subtotal from a
/// group whose value is NULL. Never NULL. Sending the query throws `MappingError` for what is not grouped.
template <class... X>
[[nodiscard]] Expression<std::int32_t> grouping(const X&... expressions) {
    static_assert(sizeof...(X) > 0 && sizeof...(X) < 32 && (SqlOperand<X> && ...),
                  "corm: grouping() takes up to 31 of the columns and expressions that group_by() has");
    return Expression<std::int32_t>{sql::grouping_of({detail::group_entry(expressions)...})};
}

} // namespace corm::query
