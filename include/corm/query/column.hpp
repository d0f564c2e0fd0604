// col<&User::age>: columns with typed operators.
#pragma once

#include <corm/query/condition.hpp>
#include <corm/query/operand.hpp>
#include <corm/query/order.hpp>

#include <initializer_list>
#include <iterator>

namespace corm::query {

/// A column of a mapped struct whose member has type `T`. Get one by `col`. Conditions are built by comparing:
///
/// * `==`, `!=`, `<`, `<=`, `>`, `>=` with a value or a column; `== std::nullopt` means IS NULL, an empty optional too;
/// * `in`, `not_in`, `between`, `is_null`, `is_not_null`; `like`, `ilike`, `starts_with` and their kin for text.
///
/// A value must convert without loss; what does not is one `static_assert`. NULL behaves as in SQL: a column that is
/// NULL fulfils no comparison, `!=` and `not_in` included. Values are encoded at once; a value that the server could
/// not take throws `ConversionError` naming table and column.
template <class T>
class Column {
public:
    using column_type = T;
    using Value = detail::value_of<T>;

    constexpr explicit Column(detail::Locate locate) noexcept : locate_(locate) {}

    /// What the operators call: `equal` for == and !=, which know NULL, `compare` for the others.
    template <class Given>
    [[nodiscard]] Condition equal(sql::BinaryOperator op, const Given& given) const;
    template <class Other>
    [[nodiscard]] Condition equal(sql::BinaryOperator op, Column<Other> other) const;
    template <class Given>
    [[nodiscard]] Condition compare(sql::BinaryOperator op, const Given& given) const;
    template <class Other>
    [[nodiscard]] Condition compare(sql::BinaryOperator op, Column<Other> other) const;

    /// One of the values: a forward range, or a list in braces. One parameter however many there are. No values: no
    /// rows; for `not_in`, all.
    template <class Range>
    [[nodiscard]] Condition in(Range&& values) const {
        if constexpr (requires { values.template as_members<T>(place(), false); })
            return values.template as_members<T>(place(), false); // a query of one column
        else
            return member_of(values, false);
    }
    [[nodiscard]] Condition in(std::initializer_list<Value> values) const { return member_of(values, false); }
    template <class Range>
    [[nodiscard]] Condition not_in(Range&& values) const {
        if constexpr (requires { values.template as_members<T>(place(), true); })
            return values.template as_members<T>(place(), true);
        else
            return member_of(values, true);
    }
    [[nodiscard]] Condition not_in(std::initializer_list<Value> values) const { return member_of(values, true); }

    /// Both ends included. Columns and expressions as ends need corm/query.hpp.
    template <class Low, class High>
    [[nodiscard]] Condition between(const Low& low, const High& high) const;

    [[nodiscard]] Condition is_null() const { return detail::null_test(place(), true); }
    [[nodiscard]] Condition is_not_null() const { return detail::null_test(place(), false); }

    /// SQL patterns: `%` any text, `_` any character, `\` takes the next one literally. `ilike` ignores case.
    [[nodiscard]] Condition like(std::string_view pattern) const { return match(sql::BinaryOperator::like, pattern); }
    [[nodiscard]] Condition not_like(std::string_view pattern) const {
        return match(sql::BinaryOperator::not_like, pattern);
    }
    [[nodiscard]] Condition ilike(std::string_view pattern) const { return match(sql::BinaryOperator::ilike, pattern); }
    [[nodiscard]] Condition not_ilike(std::string_view pattern) const {
        return match(sql::BinaryOperator::not_ilike, pattern);
    }
    /// Plain text, no pattern: safe for what users type. Those with an `i` ignore case.
    [[nodiscard]] Condition starts_with(std::string_view text) const {
        return match(detail::Match{.at_start = true}, text);
    }
    [[nodiscard]] Condition ends_with(std::string_view text) const {
        return match(detail::Match{.at_end = true}, text);
    }
    [[nodiscard]] Condition contains(std::string_view text) const { return match(detail::Match{}, text); }
    [[nodiscard]] Condition istarts_with(std::string_view text) const {
        return match(detail::Match{.at_start = true, .ignores_case = true}, text);
    }
    [[nodiscard]] Condition iends_with(std::string_view text) const {
        return match(detail::Match{.at_end = true, .ignores_case = true}, text);
    }
    [[nodiscard]] Condition icontains(std::string_view text) const {
        return match(detail::Match{.ignores_case = true}, text);
    }

    [[nodiscard]] constexpr OrderTerm asc() const noexcept { return OrderTerm{locate_, false}; }
    [[nodiscard]] constexpr OrderTerm desc() const noexcept { return OrderTerm{locate_, true}; }
    operator Ordering() const { return asc(); } // NOLINT: ascending is what SQL takes it for

    /// Names the column of the result, which needs corm/query.hpp.
    [[nodiscard]] auto as(std::string label) const { return labelled(*this, std::move(label)); }

    [[nodiscard]] detail::Place place() const { return locate_(); }

private:
    template <class Range>
    Condition member_of(Range& values, bool negated) const;
    template <class How>
    Condition match(How how, std::string_view text) const;

