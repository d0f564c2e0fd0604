// Conditions of a query, and the compiled functions that the typed operators call.
#pragma once

#include <corm/mapping/mapper.hpp>
#include <corm/sql/expr.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace corm::query {

/// What a WHERE clause asks for. An immutable value: copying shares it, and values inside were copied when it was
/// built. Combine conditions by `&&`, `||` and `!`; these always evaluate both sides, and treat NULL as SQL does.
class Condition {
public:
    explicit Condition(sql::Expr expression) noexcept : expression_(std::move(expression)) {}

    [[nodiscard]] const sql::Expr& expression() const noexcept { return expression_; }

private:
    sql::Expr expression_;
};

[[nodiscard]] Condition operator&&(const Condition& left, const Condition& right);
[[nodiscard]] Condition operator||(const Condition& left, const Condition& right);
[[nodiscard]] Condition operator!(const Condition& condition);

namespace detail {

/// A column of a mapper that outlives the call.
struct Place {
    const mapping::Mapper* mapper;
    std::size_t index;
};

/// Finds a column that is known at compile time.
using Locate = Place (*)();

// All throw MappingError for a place that is no column (a member left out of the mapping), and ConversionError naming
// table and column for a value that cannot be sent.

[[nodiscard]] sql::Expr column_expression(const Place& place);
/// A value that stands beside the column, or is put into it.
[[nodiscard]] sql::Expr value_for(const Place& place, const types::ValueType& type, const void* value);

/// A NULL value means IS NULL for `equal` and IS NOT NULL for `not_equal`.
[[nodiscard]] Condition compare(const Place& place, sql::BinaryOperator op, const types::ValueType& type,
                                const void* value);
/// With a value as PostgreSQL writes it; throws `ConversionError` for text that is no value of the column.
[[nodiscard]] Condition compare_text(const Place& place, sql::BinaryOperator op, const std::string& text);
[[nodiscard]] Condition compare_columns(const Place& left, sql::BinaryOperator op, const Place& right);
[[nodiscard]] Condition null_test(const Place& place, bool is_null);
[[nodiscard]] Condition between(const Place& place, const types::ValueType& low_type, const void* low,
                                const types::ValueType& high_type, const void* high);
[[nodiscard]] Condition like(const Place& place, sql::BinaryOperator op, std::string_view pattern);

struct Match {
    bool at_start = false; ///< with neither: anywhere
    bool at_end = false;
    bool ignores_case = false;
};
/// The pattern that takes `text` literally.
[[nodiscard]] std::string pattern_of(Match match, std::string_view text);
/// LIKE or ILIKE with `text` taken literally.
[[nodiscard]] Condition like_literally(const Place& place, Match match, std::string_view text);

/// Throws `MappingError` unless a value of `type` can be compared with the column: the same type of the database, or
/// both integers. For columns that are known at run time only.
void check_comparable(const Place& place, const types::ValueType& type);
/// The same for text, as LIKE needs it.
void check_text_column(const Place& place);

/// Collects the values of `in` and `not_in`. `count` values are added, then `finish` is called once.
class Membership {
public:
    Membership(const Place& place, const types::ValueType& type, std::size_t count);
    void add(const void* value);
    [[nodiscard]] Condition finish(bool negated);

private:
    Place place_;
    const types::ValueType& type_;
    types::Parameters parameters_;
    std::optional<types::ArrayParameter> array_; ///< empty for types without arrays of their own
    std::vector<sql::Expr> list_;
};

} // namespace detail

} // namespace corm::query
