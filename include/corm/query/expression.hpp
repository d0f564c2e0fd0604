// Typed SQL expressions: what columns, values and functions are put together to.
#pragma once

#include <corm/query/sql_operand.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::query {

template <class T>
struct Labelled;

/// An SQL expression whose values are read as `T`; `std::optional` if they can be NULL. An immutable value: copying
/// shares it. In one query an expression that stands in several places, such as the items and `group_by`, has to be one
/// object if it holds values: what is built twice has parameters of its own, and is another expression for the server.
///
/// Operators: comparisons and arithmetic with other expressions, columns and values; those of `Column` by name.
template <class T>
class Expression {
public:
    using expression_type = T;
    using Value = detail::value_of<T>;

    explicit Expression(sql::Expr expression) noexcept : expression_(std::move(expression)) {}

    [[nodiscard]] const sql::Expr& expression() const noexcept { return expression_; }

    [[nodiscard]] Condition is_null() const { return Condition{sql::unary(sql::UnaryOperator::is_null, expression_)}; }
    [[nodiscard]] Condition is_not_null() const {
        return Condition{sql::unary(sql::UnaryOperator::is_not_null, expression_)};
    }
    /// Both ends included; values or expressions.
    template <class Low, class High>
    [[nodiscard]] Condition between(const Low& low, const High& high) const {
        return Condition{
            sql::between(expression_, detail::operand_beside<Value>(low), detail::operand_beside<Value>(high))};
    }
    /// One of the values of a forward range, which are one parameter; or of the rows of a query with one column.
    template <class Range>
    [[nodiscard]] Condition in(const Range& values) const {
        return member_of(values, false);
    }
    template <class Range>
    [[nodiscard]] Condition not_in(const Range& values) const {
        return member_of(values, true);
    }
    [[nodiscard]] Condition in(std::initializer_list<Value> values) const { return member_of(values, false); }
    [[nodiscard]] Condition not_in(std::initializer_list<Value> values) const { return member_of(values, true); }

    /// SQL patterns, as `Column` has them.
    [[nodiscard]] Condition like(std::string_view pattern) const { return match(sql::BinaryOperator::like, pattern); }
    [[nodiscard]] Condition not_like(std::string_view pattern) const {
        return match(sql::BinaryOperator::not_like, pattern);
    }
    [[nodiscard]] Condition ilike(std::string_view pattern) const { return match(sql::BinaryOperator::ilike, pattern); }
    [[nodiscard]] Condition not_ilike(std::string_view pattern) const {
        return match(sql::BinaryOperator::not_ilike, pattern);
    }
    /// Plain text, no pattern, as `Column` has them.
    [[nodiscard]] Condition starts_with(std::string_view text) const { return match({.at_start = true}, text); }
    [[nodiscard]] Condition ends_with(std::string_view text) const { return match({.at_end = true}, text); }
    [[nodiscard]] Condition contains(std::string_view text) const { return match(detail::Match{}, text); }
    [[nodiscard]] Condition istarts_with(std::string_view text) const {
        return match({.at_start = true, .ignores_case = true}, text);
    }
    [[nodiscard]] Condition iends_with(std::string_view text) const {
        return match({.at_end = true, .ignores_case = true}, text);
    }
    [[nodiscard]] Condition icontains(std::string_view text) const { return match({.ignores_case = true}, text); }

    [[nodiscard]] Ordering asc() const { return Ordering{{expression_, false}}; }
    [[nodiscard]] Ordering desc() const { return Ordering{{expression_, true}}; }
    operator Ordering() const { return asc(); } // NOLINT: ascending is what SQL takes it for

    /// Names the column of the result.
    [[nodiscard]] Labelled<T> as(std::string label) const { return {*this, std::move(label)}; }

private:
    template <class Range>
    Condition member_of(const Range& values, bool negated) const {
        if constexpr (requires { values.template members_for<T>(expression_, negated); }) {
            return values.template members_for<T>(expression_, negated);
        } else {
            return detail::members_of<Value>(expression_, values, negated);
        }
    }
    Condition match(sql::BinaryOperator op, std::string_view pattern) const {
        static_assert(std::is_convertible_v<const Value&, std::string_view>,
                      "corm: like() and its kin need a text expression; cast it by corm::cast<std::string>()");
        return Condition{sql::binary(op, expression_, detail::operand(std::string{pattern}))};
    }
    Condition match(detail::Match how, std::string_view text) const {
        return match(how.ignores_case ? sql::BinaryOperator::ilike : sql::BinaryOperator::like,
                     detail::pattern_of(how, text));
    }

    sql::Expr expression_;
};

/// An expression with the name that its column has in the result. Everywhere else it is what it names.
template <class T>
struct Labelled : Expression<T> {
    Labelled(Expression<T> named, std::string name) : Expression<T>(std::move(named)), label(std::move(name)) {}

    std::string label;
};
/// Names the column of anything that can be selected: `labelled(col<&User::name>, "user_name")`.
template <SqlOperand X>
[[nodiscard]] Labelled<sql_type_t<X>> labelled(const X& operand, std::string label) {
    return {Expression<sql_type_t<X>>{detail::sql_of(operand)}, std::move(label)};
}
/// Any operand as an expression: a value becomes a parameter.
template <class X>
[[nodiscard]] auto expression(const X& operand) {
    return Expression<detail::operand_t<X>>{detail::operand(operand)};
}

#define CORM_COMPARISON(symbol, op)                                                                                    \
    template <ExpressionLike L, class R>                                                                               \
        requires detail::Mixed<L, R>                                                                                   \
    [[nodiscard]] Condition operator symbol(const L& left, const R& right) {                                           \
        return detail::compare_operands<sql::BinaryOperator::op>(left, right);                                         \
    }                                                                                                                  \
    template <class L, ExpressionLike R>                                                                               \
        requires(!ExpressionLike<L> && detail::Mixed<L, R>)                                                            \
    [[nodiscard]] Condition operator symbol(const L& left, const R& right) {                                           \
        return detail::compare_operands<sql::BinaryOperator::op>(left, right);                                         \
    }
CORM_COMPARISON(==, equal)
CORM_COMPARISON(!=, not_equal)
CORM_COMPARISON(<, less)
CORM_COMPARISON(<=, less_equal)
CORM_COMPARISON(>, greater)
CORM_COMPARISON(>=, greater_equal)
#undef CORM_COMPARISON
template <ExpressionLike L>
[[nodiscard]] Condition operator==(const L& left, std::nullopt_t) {
    return left.is_null();
}
template <ExpressionLike L>
[[nodiscard]] Condition operator!=(const L& left, std::nullopt_t) {
    return left.is_not_null();
}

/// Equal, with NULL as a value that equals NULL alone.
template <class L, class R>
    requires detail::Mixed<L, R>
[[nodiscard]] Condition is_not_distinct_from(const L& left, const R& right) {
    return detail::compare_operands<sql::BinaryOperator::is_not_distinct_from>(left, right);
}
template <class L, class R>
    requires detail::Mixed<L, R>
[[nodiscard]] Condition is_distinct_from(const L& left, const R& right) {
    return detail::compare_operands<sql::BinaryOperator::is_distinct_from>(left, right);
}

} // namespace corm::query
