// Columns of tables that are mapped at run time: column(mapper, "age") == 41.
#pragma once

#include <corm/query/column.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace corm::query {

/// A value as PostgreSQL writes it, of whatever type the column is; see `from_text`.
struct FromText {
    std::string text;
};
/// For values whose type the program does not know, such as those that a user typed:
/// `column(mapper, "age") > corm::from_text("41")`. Building the condition throws `ConversionError`, with table and
/// column, for a text that is no value of the column; the server does so for columns of `TextForm`.
[[nodiscard]] inline FromText from_text(std::string_view text) {
    return {std::string{text}};
}

/// A column of a `Record`, with the operators of `Column`. What is a `static_assert` there is a `MappingError` here,
/// thrown while the condition is built: a wrong name (the nearest is named) or a value of another type. Holds its
/// mapper alive.
class RecordColumn {
public:
    using column_type = void;

    RecordColumn(std::shared_ptr<const mapping::Mapper> mapper, std::string_view name);

    template <class Given>
    [[nodiscard]] Condition equal(sql::BinaryOperator op, const Given& given) const;
    template <class Given>
    [[nodiscard]] Condition compare(sql::BinaryOperator op, const Given& given) const;
    [[nodiscard]] Condition equal(sql::BinaryOperator op, const FromText& given) const { return compare(op, given); }
    [[nodiscard]] Condition compare(sql::BinaryOperator op, const FromText& given) const;
    [[nodiscard]] Condition equal(sql::BinaryOperator op, const RecordColumn& other) const;
    [[nodiscard]] Condition compare(sql::BinaryOperator op, const RecordColumn& other) const;

    /// A forward range, or a list in braces behind the type: `in<std::int32_t>({1, 2})`.
    template <class Range>
    [[nodiscard]] Condition in(const Range& values) const {
        return member_of(values, false);
    }
    template <class Given>
    [[nodiscard]] Condition in(std::initializer_list<Given> values) const {
        return member_of(values, false);
    }
    template <class Range>
    [[nodiscard]] Condition not_in(const Range& values) const {
        return member_of(values, true);
    }
    template <class Given>
    [[nodiscard]] Condition not_in(std::initializer_list<Given> values) const {
        return member_of(values, true);
    }

    /// Both ends included.
    template <class Low, class High>
    [[nodiscard]] Condition between(const Low& low, const High& high) const;

    [[nodiscard]] Condition is_null() const { return detail::null_test(place(), true); }
    [[nodiscard]] Condition is_not_null() const { return detail::null_test(place(), false); }

    [[nodiscard]] Condition like(std::string_view pattern) const;
    [[nodiscard]] Condition not_like(std::string_view pattern) const;
    [[nodiscard]] Condition ilike(std::string_view pattern) const;
    [[nodiscard]] Condition not_ilike(std::string_view pattern) const;
    [[nodiscard]] Condition starts_with(std::string_view text) const;
    [[nodiscard]] Condition ends_with(std::string_view text) const;
    [[nodiscard]] Condition contains(std::string_view text) const;
    [[nodiscard]] Condition istarts_with(std::string_view text) const;
    [[nodiscard]] Condition iends_with(std::string_view text) const;
    [[nodiscard]] Condition icontains(std::string_view text) const;

    [[nodiscard]] Ordering asc() const { return Ordering{{detail::column_expression(place()), false}}; }
    [[nodiscard]] Ordering desc() const { return Ordering{{detail::column_expression(place()), true}}; }

    [[nodiscard]] detail::Place place() const noexcept { return {mapper_.get(), index_}; }

private:
    template <class Given>
    static constexpr bool bindable = !std::is_void_v<detail::natural_t<Given>>;
    template <class Range>
    Condition member_of(const Range& values, bool negated) const;

    std::shared_ptr<const mapping::Mapper> mapper_;
    std::size_t index_;
};

/// The column `name` of a mapper; throws `MappingError` naming the nearest column if there is none.
[[nodiscard]] inline RecordColumn column(std::shared_ptr<const mapping::Mapper> mapper, std::string_view name) {
    return {std::move(mapper), name};
}

template <class Given>
Condition RecordColumn::equal(sql::BinaryOperator op, const Given& given) const {
    if constexpr (detail::is_nullopt<Given>) {
        return detail::null_test(place(), op == sql::BinaryOperator::equal);
    } else if constexpr (types::Nullable<Given>::value) {
        if (!types::Nullable<Given>::has_value(given))
            return detail::null_test(place(), op == sql::BinaryOperator::equal);
        return compare(op, types::Nullable<Given>::get(given));
    } else {
        return compare(op, given);
    }
}

template <class Given>
Condition RecordColumn::compare(sql::BinaryOperator op, const Given& given) const {
    static_assert(bindable<Given>, "corm: a value of this type has no codec; give a value of the column's type");
    if constexpr (bindable<Given>) {
        const detail::Operand<detail::natural_t<Given>, Given> operand{given};
        detail::check_comparable(place(), operand.type());
        return detail::compare(place(), op, operand.type(), operand.address());
    } else {
        return detail::null_test(place(), true);
    }
}

template <class Low, class High>
Condition RecordColumn::between(const Low& low, const High& high) const {
    static_assert(bindable<Low> && bindable<High>,
                  "corm: a value of this type has no codec; give values of the column's type");
    if constexpr (bindable<Low> && bindable<High>) {
        const detail::Operand<detail::natural_t<Low>, Low> from{low};
        const detail::Operand<detail::natural_t<High>, High> to{high};
        detail::check_comparable(place(), from.type());
        detail::check_comparable(place(), to.type());
        return detail::between(place(), from.type(), from.address(), to.type(), to.address());
    } else {
        return detail::null_test(place(), true);
    }
}

template <class Range>
Condition RecordColumn::member_of(const Range& values, bool negated) const {
    using Given = std::iter_value_t<decltype(std::begin(values))>;
    static_assert(bindable<Given>, "corm: a value of this type has no codec; give values of the column's type");
    if constexpr (bindable<Given>) {
        using Operand = detail::Operand<detail::natural_t<Given>, Given>;
        detail::check_comparable(place(), Operand::type());
        std::size_t count = 0;
        for (auto at = std::begin(values); at != std::end(values); ++at)
            ++count;
        detail::Membership membership{place(), Operand::type(), count};
        for (const Given& value : values)
            membership.add(Operand{value}.address());
        return membership.finish(negated);
    } else {
        return detail::null_test(place(), true);
    }
}

} // namespace corm::query