    detail::Locate locate_;
};

/// Types with the operators below: columns of structs and of records. Expressions have their own
/// (corm/query/expression.hpp).
template <class T>
concept ColumnLike = requires { typename T::column_type; };
template <class T>
concept ExpressionLike = requires { typename T::expression_type; };
/// What a column is compared with by the operators below.
template <class V>
concept Comparand = !ExpressionLike<V>;

template <ColumnLike C, Comparand V>
[[nodiscard]] Condition operator==(const C& column, const V& value) {
    return column.equal(sql::BinaryOperator::equal, value);
}
template <ColumnLike C, Comparand V>
[[nodiscard]] Condition operator!=(const C& column, const V& value) {
    return column.equal(sql::BinaryOperator::not_equal, value);
}
template <ColumnLike C, Comparand V>
[[nodiscard]] Condition operator<(const C& column, const V& value) {
    return column.compare(sql::BinaryOperator::less, value);
}
template <ColumnLike C, Comparand V>
[[nodiscard]] Condition operator<=(const C& column, const V& value) {
    return column.compare(sql::BinaryOperator::less_equal, value);
}
template <ColumnLike C, Comparand V>
[[nodiscard]] Condition operator>(const C& column, const V& value) {
    return column.compare(sql::BinaryOperator::greater, value);
}
template <ColumnLike C, Comparand V>
[[nodiscard]] Condition operator>=(const C& column, const V& value) {
    return column.compare(sql::BinaryOperator::greater_equal, value);
}

/// The column of a member: `col<&User::age>`. For a member that `User` inherits from a base which is not mapped itself,
/// name the entity behind it: `col<&Timestamps::created_at, User>`.
template <auto Member, class Entity = mapping::member_class<Member>>
inline constexpr Column<detail::member_t<Member>> col{detail::locator<Member, Entity>()};

template <class T>
template <class Given>
Condition Column<T>::equal(sql::BinaryOperator op, const Given& given) const {
    constexpr bool null_possible = types::Nullable<Given>::value || detail::is_nullopt<Given>;
    constexpr bool holds_null = types::Nullable<T>::value || !types::ColumnValue<T>; // no column: `col` reports it
    static_assert(!null_possible || holds_null,
                  "corm: this column holds no NULL, because its member is not std::optional; compare it with a value");
    if constexpr (!null_possible)
        return compare(op, given);
    else if constexpr (types::Nullable<Given>::value && types::Nullable<T>::value)
        return types::Nullable<Given>::has_value(given) ? compare(op, types::Nullable<Given>::get(given))
                                                        : detail::null_test(place(), op == sql::BinaryOperator::equal);
    else
        return detail::null_test(place(), op == sql::BinaryOperator::equal);
}

template <class T>
template <class Other>
Condition Column<T>::equal(sql::BinaryOperator op, Column<Other> other) const {
    return compare(op, other);
}

template <class T>
template <class Given>
Condition Column<T>::compare(sql::BinaryOperator op, const Given& given) const {
    constexpr bool null_possible = types::Nullable<Given>::value || detail::is_nullopt<Given>;
    constexpr bool fits = detail::comparable<Value, Given>();
    static_assert(!null_possible, "corm: NULL has no order; compare the column with a value, not with an optional");
    static_assert(
        fits || null_possible || !types::ColumnValue<T>,
        "corm: this value does not convert to the type of the column without loss; cast it to the type of the "
        "member");
    if constexpr (fits && types::ColumnValue<T>) {
        const detail::Operand<Value, Given> operand{given};
        return detail::compare(place(), op, operand.type(), operand.address());
    } else {
        return detail::null_test(place(), true);
    }
}

template <class T>
template <class Other>
Condition Column<T>::compare(sql::BinaryOperator op, Column<Other> other) const {
    using Right = typename Column<Other>::Value;
    static_assert(detail::comparable_types<Value, Right>,
                  "corm: these columns have different types; compare columns of the same type, or numbers");
    return detail::compare_columns(place(), op, other.place());
}

template <class T>
template <class Low, class High>
Condition Column<T>::between(const Low& low, const High& high) const {
    constexpr bool of_sql = ColumnLike<Low> || ColumnLike<High> || ExpressionLike<Low> || ExpressionLike<High>;
    constexpr bool fits = detail::comparable<Value, Low>() && detail::comparable<Value, High>();
    static_assert(of_sql || fits,
                  "corm: an end of between() does not convert to the type of the column without loss; cast it to "
                  "the type of the member");
    if constexpr (of_sql) {
        return expression(*this).between(low, high);
    } else if constexpr (fits) {
        const detail::Operand<Value, Low> from{low};
        const detail::Operand<Value, High> to{high};
        return detail::between(place(), from.type(), from.address(), to.type(), to.address());
    } else {
        return detail::null_test(place(), true);
    }
}

template <class T>
template <class Range>
Condition Column<T>::member_of(Range& values, bool negated) const {
    constexpr bool range = requires { std::begin(values) != std::end(values); };
    static_assert(range, "corm: in() and not_in() take a range of values, or a list in braces");
    if constexpr (range) {
        using Given = std::iter_value_t<decltype(std::begin(values))>;
        static_assert(detail::comparable<Value, Given>(),
                      "corm: the values of in() do not convert to the type of the column without loss; give a range of "
                      "the type of the member");
        if constexpr (detail::comparable<Value, Given>()) {
            using Operand = detail::Operand<Value, Given>;
            std::size_t count = 0;
            for (auto at = std::begin(values); at != std::end(values); ++at)
                ++count;
            detail::Membership membership{place(), Operand::type(), count};
            for (const Given& value : values)
                membership.add(Operand{value}.address());
            return membership.finish(negated);
        }
    }
    return detail::null_test(place(), true);
}

template <class T>
template <class How>
Condition Column<T>::match(How how, std::string_view text) const {
    static_assert(std::is_convertible_v<const Value&, std::string_view>,
                  "corm: like(), starts_with() and their kin need a text column; its member is not std::string");
    if constexpr (std::is_same_v<How, detail::Match>)
        return detail::like_literally(place(), how, text);
    else
        return detail::like(place(), how, text);
}

} // namespace corm::query
