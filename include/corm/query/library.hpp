// Functions and operators of the server with the types of their results: text, numbers, time, JSON, arrays, search.
#pragma once

#include <corm/query/functions.hpp>
#include <corm/type/array.hpp>
#include <corm/type/json.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace corm::query {

namespace detail {

/// A function that is NULL where one of its arguments is.
template <class Result, class... Arguments>
[[nodiscard]] auto strict(std::string name, const Arguments&... arguments) {
    return Expression<nulled_t<Result, (may_be_null<Arguments> || ...)>>{
        sql::call({}, std::move(name), {operand(arguments)...}, true)};
}
template <class Result, class L, class R>
[[nodiscard]] auto strict_infix(const L& left, const char* symbol, const R& right) {
    return Expression<nulled_t<Result, may_be_null<L> || may_be_null<R>>>{
        sql::infix(symbol, operand(left), operand(right))};
}

template <class X>
concept TextOperand = SqlOperand<X> && std::is_same_v<operand_value_t<X>, std::string>;
template <class X>
concept NumberOperand = SqlOperand<X> && is_any_number<operand_value_t<X>>;
template <class X>
concept TimeOperand = SqlOperand<X> && (is_date<operand_value_t<X>> || is_time_point<operand_value_t<X>>);
template <class T>
inline constexpr bool is_json = std::is_same_v<T, types::JsonText> || std::is_same_v<T, boost::json::value>;
template <class X>
concept JsonOperand = SqlOperand<X> && is_json<operand_value_t<X>>;

/// Of a column of that type the server makes nothing, so that its index serves.
[[nodiscard]] inline sql::Expr as_jsonb(sql::Expr json) {
    return sql::cast(std::move(json), "jsonb");
}

template <class T>
struct ElementOf {};
template <class T>
struct ElementOf<std::vector<T>> {
    using type = T;
};
template <class X>
concept ArrayOperand = SqlOperand<X> && requires { typename ElementOf<operand_value_t<X>>::type; };
template <class X>
using element_t = typename ElementOf<operand_value_t<X>>::type;
/// Values beside an array are of the type that its mapping declares.
[[nodiscard]] Condition array_test(sql::Expr array, const char* symbol, sql::Expr elements);
[[nodiscard]] Condition array_member(sql::Expr array, sql::Expr value);

/// `to_tsvector('english', text)`, with the configuration in the text, as an index needs it. Throws `MappingError`
/// unless it is a plain name.
[[nodiscard]] sql::Expr search_vector(std::string_view configuration, sql::Expr text);
[[nodiscard]] sql::Expr search_query(std::string_view configuration, std::string_view words);

} // namespace detail

// Text

template <detail::TextOperand X>
[[nodiscard]] auto lower(const X& text) {
    return detail::strict<std::string>("lower", text);
}
template <detail::TextOperand X>
[[nodiscard]] auto upper(const X& text) {
    return detail::strict<std::string>("upper", text);
}
/// In characters.
template <detail::TextOperand X>
[[nodiscard]] auto length(const X& text) {
    return detail::strict<std::int32_t>("length", text);
}
/// Without blanks at both ends.
template <detail::TextOperand X>
[[nodiscard]] auto trim(const X& text) {
    return detail::strict<std::string>("btrim", text);
}
/// `count` characters from the one with number `from` on, counted from 1.
template <detail::TextOperand X>
[[nodiscard]] auto substring(const X& text, std::int32_t from, std::int32_t count) {
    return detail::strict<std::string>("substr", text, from, count);
}
template <detail::TextOperand X>
[[nodiscard]] auto replace(const X& text, std::string_view from, std::string_view to) {
    return detail::strict<std::string>("replace", text, std::string{from}, std::string{to});
}
/// Where `part` begins, counted from 1; 0 if it is not there.
template <detail::TextOperand X>
[[nodiscard]] auto position(const X& text, std::string_view part) {
    return detail::strict<std::int32_t>("strpos", text, std::string{part});
}
/// `left || right`: NULL if either is.
template <class L, class R>
    requires detail::TextOperand<L> || detail::TextOperand<R>
[[nodiscard]] auto concat(const L& left, const R& right) {
    return detail::strict_infix<std::string>(left, "||", right);
}
template <class L, class R, class... Rest>
[[nodiscard]] auto concat(const L& left, const R& right, const Rest&... rest) {
    return concat(concat(left, right), rest...);
}

// Numbers

template <detail::NumberOperand X>
[[nodiscard]] auto abs(const X& number) {
    return detail::strict<detail::operand_value_t<X>>("abs", number);
}
/// Half away from zero for numerics, to even for floating-point numbers, as the server does. An integer is a double.
template <detail::NumberOperand X>
[[nodiscard]] auto round(const X& number) {
    using Value = detail::operand_value_t<X>;
    return detail::strict<std::conditional_t<detail::is_numeric<Value>, Value, double>>("round", number);
}
template <detail::NumberOperand X>
    requires detail::is_numeric<detail::operand_value_t<X>>
