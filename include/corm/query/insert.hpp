// insert<User>(values).on_conflict<&User::email>().do_update<&User::name>(): rows without a unit of work.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/mapping/given.hpp>
#include <corm/type/parameters.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::query {

/// What happens where a row of the same key or unique value is there already.
enum class ConflictAction : std::uint8_t { fail, nothing, update };

/// An insert without its type: what sessions run. The values are encoded.
struct InsertQuery {
    std::shared_ptr<const mapping::Mapper> mapper;
    std::size_t rows = 0;
    std::vector<std::uint16_t> columns{};
    types::Parameters parameters{}; ///< an array for each column
    ConflictAction action = ConflictAction::fail;
    std::vector<std::uint16_t> target{};
    std::string constraint{}; ///< instead of the target
    std::vector<std::uint16_t> updated{};
    std::optional<Duration> within{};
};

namespace detail {

/// `objects` are of the mapper's type. Throws `ConversionError` for values that cannot be sent, `MappingError` if the
/// server is to generate the key of some of them only.
[[nodiscard]] InsertQuery insert_rows(std::shared_ptr<const mapping::Mapper> mapper,
                                      std::span<const void* const> objects, std::uint64_t given);
/// The one mapper of `objects`, which are records; null for none. Throws `MappingError` for a record that holds
/// nothing, and for records of different mappers.
[[nodiscard]] std::shared_ptr<const mapping::Mapper> mapper_of_records(std::span<const void* const> objects);
/// Throw `MappingError` for columns that cannot be updated, or a target that is missing.
void set_nothing(InsertQuery& query);
void set_update(InsertQuery& query, std::vector<std::uint16_t> columns);
[[nodiscard]] std::vector<std::uint16_t> columns_named(const InsertQuery& query,
                                                       std::initializer_list<std::string_view> names);

template <class T, auto... Members>
[[nodiscard]] std::vector<std::uint16_t> columns_of() {
    return {static_cast<std::uint16_t>(mapping::column_index<T, Members>())...};
}

} // namespace detail

template <class T>
class Insert;

/// The first half of `on_conflict`: say what to do.
template <class T>
class OnConflict {
public:
    explicit OnConflict(InsertQuery query) : query_(std::move(query)) {}

    /// The row that is there stays as it is; the given one is left out, and not returned.
    [[nodiscard]] Insert<T> do_nothing() && {
        detail::set_nothing(query_);
        return Insert<T>{std::move(query_)};
    }
    /// The row that is there gets these columns of the given one; without any, all that are written but its key and
    /// the columns that conflict. The version counts up.
    template <auto... Members>
    [[nodiscard]] Insert<T> do_update() && {
        return std::move(*this).update(detail::columns_of<T, Members...>());
    }
    /// The same by the names of columns, for records.
    template <std::convertible_to<std::string_view>... Names>
    [[nodiscard]] Insert<T> do_update(std::string_view column, const Names&... more) && {
        return std::move(*this).update(detail::columns_named(query_, {column, more...}));
    }

private:
    Insert<T> update(std::vector<std::uint16_t> columns) && {
        detail::set_update(query_, std::move(columns));
        return Insert<T>{std::move(query_)};
    }

    InsertQuery query_;
};

/// Rows to be inserted by one statement, whose text is the same for any number of them. A value; give it to
/// `execute` or `all` of a session.
template <class T>
class Insert {
public:
    using entity_type = T;

    explicit Insert(InsertQuery query) : query_(std::move(query)) {}

    /// Rows whose values of these columns are there already, by the unique index over them. Without any, whatever
    /// conflicts, which only `do_nothing` takes.
    template <auto... Members>
    [[nodiscard]] OnConflict<T> on_conflict() && {
        query_.target = detail::columns_of<T, Members...>();
        return OnConflict<T>{std::move(query_)};
    }
    /// The same by the names of columns, for records.
    template <std::convertible_to<std::string_view>... Names>
    [[nodiscard]] OnConflict<T> on_conflict(std::string_view column, const Names&... more) && {
        query_.target = detail::columns_named(query_, {column, more...});
        return OnConflict<T>{std::move(query_)};
    }
    /// The same by the name of a unique or exclusion constraint.
    [[nodiscard]] OnConflict<T> on_constraint(std::string name) && {
        query_.constraint = std::move(name);
        return OnConflict<T>{std::move(query_)};
    }

    /// The deadline of this statement, instead of the session's; `corm::no_deadline` for none.
    [[nodiscard]] Insert within(Duration deadline) && {
        query_.within = deadline;
        return std::move(*this);
    }

    [[nodiscard]] std::shared_ptr<const InsertQuery> erased() && {
        return std::make_shared<const InsertQuery>(std::move(query_));
    }

private:
    InsertQuery query_;
};

/// Inserts a range of values, without making objects of them. Keys that the server generates are left to it if no value
/// has one, columns marked `server_default` unless they are given: `insert<User>(users, corm::given<&User::created>)`,
/// `insert<corm::Record>(records, corm::given_columns("created"))`. The values are encoded at once and need not live
/// on. Throws `ConversionError` for one that cannot be sent.
template <class T, class Range, mapping::GivenMarks Marks = mapping::Given<>>
    requires(!std::same_as<Range, T>)
[[nodiscard]] Insert<T> insert(const Range& values, const Marks& given = {}) {
    static_assert(std::is_same_v<decltype(*std::begin(values)), const T&>,
                  "corm: insert<T>() takes a value of T or a range of them, such as a std::vector<T>");
    std::vector<const void*> objects;
    for (const T& value : values)
        objects.push_back(&value);
    std::shared_ptr<const mapping::Mapper> mapper;
    if constexpr (std::is_same_v<T, mapping::Record>) {
        mapper = detail::mapper_of_records(objects);
    } else {
        mapping::require_mapped<T>();
        mapper = mapping::mapper_of<T>();
    }
    const std::uint64_t bits = mapper != nullptr ? mapping::given_bits<T>(*mapper, given) : 0;
    return Insert<T>{detail::insert_rows(std::move(mapper), objects, bits)};
}
/// The same for one value.
template <class T, mapping::GivenMarks Marks = mapping::Given<>>
[[nodiscard]] Insert<T> insert(const T& value, const Marks& given = {}) {
    return insert<T>(std::span<const T, 1>{&value, 1}, given);
}

} // namespace corm::query

namespace corm {
using query::insert;
} // namespace corm
