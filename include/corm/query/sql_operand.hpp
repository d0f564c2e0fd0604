// What stands beside each other in SQL expressions: columns, expressions, conditions and values.
#pragma once

#include <corm/query/column.hpp>
#include <corm/type/numeric.hpp>

#include <iterator>
#include <optional>
#include <type_traits>
#include <vector>

namespace corm::query {

template <class T>
class Expression;

namespace detail {

/// A value as a parameter, with a cast where the server could not tell its type.
[[nodiscard]] sql::Expr bound_value(const types::ValueType& type, const void* value);
[[nodiscard]] sql::Expr null_value(const types::ValueType& type);

/// Collects the values of `in` and `not_in` into one parameter, however many there are. `count` values are added, then
/// `finish` is called once.
class Members {
public:
    Members(const types::ValueType& type, std::size_t count);
    void add(const void* value);
    [[nodiscard]] Condition finish(sql::Expr expression, bool negated);

private:
    const types::ValueType& type_;
    types::Parameters parameters_;
    std::optional<types::ArrayParameter> array_; ///< empty for types without arrays of their own
    std::vector<sql::Expr> list_;
};

template <class X>
struct SqlTypeOf {};
template <class T>
struct SqlTypeOf<Column<T>> {
    using type = T;
    static sql::Expr expression(const Column<T>& column) { return column_expression(column.place()); }
};
template <ExpressionLike X>
struct SqlTypeOf<X> {
    using type = typename X::expression_type;
    static sql::Expr expression(const X& given) { return given.expression(); }
};
template <>
struct SqlTypeOf<Condition> {
    using type = std::optional<bool>;
    static sql::Expr expression(const Condition& given) { return given.expression(); }
};

} // namespace detail

/// A column, an expression or a condition: everything that is SQL and no value of C++.
template <class X>
concept SqlOperand = requires { typename detail::SqlTypeOf<X>::type; };
template <SqlOperand X>
using sql_type_t = typename detail::SqlTypeOf<X>::type;

namespace detail {

template <class T>
inline constexpr bool is_optional = types::Nullable<T>::value;
template <class T, bool Null>
using nulled_t = std::conditional_t<Null && !is_optional<T>, std::optional<T>, T>;

template <SqlOperand X>
[[nodiscard]] sql::Expr sql_of(const X& operand) {
    return SqlTypeOf<X>::expression(operand);
}

/// The type of an operand in an expression: its own, or that by which a value is bound.
template <class X>
consteval auto operand_type() {
    if constexpr (SqlOperand<X>)
        return std::type_identity<sql_type_t<X>>{};
    else if constexpr (types::Nullable<X>::value)
        return std::type_identity<std::optional<natural_t<value_of<X>>>>{};
    else
        return std::type_identity<natural_t<X>>{};
}
template <class X>
using operand_t = typename decltype(operand_type<X>())::type;
/// The same without std::optional around it.
template <class X>
using operand_value_t = value_of<operand_t<X>>;
template <class X>
inline constexpr bool may_be_null = is_optional<operand_t<X>>;

/// Either is SQL, and the other one can be bound.
template <class L, class R>
concept Mixed = (SqlOperand<L> || SqlOperand<R>) && !std::is_void_v<operand_t<L>> && !std::is_void_v<operand_t<R>>;

/// An operand that takes part in a comparison with a `Value`.
template <class Value, class Given>
[[nodiscard]] sql::Expr operand_beside(const Given& given) {
    if constexpr (SqlOperand<Given>) {
        static_assert(
            comparable_types<Value, operand_value_t<Given>>,
            "corm: these expressions have types that PostgreSQL does not compare with each other; cast one of "
            "them by corm::cast<T>()");
        return sql_of(given);
    } else {
        constexpr bool fits = comparable<Value, Given>();
        static_assert(fits,
                      "corm: this value does not convert to the type of the expression without loss; give a value "
                      "of that type");
        if constexpr (fits) {
            const Operand<Value, Given> operand{given};
            return bound_value(operand.type(), operand.address());
        } else {
            return {};
        }
    }
}

template <class Value, class Range>
[[nodiscard]] Condition members_of(const sql::Expr& expression, const Range& values, bool negated) {
    using Given = std::iter_value_t<decltype(std::begin(values))>;
    if constexpr (SqlOperand<Given>) {
        std::vector<sql::Expr> items;
        for (const auto& value : values)
            items.push_back(operand_beside<Value>(value));
        return Condition{sql::in_list(expression, std::move(items), negated)};
    } else {
        static_assert(comparable<Value, Given>(),
                      "corm: the values of in() do not convert to the type of the expression without loss; give a "
                      "range of values of that type");
        using Bound = Operand<Value, Given>;
        Members members{Bound::type(), static_cast<std::size_t>(std::distance(std::begin(values), std::end(values)))};
        for (const Given& value : values)
            members.add(Bound{value}.address());
        return members.finish(expression, negated);
    }
}

/// An operand by itself.
template <class Given>
[[nodiscard]] sql::Expr operand(const Given& given) {
    if constexpr (SqlOperand<Given>) {
        return sql_of(given);
    } else if constexpr (types::Nullable<Given>::value) {
        using Value = natural_t<value_of<Given>>;
        return types::Nullable<Given>::has_value(given) ? operand(types::Nullable<Given>::get(given))
                                                        : null_value(types::value_type<Value>);
    } else {
        static_assert(!std::is_void_v<natural_t<Given>>,
                      "corm: a value of this type has no codec; give a value of a type that has one");
        if constexpr (!std::is_void_v<natural_t<Given>>) {
            const Operand<natural_t<Given>, Given> bound{given};
            return bound_value(bound.type(), bound.address());
        } else {
            return {};
        }
    }
}

/// With a value that may be NULL: equality is a test for NULL then.
template <class L, class R>
[[nodiscard]] Condition compare_with_null(sql::BinaryOperator op, const L& left, const R& right) {
    if (types::Nullable<R>::has_value(right))
        return Condition{
            sql::binary(op, sql_of(left), operand_beside<operand_value_t<L>>(types::Nullable<R>::get(right)))};
    const bool equal = op == sql::BinaryOperator::equal || op == sql::BinaryOperator::is_not_distinct_from;
    return Condition{sql::unary(equal ? sql::UnaryOperator::is_null : sql::UnaryOperator::is_not_null, sql_of(left))};
}

template <sql::BinaryOperator Op, class L, class R>
[[nodiscard]] Condition compare_operands(const L& left, const R& right) {
    using enum sql::BinaryOperator;
    if constexpr (!SqlOperand<L>) {
        return Condition{sql::binary(Op, operand_beside<operand_value_t<R>>(left), sql_of(right))};
    } else if constexpr (!SqlOperand<R> && types::Nullable<R>::value) {
        static_assert(Op == equal || Op == not_equal || Op == is_distinct_from || Op == is_not_distinct_from,
                      "corm: NULL has no order; compare the expression with a value, not with an optional");
        return compare_with_null(Op, left, right);
    } else {
        return Condition{sql::binary(Op, sql_of(left), operand_beside<operand_value_t<L>>(right))};
    }
}

} // namespace detail

} // namespace corm::query
