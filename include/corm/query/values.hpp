// values("prices", rows): rows that the program has, as a source of a query.
#pragma once

#include <corm/query/rows.hpp>
#include <corm/query/source.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::query {

namespace detail {

/// Rows that are encoded: an array for each column.
struct ValueRows {
    struct Column {
        Yielded yielded;
        std::size_t offset = 0; ///< of the member in the struct
        std::string sql_type{}; ///< what its elements are cast to; empty: they are of their type already
        sql::Expr array{};
    };
    std::string name;
    std::vector<Column> columns;
    std::string ordinals{}; ///< the column with the number of each row; empty for none
};

/// `names` for the columns; those of the targets without any. `mapper`: of the rows; null for none. Throws
/// `MappingError` unless there is one name for each target, and all differ; `ConversionError` for values that cannot be
/// sent.
[[nodiscard]] std::shared_ptr<const ValueRows> value_rows(std::string name, std::vector<std::string> names,
                                                          std::span<const Target> targets,
                                                          const mapping::Mapper* mapper,
                                                          std::span<const void* const> rows);
[[nodiscard]] RowSource value_source(const ValueRows& rows);
/// The same with numbers. Throws `MappingError` for a name that a column has.
[[nodiscard]] std::shared_ptr<const ValueRows> numbered(const ValueRows& rows, std::string column);
/// The name of the column with the numbers. Throws `MappingError` if there is none.
[[nodiscard]] const std::string& ordinals_of(const ValueRows& rows);
/// The column of the member at `offset`. Throws `MappingError` if there is none.
[[nodiscard]] const std::string& label_at(const ValueRows& rows, std::size_t offset, const types::ValueType& type);

template <class Row>
inline constexpr std::size_t item_count = 1;
template <class Row>
    requires IsTuple<Row>::value
inline constexpr std::size_t item_count<Row> = std::tuple_size_v<Row>;

} // namespace detail

/// Rows of the program's own, made by `values`: whatever a subquery can be, it can. A value: copies are the same
/// source. Its columns are found by member (`rows[&Price::amount]`), by the column of a mapped struct, by position
/// (`rows.column<0>()`, of tuples and single values), or by name and type.
template <class Row>
class Values : public RowSource {
public:
    using entry_type = Row;

    explicit Values(std::shared_ptr<const detail::ValueRows> rows)
        : RowSource(detail::value_source(*rows)), rows_(std::move(rows)) {}

    using RowSource::operator[];
    using RowSource::column;
    /// Throws `MappingError` for a member that is left out of the mapping.
    template <class T, class C>
    [[nodiscard]] Expression<T> operator[](T C::* member) const {
        static_assert(std::is_base_of_v<C, Row>,
                      "corm: this member is not one of the struct whose rows values() was given; name one of its own");
        static_assert(types::ColumnValue<T>,
                      "corm: this member is no column: it is a relation, or its type has no codec; use a member that "
                      "holds a value");
        if constexpr (std::is_base_of_v<C, Row> && types::ColumnValue<T>) {
            const Row probe{};
            const std::size_t offset = detail::offset_of(probe, probe.*member);
            return column<T>(detail::label_at(*rows_, offset, types::value_type<T>));
        } else {
            return Expression<T>{sql::Expr{}};
        }
    }
    /// The n-th item of tuples; the only one of single values.
    template <std::size_t N>
    [[nodiscard]] auto column() const {
        constexpr bool by_position = types::ColumnValue<Row> || detail::IsTuple<Row>::value;
        static_assert(by_position,
                      "corm: column<N>() is for tuples and single values; a struct has members: rows[&Row::member]");
        static_assert(!by_position || N < detail::item_count<Row>, "corm: the rows of values() have fewer items");
        if constexpr (!by_position || N >= detail::item_count<Row>)
            return Expression<bool>{sql::Expr{}};
        else if constexpr (detail::IsTuple<Row>::value)
            return column<std::tuple_element_t<N, Row>>(rows_->columns[N].yielded.label);
        else
            return column<Row>(rows_->columns[N].yielded.label);
    }
    /// The same rows with the number of each, from 1 on, to order by: the server promises no order by itself. Throws
    /// `MappingError` for a name that a column has.
    [[nodiscard]] Values with_ordinality(std::string column = "ordinality") const {
        return Values{detail::numbered(*rows_, std::move(column))};
    }
    /// Throws `MappingError` without `with_ordinality`.
    [[nodiscard]] Expression<std::int64_t> ordinality() const {
        return column<std::int64_t>(detail::ordinals_of(*rows_));
    }
    /// The same rows under another name, to read them twice.
    [[nodiscard]] Values as(std::string name) const {
        detail::ValueRows other = *rows_;
        other.name = std::move(name);
        return Values{std::make_shared<const detail::ValueRows>(std::move(other))};
    }

private:
    std::shared_ptr<const detail::ValueRows> rows_;
};

namespace detail {

template <class Range>
using row_of = std::iter_value_t<decltype(std::begin(std::declval<const Range&>()))>;
template <class Range>
concept RowRange = requires(const Range& rows) {
    std::begin(rows) != std::end(rows);
    requires RowType<row_of<Range>> && std::is_lvalue_reference_v<decltype(*std::begin(rows))>;
};
template <class Range>
consteval bool are_structs() {
    if constexpr (RowRange<Range>)
        return !types::ColumnValue<row_of<Range>> && !IsTuple<row_of<Range>>::value;
    else
        return true; // `make_values` reports it
}

template <class Range>
[[nodiscard]] auto make_values(std::string name, std::vector<std::string> names, const Range& range) {
    constexpr bool fits = RowRange<Range>;
    static_assert(
        fits,
        "corm: values() takes a range of structs with BOOST_DESCRIBE_STRUCT, of std::tuple, or of values with a codec");
    if constexpr (fits) {
        using Row = row_of<Range>;
        std::vector<const void*> rows;
        for (const Row& row : range)
            rows.push_back(&row);
        const mapping::Mapper* mapper = nullptr;
        if constexpr (mapping::Mapped<Row>)
            mapper = mapping::mapper_of<Row>().get();
        return Values<Row>{value_rows(std::move(name), std::move(names), shape_of<Row>().targets(), mapper, rows)};
    }
}

} // namespace detail

/// A range of structs as rows to read from, join and write from: `const auto prices = corm::values("prices", list);
/// corm::update<Product>().set<&Product::price>(prices[&Price::amount]).from(prices).where(...)`. Columns have the
/// names of members, or of the columns of a mapped struct. One text for any number of rows, none included, and one
/// parameter for each column. The rows are encoded at once and need not live on. Throws `ConversionError` for a value
/// that cannot be sent.
template <class Range>
[[nodiscard]] auto values(std::string name, const Range& rows) {
    static_assert(
        detail::are_structs<Range>(),
        "corm: tuples and single values need names for their columns: values(\"name\", {\"a\", \"b\"}, rows)");
    return detail::make_values(std::move(name), {}, rows);
}
/// The same with names for the columns: of tuples, single values, or structs. Throws `MappingError` unless there is one
/// for each item.
template <class Range>
[[nodiscard]] auto values(std::string name, std::vector<std::string> columns, const Range& rows) {
    return detail::make_values(std::move(name), std::move(columns), rows);
}

} // namespace corm::query
