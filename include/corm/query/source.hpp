// What queries read from beside tables under their own names: aliases, subqueries, common tables, functions.
#pragma once

#include <corm/query/expression.hpp>
#include <corm/sql/query.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace corm::query {

namespace detail {

/// One column of the rows of a query.
struct Yielded {
    std::string label; ///< empty: it has no name that others could use
    const types::ValueType* type;
    std::string cast{};                      ///< to which text beside it is cast
    const mapping::Mapper* mapper = nullptr; ///< of a plain column
    std::size_t index = 0;
};

[[nodiscard]] sql::Source table_source(const mapping::Mapper& mapper, std::string alias = {});
/// Throws `MappingError` for a column of another mapper.
[[nodiscard]] sql::Expr alias_column(const std::string& alias, const mapping::Mapper& mapper, const Place& place);
/// Throws `MappingError`, with what there is, for a label that the source does not have or that is of another type.
[[nodiscard]] sql::Expr source_column(const sql::Source& source, const std::vector<Yielded>& columns,
                                      std::string_view label, const types::ValueType& type);
/// The same for a column that was selected, and for no other one of its name.
[[nodiscard]] sql::Expr source_column(const sql::Source& source, const std::vector<Yielded>& columns,
                                      const Place& place, const types::ValueType& type);
/// By the name of its column.
[[nodiscard]] std::string label_of(const Place& place);

} // namespace detail

/// A table under another name: to read it twice in one query, or within a subquery of a query that reads it as well.
///
/// ```cpp
/// const auto boss = corm::alias<Employee>("boss");
/// corm::select(col<&Employee::name>, boss[col<&Employee::name>])
///     .from<Employee>().join(boss, boss[col<&Employee::id>] == col<&Employee::boss_id>);
/// ```
template <class T>
class Alias {
public:
    using entity_type = T;

    explicit Alias(std::string name) : mapper_(mapping::mapper_of<T>()), name_(std::move(name)) {}

    /// Throws `MappingError` for a column of another entity.
    template <class U>
    [[nodiscard]] Expression<U> operator[](const Column<U>& column) const {
        return Expression<U>{detail::alias_column(name_, *mapper_, column.place())};
    }
    [[nodiscard]] sql::Source source() const { return detail::table_source(*mapper_, name_); }
    [[nodiscard]] const std::shared_ptr<const mapping::Mapper>& mapper() const noexcept { return mapper_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    std::shared_ptr<const mapping::Mapper> mapper_;
    std::string name_;
};
template <class T>
[[nodiscard]] Alias<T> alias(std::string name) {
    mapping::require_mapped<T>();
    return Alias<T>{std::move(name)};
}

/// Rows of a query, or of a function, as a source of others. A value: copies are the same source. Its columns are found
/// by the expression or column that was selected, or by label and type.
class RowSource {
public:
    RowSource(sql::Source source, std::shared_ptr<const std::vector<detail::Yielded>> columns)
        : source_(std::move(source)), columns_(std::move(columns)) {}

    template <class T>
    [[nodiscard]] Expression<T> operator[](const Labelled<T>& item) const {
        return column<T>(item.label);
    }
    template <class T>
    [[nodiscard]] Expression<T> operator[](const Column<T>& item) const {
        return Expression<T>{detail::source_column(source_, *columns_, item.place(), types::value_type<T>)};
    }
    /// Throws `MappingError` if there is no such column, or it is of another type or can be NULL where `T` cannot.
    /// `corm::TextForm` reads any type, as PostgreSQL writes it.
    template <class T>
    [[nodiscard]] Expression<T> column(std::string_view label) const {
        static_assert(types::ColumnValue<T>, "corm: column<T>() needs a type with a codec");
        return Expression<T>{detail::source_column(source_, *columns_, label, types::value_type<T>)};
    }
    /// The same rows under another name, to read them twice.
    [[nodiscard]] RowSource as(std::string name) const {
        RowSource other = *this;
        other.source_.alias = std::move(name);
        return other;
    }

    [[nodiscard]] const sql::Source& source() const noexcept { return source_; }

private:
    sql::Source source_;
    std::shared_ptr<const std::vector<detail::Yielded>> columns_;
};

/// What a function yields, row by row: `rows_of(function<std::int32_t>("generate_series", 1, 10), "n", "value")`, read
/// as `n.column<std::int32_t>("value")`.
template <class T>
[[nodiscard]] RowSource rows_of(const Expression<T>& function, std::string name, std::string column) {
    sql::Source source{.function = function.expression(), .alias = std::move(name), .columns = {column}};
    auto columns = std::make_shared<const std::vector<detail::Yielded>>(
        1, detail::Yielded{std::move(column), &types::value_type<T>});
    return {std::move(source), std::move(columns)};
}

/// Anything that `from` and `join` take beside the name of an entity; the mapper of records stands for their table.
template <class S>
concept SourceLike = std::same_as<S, std::shared_ptr<const mapping::Mapper>> || requires(const S& source) {
    { source.source() } -> std::convertible_to<sql::Source>;
};

namespace detail {

/// Throws `MappingError` for a mapper that is none or was disposed of.
[[nodiscard]] sql::Source source_of(const std::shared_ptr<const mapping::Mapper>& mapper);
template <SourceLike S>
[[nodiscard]] sql::Source source_of(const S& source) {
    return source.source();
}

} // namespace detail

} // namespace corm::query
