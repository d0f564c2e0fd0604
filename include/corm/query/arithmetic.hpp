// Operators that calculate.
#pragma once

#include <corm/query/expression.hpp>
#include <corm/type/interval.hpp>
#include <corm/type/temporal.hpp>

#include <chrono>
#include <cstdint>
#include <type_traits>

namespace corm::query {

namespace detail {

/// The integer that PostgreSQL makes of two.
template <class A, class B>
using wider_t = std::conditional_t<(sizeof(A) > 4 || sizeof(B) > 4), std::int64_t,
                                   std::conditional_t<(sizeof(A) > 2 || sizeof(B) > 2), std::int32_t, std::int16_t>>;

template <class T>
inline constexpr bool is_date =
    std::is_same_v<T, std::chrono::sys_days> || std::is_same_v<T, std::chrono::local_days> ||
    std::is_same_v<T, std::chrono::year_month_day>;
template <class T>
inline constexpr bool is_time_point = false;
template <class Clock, class Duration>
inline constexpr bool is_time_point<std::chrono::time_point<Clock, Duration>> =
    !is_date<std::chrono::time_point<Clock, Duration>>;
template <class T>
inline constexpr bool is_days = std::is_same_v<T, std::chrono::days>;
template <class T>
inline constexpr bool is_span = std::is_same_v<T, types::Interval>;
template <class Rep, class Period>
inline constexpr bool is_span<std::chrono::duration<Rep, Period>> = true;

/// What PostgreSQL's operator yields; `void` where corm knows none.
template <sql::BinaryOperator Op, class A, class B>
consteval auto arithmetic_type() {
    using enum sql::BinaryOperator;
    constexpr bool sum = Op == add || Op == subtract;
    if constexpr (Op == modulo && (std::is_floating_point_v<A> || std::is_floating_point_v<B>))
        return std::type_identity<void>{};
    else if constexpr (is_integer<A> && is_integer<B>)
        return std::type_identity<wider_t<A, B>>{};
    else if constexpr (std::is_same_v<A, float> && std::is_same_v<B, float>)
        return std::type_identity<float>{};
    else if constexpr (is_any_number<A> && is_any_number<B> &&
                       (std::is_floating_point_v<A> || std::is_floating_point_v<B>))
        return std::type_identity<double>{};
    else if constexpr (is_any_number<A> && is_any_number<B>)
        return std::type_identity<types::Numeric>{};
    else if constexpr (is_date<A> && std::is_same_v<A, B> && Op == subtract)
        return std::type_identity<std::int32_t>{}; // days
    else if constexpr (is_date<A> && is_integer<B> && sizeof(B) <= 4 && sum)
        return std::type_identity<A>{};
    else if constexpr (is_date<A> && is_days<B> && sum)
        return std::type_identity<A>{};
    else if constexpr (is_date<A> && is_span<B> && sum)
        return std::type_identity<types::LocalTimestamp>{};
    else if constexpr (is_time_point<A> && is_span<B> && sum)
        return std::type_identity<A>{};
    else if constexpr (is_time_point<A> && std::is_same_v<A, B> && Op == subtract)
        return std::type_identity<types::Interval>{};
    else if constexpr (is_span<A> && std::is_same_v<A, B> && sum)
        return std::type_identity<A>{};
    else if constexpr (is_span<A> && is_number<B> && (Op == multiply || Op == divide))
        return std::type_identity<types::Interval>{};
    else
        return std::type_identity<void>{};
}

template <sql::BinaryOperator Op, class L, class R>
[[nodiscard]] auto calculate(const L& left, const R& right) {
    using Result = typename decltype(arithmetic_type<Op, operand_value_t<L>, operand_value_t<R>>())::type;
    static_assert(
        !std::is_void_v<Result>,
        "corm: PostgreSQL has no such operator for these types; cast one side by corm::cast<T>(), or name the "
        "operator and its result by corm::operation<Result>(left, \"+\", right)");
    if constexpr (is_days<R> && std::is_same_v<Result, operand_value_t<L>>)
        return calculate<Op>(left, static_cast<std::int32_t>(right.count())); // the server counts days in integers
    else if constexpr (std::is_void_v<Result>)
        return Expression<operand_t<L>>{operand(left)};
    else
        return Expression<nulled_t<Result, may_be_null<L> || may_be_null<R>>>{
            sql::binary(Op, operand(left), operand(right))};
}

template <class X>
concept Calculable = SqlOperand<X> && !std::is_same_v<X, Condition>;
template <class L, class R>
concept Calculation =
    (Calculable<L> || Calculable<R>) && !std::is_void_v<operand_t<L>> && !std::is_void_v<operand_t<R>>;

} // namespace detail

/// Arithmetic, with the types that PostgreSQL gives its results: integers stay integers (division truncates), an
/// integer and a numeric are a numeric, anything with a floating-point number is a double; dates and times as there.
template <class L, class R>
    requires detail::Calculation<L, R>
[[nodiscard]] auto operator+(const L& left, const R& right) {
    return detail::calculate<sql::BinaryOperator::add>(left, right);
}
template <class L, class R>
    requires detail::Calculation<L, R>
[[nodiscard]] auto operator-(const L& left, const R& right) {
    return detail::calculate<sql::BinaryOperator::subtract>(left, right);
}
template <class L, class R>
    requires detail::Calculation<L, R>
[[nodiscard]] auto operator*(const L& left, const R& right) {
    return detail::calculate<sql::BinaryOperator::multiply>(left, right);
}
template <class L, class R>
    requires detail::Calculation<L, R>
[[nodiscard]] auto operator/(const L& left, const R& right) {
    return detail::calculate<sql::BinaryOperator::divide>(left, right);
}
template <class L, class R>
    requires detail::Calculation<L, R>
[[nodiscard]] auto operator%(const L& left, const R& right) {
    return detail::calculate<sql::BinaryOperator::modulo>(left, right);
}
template <detail::Calculable X>
[[nodiscard]] auto operator-(const X& operand) {
    using Value = detail::operand_value_t<X>;
    static_assert(detail::is_any_number<Value> || detail::is_span<Value>,
                  "corm: only numbers and intervals have a minus in front");
    return Expression<sql_type_t<X>>{sql::unary(sql::UnaryOperator::negate, detail::sql_of(operand))};
}

} // namespace corm::query
