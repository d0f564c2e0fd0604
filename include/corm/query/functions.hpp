// Functions and the parts of SQL that look like them.
#pragma once

#include <corm/query/arithmetic.hpp>
#include <corm/sql/query.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::query {

/// A function of the server by its name: `function<double>("random")`. The program says what it yields; an optional, if
/// that can be NULL. Readers do not send it over a lane: it may write.
template <class Result, class... Arguments>
[[nodiscard]] Expression<Result> function(std::string name, const Arguments&... arguments) {
    return Expression<Result>{sql::call({}, std::move(name), {detail::operand(arguments)...})};
}
/// The same in a schema: `function_in<std::string>("my_schema", "slug", col<&Article::title>)`.
template <class Result, class... Arguments>
[[nodiscard]] Expression<Result> function_in(std::string schema, std::string name, const Arguments&... arguments) {
    return Expression<Result>{sql::call(std::move(schema), std::move(name), {detail::operand(arguments)...})};
}
/// Any infix operator of the server by its symbol: `operation<bool>(col<&Doc::tags>, "@>", tags)`. Throws
/// `MappingError` for what is no symbol.
template <class Result, class L, class R>
[[nodiscard]] Expression<Result> operation(const L& left, std::string symbol, const R& right) {
    return Expression<Result>{sql::infix(std::move(symbol), detail::operand(left), detail::operand(right))};
}
/// An expression of type bool as a condition.
template <SqlOperand X>
[[nodiscard]] Condition is_true(const X& operand) {
    static_assert(std::is_same_v<detail::operand_value_t<X>, bool>,
                  "corm: only an expression of type bool is a condition");
    return Condition{detail::sql_of(operand)};
}

/// `expression::type`, as a value of `T`; an optional where the operand can be NULL.
template <class T, class X>
[[nodiscard]] auto cast(const X& operand) {
    static_assert(types::ColumnValue<T>, "corm: cast<T>() needs a type with a codec");
    return Expression<detail::nulled_t<T, detail::may_be_null<X>>>{
        sql::cast(detail::operand(operand), std::string{types::value_type<detail::value_of<T>>.sql_type()})};
}
/// The same expression as one that can be NULL: what an outer join may leave out.
template <SqlOperand X>
[[nodiscard]] auto nullable(const X& operand) {
    return Expression<detail::nulled_t<sql_type_t<X>, true>>{detail::sql_of(operand)};
}
/// The same as one that is never NULL: the program knows better than the types. A NULL is a `ConversionError`.
template <SqlOperand X>
[[nodiscard]] auto not_null(const X& operand) {
    return Expression<detail::operand_value_t<X>>{sql::form({"(", ")"}, {detail::sql_of(operand)}, sql::NullsOf::none)};
}

namespace detail {

/// `HEAD(a, b, ...)` for syntax that is no function.
[[nodiscard]] sql::Expr listed(std::string head, std::vector<sql::Expr> arguments, sql::NullsOf nulls);

/// The type that the server makes of two, which are comparable; with NULL if either has it.
template <class A, class B>
consteval auto common_type() {
    using Left = value_of<A>;
    using Right = value_of<B>;
    if constexpr (is_any_number<Left> && is_any_number<Right> && !std::is_same_v<Left, Right>)
        return std::type_identity<typename decltype(arithmetic_type<sql::BinaryOperator::add, Left, Right>())::type>{};
    else
        return std::type_identity<Left>{};
}
template <class A, class B>
using common_t = nulled_t<typename decltype(common_type<A, B>())::type, is_optional<A> || is_optional<B>>;

template <class First, class... Rest>
struct CommonOf {
    using type = value_of<First>;
};
template <class First, class Second, class... Rest>
struct CommonOf<First, Second, Rest...> {
    using type = typename CommonOf<common_t<value_of<First>, value_of<Second>>, Rest...>::type;
};
/// Of operands, without NULL.
template <class... Operands>
using common_value_t = typename CommonOf<operand_t<Operands>...>::type;

template <class First, class... Rest>
void check_alike() {
    static_assert((comparable_types<operand_value_t<First>, operand_value_t<Rest>> && ...),
                  "corm: these expressions and values are of different types; cast them by corm::cast<T>(), or give "
                  "values of one type");
}

} // namespace detail

