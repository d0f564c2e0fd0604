// Aggregates and window functions.
#pragma once

#include <corm/query/arithmetic.hpp>
#include <corm/sql/query.hpp>
#include <corm/type/array.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::query {

/// Where a frame begins or ends.
struct FrameEnd {
    sql::Frame::Bound bound;
    std::int64_t rows = 0;
};
inline constexpr FrameEnd unbounded_preceding{sql::Frame::Bound::unbounded_preceding};
inline constexpr FrameEnd current_row{sql::Frame::Bound::current_row};
inline constexpr FrameEnd unbounded_following{sql::Frame::Bound::unbounded_following};
[[nodiscard]] constexpr FrameEnd preceding(std::int64_t rows) {
    return {sql::Frame::Bound::preceding, rows};
}
[[nodiscard]] constexpr FrameEnd following(std::int64_t rows) {
    return {sql::Frame::Bound::following, rows};
}

/// The rows that a window function looks at: `window().partition_by(a).order_by(b.desc())`. A value.
class WindowSpec {
public:
    template <SqlOperand... X>
    [[nodiscard]] WindowSpec partition_by(const X&... expressions) const {
        WindowSpec more = *this;
        (more.window_.partition_by.push_back(detail::sql_of(expressions)), ...);
        return more;
    }
    template <std::convertible_to<Ordering>... Terms>
    [[nodiscard]] WindowSpec order_by(const Terms&... terms) const {
        WindowSpec more = *this;
        (more.window_.order_by.push_back(static_cast<Ordering>(terms).term()), ...);
        return more;
    }
    /// `ROWS BETWEEN`; see `preceding`, `following` and their kin.
    [[nodiscard]] WindowSpec rows(const FrameEnd& from, const FrameEnd& to) const;
    /// `RANGE BETWEEN`, and groups of peers.
    [[nodiscard]] WindowSpec range(const FrameEnd& from, const FrameEnd& to) const;
    [[nodiscard]] WindowSpec groups(const FrameEnd& from, const FrameEnd& to) const;

    [[nodiscard]] const sql::Window& spec() const noexcept { return window_; }

private:
    [[nodiscard]] WindowSpec framed(sql::Frame::Unit unit, const FrameEnd& from, const FrameEnd& to) const;

    sql::Window window_;
};
[[nodiscard]] inline WindowSpec window() {
    return {};
}

/// An aggregate: an expression with more to say about the rows that it takes. Outside of `over` it makes one row of
/// each group.
template <class T>
class Aggregate : public Expression<T> {
public:
    explicit Aggregate(sql::Aggregate call) : Expression<T>(sql::aggregate(call)), call_(std::move(call)) {}

    /// Only rows that fulfil the condition.
    [[nodiscard]] Aggregate filter(const Condition& condition) const {
        sql::Aggregate call = call_;
        call.filter = sql::both(std::move(call.filter), condition.expression());
        return Aggregate{std::move(call)};
    }
    /// Each value once.
    [[nodiscard]] Aggregate distinct() const {
        sql::Aggregate call = call_;
        call.distinct = true;
        return Aggregate{std::move(call)};
    }
    /// The order in which it takes values: for `array_agg` and `string_agg`.
    template <std::convertible_to<Ordering>... Terms>
    [[nodiscard]] Aggregate order_by(const Terms&... terms) const {
        sql::Aggregate call = call_;
        (call.order_by.push_back(static_cast<Ordering>(terms).term()), ...);
        return Aggregate{std::move(call)};
    }
    /// For each row by itself, over those of a window.
    [[nodiscard]] Expression<T> over(const WindowSpec& window) const {
        sql::Aggregate call = call_;
        call.over = window.spec();
        return Expression<T>{sql::aggregate(std::move(call))};
    }

private:
    sql::Aggregate call_;
};

/// A function that has a meaning over a window only: `rank().over(window)`.
template <class T>
class WindowFunction {
public:
    explicit WindowFunction(sql::Aggregate call) : call_(std::move(call)) {}
    [[nodiscard]] Expression<T> over(const WindowSpec& window) const {
        sql::Aggregate call = call_;
        call.over = window.spec();
        return Expression<T>{sql::aggregate(std::move(call))};
    }

private:
    sql::Aggregate call_;
};

namespace detail {

template <class T>
using optional_of = nulled_t<T, true>;

/// What PostgreSQL's sum() and avg() yield.
template <class T>
using sum_t = std::conditional_t<is_integer<T> && (sizeof(T) <= 4), std::int64_t,
                                 std::conditional_t<is_integer<T>, types::Numeric, T>>;
template <class T>
using average_t =
    std::conditional_t<is_integer<T>, types::Numeric, std::conditional_t<std::is_same_v<T, float>, double, T>>;

template <class X>
[[nodiscard]] sql::Aggregate call_of(const char* name, const X& operand) {
    return {.function = name, .arguments = {sql_of(operand)}};
}

} // namespace detail

