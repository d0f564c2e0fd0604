// Rows of any result as structs, tuples and scalars; needs no session.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/type/field_view.hpp>

#include <array>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace corm::query {

namespace detail {

/// One value of a row type: its column, its type and its place in the object.
struct Target {
    std::string_view name; ///< of the column; empty where the position decides
    const types::ValueType* type;
    std::size_t offset;
};

enum class Pairing { by_name, by_position };

/// The columns of one result paired with the targets of a row type. Holds the span, not a copy.
class RowPlan {
public:
    /// Throws one `MappingError` that lists every mismatch; `into` names the row type in it.
    RowPlan(const types::Rows& rows, std::span<const Target> targets, Pairing pairing, std::string (*into)());
    /// Throws `ConversionError` naming the column.
    void read(const types::Rows& rows, int row, void* object) const;

private:
    std::span<const Target> targets_;
    std::vector<int> columns_; ///< of each target
};

template <class T>
struct IsTuple : std::false_type {};
template <class... Items>
struct IsTuple<std::tuple<Items...>> : std::true_type {};
template <class First, class Second>
struct IsTuple<std::pair<First, Second>> : std::true_type {};

template <class T, class Member>
std::size_t offset_of(const T& object, const Member& member) noexcept {
    return static_cast<std::size_t>(reinterpret_cast<const char*>(&member) - reinterpret_cast<const char*>(&object));
}

template <class Item>
consteval void check_readable() {
    static_assert(
        types::ColumnValue<Item>,
        "corm: rows are read into a type with a member that corm cannot read; give it a type with a codec, or "
        "map the struct and exclude the member by .unmapped<>()");
}

template <class Item>
constexpr const types::ValueType* readable_type() {
    check_readable<Item>();
    if constexpr (types::ColumnValue<Item>)
        return &types::value_type<Item>;
    else
        return nullptr;
}

template <class T, template <class...> class List, class... Members>
std::vector<Target> member_targets(const T& probe, List<Members...>*) {
    return {Target{Members::name, readable_type<std::remove_cvref_t<decltype(probe.*Members::pointer)>>(),
                   offset_of(probe, probe.*Members::pointer)}...};
}

template <class T, std::size_t... I>
std::vector<Target> item_targets(const T& probe, std::index_sequence<I...>) {
    return {Target{{}, readable_type<std::tuple_element_t<I, T>>(), offset_of(probe, std::get<I>(probe))}...};
}

/// Throws `ConversionError` naming the column.
void read_cell(const types::Rows& rows, int row, int column, const types::ValueType& type, void* into);

[[nodiscard]] std::vector<Target> mapper_targets(const mapping::Mapper& mapper);

template <class T>
[[nodiscard]] std::vector<Target> make_targets() {
    if constexpr (types::ColumnValue<T>)
        return {Target{{}, &types::value_type<T>, 0}};
    else if constexpr (IsTuple<T>::value)
        return item_targets(T{}, std::make_index_sequence<std::tuple_size_v<T>>{});
    else if constexpr (mapping::Mapped<T>)
        return mapper_targets(*mapping::mapper_of<T>());
    else if constexpr (mapping::Described<T>)
        return member_targets(T{}, static_cast<mapping::described_members<T>*>(nullptr));
    else
        return {}; // `RowReader` reports it
}

/// Offsets are measured once per type, at first use.
template <class T>
[[nodiscard]] std::span<const Target> targets_of() {
    static const std::vector<Target> targets = make_targets<T>();
    return targets;
}

} // namespace detail

/// What a row can be read into: a value with a codec, a tuple or pair of such, a mapped or a described struct.
template <class T>
concept RowType =
    std::default_initializable<T> && (types::ColumnValue<T> || detail::IsTuple<T>::value || mapping::Described<T>);

/// Reads the rows of one result as `T`, by value:
///
/// * a scalar: the result has one column;
/// * a tuple or pair: one column for each item, by position;
/// * a described struct: each member has the column of its name (a mapped struct: of its mapping), in any order.
/// Columns
///   without a member are ignored, so that a new column in the table breaks no reader.
///
/// Columns are paired once, by the constructor. Refers to the result, which must outlive it. Reading changes nothing
/// and is safe from several threads if the result's accessors are.
template <class T>
class RowReader {
public:
    /// Throws one `MappingError` that lists every mismatch between result and `T`.
    explicit RowReader(const types::Rows& rows) : rows_(rows), plan_(rows, detail::targets_of<T>(), pairing, &into) {
        static_assert(RowType<T>,
                      "corm: rows cannot be read into this type; use a struct with BOOST_DESCRIBE_STRUCT, a "
                      "std::tuple, or a type with a codec");
    }

    [[nodiscard]] int size() const noexcept { return rows_.row_count(); }

    /// Throws `ConversionError` naming the column: a NULL for a member that is not optional, a type or value that does
    /// not fit. `row` is below `size()`.
    [[nodiscard]] T read(int row) const {
        T object{};
        plan_.read(rows_, row, &object);
        return object;
    }

    [[nodiscard]] std::vector<T> all() const {
        std::vector<T> objects;
        objects.reserve(static_cast<std::size_t>(size()));
        for (int row = 0; row < size(); ++row)
            objects.push_back(read(row));
        return objects;
    }

private:
    static constexpr detail::Pairing pairing =
        types::ColumnValue<T> || detail::IsTuple<T>::value ? detail::Pairing::by_position : detail::Pairing::by_name;
    static std::string into() {
        if constexpr (types::ColumnValue<T>)
            return "one value";
        else if constexpr (detail::IsTuple<T>::value)
            return "a tuple";
        else
            return mapping::detail::entity_name<T>();
    }

    const types::Rows& rows_;
    detail::RowPlan plan_;
};

} // namespace corm::query