/// The first that is not NULL.
template <class First, class... Rest>
[[nodiscard]] auto coalesce(const First& first, const Rest&... rest) {
    detail::check_alike<First, Rest...>();
    constexpr bool null = detail::may_be_null<First> && (detail::may_be_null<Rest> && ...);
    return Expression<detail::nulled_t<detail::common_value_t<First, Rest...>, null>>{
        detail::listed("COALESCE(", {detail::operand(first), detail::operand(rest)...}, sql::NullsOf::all)};
}
/// NULL where both are equal.
template <class X, class V>
[[nodiscard]] auto nullif(const X& operand, const V& value) {
    detail::check_alike<X, V>();
    return Expression<detail::nulled_t<detail::operand_value_t<X>, true>>{
        detail::listed("NULLIF(", {detail::operand(operand), detail::operand(value)}, sql::NullsOf::any)};
}
/// The greatest or least that is not NULL.
template <class First, class... Rest>
[[nodiscard]] auto greatest(const First& first, const Rest&... rest) {
    detail::check_alike<First, Rest...>();
    constexpr bool null = detail::may_be_null<First> && (detail::may_be_null<Rest> && ...);
    return Expression<detail::nulled_t<detail::common_value_t<First, Rest...>, null>>{
        detail::listed("GREATEST(", {detail::operand(first), detail::operand(rest)...}, sql::NullsOf::all)};
}
template <class First, class... Rest>
[[nodiscard]] auto least(const First& first, const Rest&... rest) {
    detail::check_alike<First, Rest...>();
    constexpr bool null = detail::may_be_null<First> && (detail::may_be_null<Rest> && ...);
    return Expression<detail::nulled_t<detail::common_value_t<First, Rest...>, null>>{
        detail::listed("LEAST(", {detail::operand(first), detail::operand(rest)...}, sql::NullsOf::all)};
}

/// `CASE WHEN ... THEN ... END`: made by `case_when`, ended by `otherwise` or `otherwise_null`.
template <class T>
class Case {
public:
    Case(const Condition& condition, sql::Expr value) { append(condition, std::move(value)); }
    Case(std::vector<std::string> pieces, std::vector<sql::Expr> arguments)
        : pieces_(std::move(pieces)), arguments_(std::move(arguments)) {}

    template <class V>
    [[nodiscard]] auto when(const Condition& condition, const V& value) const {
        check<V>();
        Case<detail::common_t<T, detail::operand_t<V>>> more{pieces_, arguments_};
        more.append(condition, detail::operand(value));
        return more;
    }
    template <class V>
    [[nodiscard]] auto otherwise(const V& value) const {
        check<V>();
        Case last = *this;
        last.pieces_.emplace_back(" ELSE ");
        last.arguments_.push_back(detail::operand(value));
        return std::move(last).template end<detail::common_t<T, detail::operand_t<V>>>();
    }
    [[nodiscard]] auto otherwise_null() const { return Case{*this}.template end<detail::nulled_t<T, true>>(); }

private:
    template <class>
    friend class Case;

    template <class V>
    static void check() {
        static_assert(detail::comparable_types<detail::value_of<T>, detail::operand_value_t<V>>,
                      "corm: the branches of case_when() are of different types; cast them by corm::cast<T>(), or give "
                      "values of one type");
    }
    void append(const Condition& condition, sql::Expr value) {
        pieces_.emplace_back(pieces_.empty() ? "CASE WHEN " : " WHEN ");
        arguments_.push_back(condition.expression());
        pieces_.emplace_back(" THEN ");
        arguments_.push_back(std::move(value));
    }
    template <class Result>
    Expression<Result> end() && {
        pieces_.emplace_back(" END");
        return Expression<Result>{sql::choice(std::move(pieces_), std::move(arguments_), sql::NullsOf::case_values)};
    }

    std::vector<std::string> pieces_;
    std::vector<sql::Expr> arguments_;
};
template <class V>
[[nodiscard]] Case<detail::operand_t<V>> case_when(const Condition& condition, const V& value) {
    return {condition, detail::operand(value)};
}

/// The parts of a date or time as integers, as `EXTRACT` names them.
enum class DatePart { year, quarter, month, week, day, hour, minute, second, dow, doy, epoch };
template <DatePart P, SqlOperand X>
[[nodiscard]] auto extract(const X& point) {
    using Value = detail::operand_value_t<X>;
    static_assert(detail::is_date<Value> || detail::is_time_point<Value> || detail::is_span<Value>,
                  "corm: extract() takes a part of a date, a time or an interval");
    constexpr bool of_time = P == DatePart::hour || P == DatePart::minute || P == DatePart::second;
    static_assert(!detail::is_date<Value> || !of_time, "corm: a date has no hours, minutes and seconds to extract");
    using Result = std::conditional_t<P == DatePart::epoch, std::int64_t, std::int32_t>;
    constexpr std::string_view names[] = {"YEAR",   "QUARTER", "MONTH", "WEEK", "DAY",  "HOUR",
                                          "MINUTE", "SECOND",  "DOW",   "DOY",  "EPOCH"};
    std::string head = "trunc(EXTRACT(" + std::string{names[static_cast<std::size_t>(P)]} + " FROM ";
    return Expression<detail::nulled_t<Result, detail::may_be_null<X>>>{
        sql::form({std::move(head), P == DatePart::epoch ? "))::int8" : "))::int4"}, {detail::sql_of(point)})};
}

} // namespace corm::query