/// The number of rows.
[[nodiscard]] inline Aggregate<std::int64_t> count() {
    return Aggregate<std::int64_t>{{.function = "count", .star = true}};
}
/// The number of rows in which it is not NULL.
template <SqlOperand X>
[[nodiscard]] Aggregate<std::int64_t> count(const X& operand) {
    return Aggregate<std::int64_t>{detail::call_of("count", operand)};
}
template <SqlOperand X>
[[nodiscard]] Aggregate<std::int64_t> count_distinct(const X& operand) {
    return count(operand).distinct();
}
/// NULL without rows, as all that follow. Of small integers a `std::int64_t`, of that a `Numeric`.
template <SqlOperand X>
[[nodiscard]] auto sum(const X& operand) {
    using Value = detail::operand_value_t<X>;
    static_assert(detail::is_any_number<Value> || detail::is_span<Value>, "corm: sum() takes numbers or intervals");
    return Aggregate<std::optional<detail::sum_t<Value>>>{detail::call_of("sum", operand)};
}
/// Of integers a `Numeric`.
template <SqlOperand X>
[[nodiscard]] auto avg(const X& operand) {
    using Value = detail::operand_value_t<X>;
    static_assert(detail::is_any_number<Value> || detail::is_span<Value>, "corm: avg() takes numbers or intervals");
    return Aggregate<std::optional<detail::average_t<Value>>>{detail::call_of("avg", operand)};
}
template <SqlOperand X>
[[nodiscard]] auto min(const X& operand) {
    return Aggregate<detail::optional_of<detail::operand_value_t<X>>>{detail::call_of("min", operand)};
}
template <SqlOperand X>
[[nodiscard]] auto max(const X& operand) {
    return Aggregate<detail::optional_of<detail::operand_value_t<X>>>{detail::call_of("max", operand)};
}
[[nodiscard]] inline Aggregate<std::optional<bool>> bool_and(const Condition& condition) {
    return Aggregate<std::optional<bool>>{detail::call_of("bool_and", condition)};
}
[[nodiscard]] inline Aggregate<std::optional<bool>> bool_or(const Condition& condition) {
    return Aggregate<std::optional<bool>>{detail::call_of("bool_or", condition)};
}
template <SqlOperand X>
[[nodiscard]] Aggregate<std::optional<std::string>> string_agg(const X& text, std::string_view separator) {
    static_assert(std::is_same_v<detail::operand_value_t<X>, std::string>,
                  "corm: string_agg() takes text; cast the expression by corm::cast<std::string>()");
    sql::Aggregate call = detail::call_of("string_agg", text);
    call.arguments.push_back(detail::operand(std::string{separator}));
    return Aggregate<std::optional<std::string>>{std::move(call)};
}
/// NULLs are elements.
template <SqlOperand X>
[[nodiscard]] Aggregate<std::optional<std::vector<sql_type_t<X>>>> array_agg(const X& operand) {
    return Aggregate<std::optional<std::vector<sql_type_t<X>>>>{detail::call_of("array_agg", operand)};
}
/// Any aggregate of the server by its name.
template <class Result, class... Arguments>
[[nodiscard]] Aggregate<Result> aggregate(std::string name, const Arguments&... arguments) {
    return Aggregate<Result>{
        {.function = std::move(name), .arguments = {detail::operand(arguments)...}, .only_reads = false}};
}

[[nodiscard]] inline WindowFunction<std::int64_t> row_number() {
    return WindowFunction<std::int64_t>{{.function = "row_number"}};
}
[[nodiscard]] inline WindowFunction<std::int64_t> rank() {
    return WindowFunction<std::int64_t>{{.function = "rank"}};
}
[[nodiscard]] inline WindowFunction<std::int64_t> dense_rank() {
    return WindowFunction<std::int64_t>{{.function = "dense_rank"}};
}
[[nodiscard]] inline WindowFunction<double> percent_rank() {
    return WindowFunction<double>{{.function = "percent_rank"}};
}
[[nodiscard]] inline WindowFunction<double> cume_dist() {
    return WindowFunction<double>{{.function = "cume_dist"}};
}
[[nodiscard]] inline WindowFunction<std::int32_t> ntile(std::int32_t buckets) {
    return WindowFunction<std::int32_t>{{.function = "ntile", .arguments = {detail::operand(buckets)}}};
}
/// Of the row that is so many rows ahead or behind; NULL where there is none.
template <SqlOperand X>
[[nodiscard]] auto lag(const X& operand, std::int32_t rows = 1) {
    return WindowFunction<detail::optional_of<sql_type_t<X>>>{
        {.function = "lag", .arguments = {detail::sql_of(operand), detail::operand(rows)}}};
}
template <SqlOperand X>
[[nodiscard]] auto lead(const X& operand, std::int32_t rows = 1) {
    return WindowFunction<detail::optional_of<sql_type_t<X>>>{
        {.function = "lead", .arguments = {detail::sql_of(operand), detail::operand(rows)}}};
}
/// Of the first, last or n-th row of the frame, which may be empty.
template <SqlOperand X>
[[nodiscard]] auto first_value(const X& operand) {
    return WindowFunction<detail::optional_of<sql_type_t<X>>>{detail::call_of("first_value", operand)};
}
template <SqlOperand X>
[[nodiscard]] auto last_value(const X& operand) {
    return WindowFunction<detail::optional_of<sql_type_t<X>>>{detail::call_of("last_value", operand)};
}
template <SqlOperand X>
[[nodiscard]] auto nth_value(const X& operand, std::int32_t row) {
    return WindowFunction<detail::optional_of<sql_type_t<X>>>{
        {.function = "nth_value", .arguments = {detail::sql_of(operand), detail::operand(row)}}};
}

} // namespace corm::query
