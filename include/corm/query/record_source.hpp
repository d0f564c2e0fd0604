// column<T>(mapper, "age"): columns of tables mapped at run time whose values are read.
#pragma once

#include <corm/query/expression.hpp>
#include <corm/query/record_column.hpp>
#include <corm/query/source.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace corm::query {

namespace detail {

/// The column if its values are read as `type`, else throws `MappingError`, as it does for a name that the table does
/// not have (the nearest is named), and for a mapper that is none or was disposed of.
[[nodiscard]] sql::Expr record_column(const std::shared_ptr<const mapping::Mapper>& mapper, std::string_view name,
                                      const types::ValueType& type);
/// The table under `alias`, with its columns.
[[nodiscard]] RowSource record_source(const std::shared_ptr<const mapping::Mapper>& mapper, std::string alias);

} // namespace detail

/// A column of a record as an expression of type `T`, with its own name in the result: it is selected, grouped by,
/// ordered by, and put into functions, aggregates and conditions. Throws `MappingError` for a wrong name, and for a
/// type that is not the one that the column was defined with; one that holds NULL may be asked of any column. So may
/// `corm::TextForm`, for programs that do not know the types: what PostgreSQL writes is read, while comparisons and
/// orders are those of the column.
///
/// ```cpp
/// corm::select(corm::column<std::string>(people, "city"), corm::count())
///     .from(people).group_by(corm::column<std::string>(people, "city"));
/// ```
template <class T>
[[nodiscard]] Labelled<T> column(const std::shared_ptr<const mapping::Mapper>& mapper, std::string_view name) {
    static_assert(types::ColumnValue<T>, "corm: column<T>() needs a type with a codec");
    if constexpr (types::ColumnValue<T>)
        return {Expression<T>{detail::record_column(mapper, name, types::value_type<T>)}, std::string{name}};
    else
        return {Expression<T>{sql::Expr{}}, {}};
}

/// A table mapped at run time under another name: `boss.column<std::string>("name")`. Throws `MappingError` for a
/// mapper that is none or was disposed of.
[[nodiscard]] inline RowSource alias(const std::shared_ptr<const mapping::Mapper>& mapper, std::string name) {
    return detail::record_source(mapper, std::move(name));
}

} // namespace corm::query