[[nodiscard]] auto round(const X& number, std::int32_t digits) {
    return detail::strict<types::Numeric>("round", number, digits);
}
template <detail::NumberOperand X>
[[nodiscard]] auto ceil(const X& number) {
    using Value = detail::operand_value_t<X>;
    return detail::strict<std::conditional_t<detail::is_numeric<Value>, Value, double>>("ceil", number);
}
template <detail::NumberOperand X>
[[nodiscard]] auto floor(const X& number) {
    using Value = detail::operand_value_t<X>;
    return detail::strict<std::conditional_t<detail::is_numeric<Value>, Value, double>>("floor", number);
}

// Time

/// The start of the transaction.
[[nodiscard]] inline Expression<types::Timestamp> now() {
    return Expression<types::Timestamp>{sql::call({}, "now", {}, true)};
}
/// Cut to a unit that `date_trunc` knows: "day", "month".
template <detail::TimeOperand X>
[[nodiscard]] auto date_trunc(std::string_view unit, const X& point) {
    using Value = detail::operand_value_t<X>;
    using Result = std::conditional_t<detail::is_date<Value>, types::Timestamp, Value>;
    return detail::strict<Result>("date_trunc", std::string{unit}, point);
}
/// As text, by a pattern of the server: "YYYY-MM".
template <SqlOperand X>
[[nodiscard]] auto to_char(const X& value, std::string_view pattern) {
    return detail::strict<std::string>("to_char", value, std::string{pattern});
}

// JSON

/// The member or element; NULL if there is none.
template <detail::JsonOperand X, class Key>
    requires std::convertible_to<Key, std::string_view> || std::same_as<Key, int>
[[nodiscard]] Expression<std::optional<types::JsonText>> json_get(const X& json, const Key& key) {
    return Expression<std::optional<types::JsonText>>{sql::infix("->", detail::sql_of(json), detail::operand(key))};
}
/// The same as text: without quotes, and NULL for JSON's null.
template <detail::JsonOperand X, class Key>
    requires std::convertible_to<Key, std::string_view> || std::same_as<Key, int>
[[nodiscard]] Expression<std::optional<std::string>> json_text(const X& json, const Key& key) {
    return Expression<std::optional<std::string>>{sql::infix("->>", detail::sql_of(json), detail::operand(key))};
}
[[nodiscard]] inline std::vector<std::string> json_path(std::initializer_list<std::string_view> steps) {
    return {steps.begin(), steps.end()};
}
/// The text at the end of a path: `json_text_at(col<&Doc::body>, {"address", "city"})`.
template <detail::JsonOperand X>
[[nodiscard]] Expression<std::optional<std::string>> json_text_at(const X& json,
                                                                  std::initializer_list<std::string_view> path) {
    return Expression<std::optional<std::string>>{
        sql::infix("#>>", detail::sql_of(json), detail::operand(json_path(path)))};
}
/// `json @> part`.
template <detail::JsonOperand X, class Y>
[[nodiscard]] Condition json_contains(const X& json, const Y& part) {
    return Condition{sql::infix("@>", detail::as_jsonb(detail::sql_of(json)), detail::as_jsonb(detail::operand(part)))};
}
/// It has a member or a text element of that name.
template <detail::JsonOperand X>
[[nodiscard]] Condition json_has(const X& json, std::string_view name) {
    return Condition{sql::infix("?", detail::as_jsonb(detail::sql_of(json)), detail::operand(std::string{name}))};
}

// Arrays

/// `left @> right`: all elements of the right one are in the left one.
template <detail::ArrayOperand X, class Y>
[[nodiscard]] Condition array_contains(const X& array, const Y& elements) {
    return detail::array_test(detail::sql_of(array), "@>", detail::operand(elements));
}
template <detail::ArrayOperand X, class Y>
[[nodiscard]] Condition array_overlaps(const X& array, const Y& elements) {
    return detail::array_test(detail::sql_of(array), "&&", detail::operand(elements));
}
/// `value = ANY(array)`.
template <detail::ArrayOperand X, class V>
[[nodiscard]] Condition array_has(const X& array, const V& value) {
    return detail::array_member(detail::sql_of(array),
                                detail::operand_beside<detail::value_of<detail::element_t<X>>>(value));
}
template <detail::ArrayOperand X>
[[nodiscard]] auto cardinality(const X& array) {
    return detail::strict<std::int32_t>("cardinality", array);
}

// Search

/// Whether a text has the words of a search as people type it (`websearch_to_tsquery`); any input is valid. An index on
/// `to_tsvector('english', column)` serves it.
template <detail::TextOperand X>
[[nodiscard]] Condition matches_search(const X& text, std::string_view words,
                                       std::string_view configuration = "english") {
    return Condition{sql::infix("@@", detail::search_vector(configuration, detail::sql_of(text)),
                                detail::search_query(configuration, words))};
}
/// How well it does: to order by.
template <detail::TextOperand X>
[[nodiscard]] auto search_rank(const X& text, std::string_view words, std::string_view configuration = "english") {
    return Expression<detail::nulled_t<float, detail::may_be_null<X>>>{sql::call(
        {}, "ts_rank",
        {detail::search_vector(configuration, detail::sql_of(text)), detail::search_query(configuration, words)},
        true)};
}

} // namespace corm::query
