// Rows of any result as structs, tuples and scalars; needs no session.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/type/field_view.hpp>

#include <array>
#include <atomic>
#include <cstdint>
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

/// What rows are read into: one for each row type in the program. Thread-safe.
class RowShape {
public:
    /// `into` names the row type in errors.
    RowShape(std::vector<Target> targets, Pairing pairing, std::string (*into)()) noexcept
        : targets_(std::move(targets)), pairing_(pairing), into_(into) {}

    [[nodiscard]] std::span<const Target> targets() const noexcept { return targets_; }
    [[nodiscard]] std::string into() const { return into_(); }

    /// The column of each target, into `columns`, and what is wrong with names, number and types, by semicolons. Types
    /// are looked at once for every few kinds of results.
    [[nodiscard]] std::string pair(const types::Rows& rows, std::vector<int>& columns) const;

private:
    void pair_by_name(const types::Rows& rows, std::vector<int>& columns, std::string& problems) const;

    std::vector<Target> targets_;
    Pairing pairing_;
    std::string (*into_)();
    mutable std::array<std::atomic<std::uint64_t>, 4> accepted_{}; ///< hashes of column types that fit
};

/// The columns of one result paired with the targets of a row type.
class RowPlan {
public:
    /// Throws one `MappingError` that lists every mismatch.
    RowPlan(const types::Rows& rows, const RowShape& shape);
    /// Throws one `ConversionError` for what is wrong with the row, which names the columns.
    void read(const types::Rows& rows, int row, void* object) const;

private:
    void read(const types::Rows& rows, int row, std::size_t index, void* object) const;
    void read_side_by_side(const types::Rows& rows, int row, void* object) const;
    [[noreturn]] void refuse(const types::Rows& rows, int row, void* object) const;

    const RowShape& shape_;
    std::vector<int> columns_;  ///< of each target
    bool side_by_side_ = false; ///< in the order of the targets
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

template <class T>
[[nodiscard]] std::string row_name() {
    if constexpr (types::ColumnValue<T>)
        return "one value";
    else if constexpr (IsTuple<T>::value)
        return "a tuple";
    else
        return mapping::detail::entity_name<T>();
}

/// Offsets are measured once per type, at first use.
template <class T>
[[nodiscard]] const RowShape& shape_of() {
    static const RowShape shape{make_targets<T>(),
                                types::ColumnValue<T> || IsTuple<T>::value ? Pairing::by_position : Pairing::by_name,
                                &row_name<T>};
    return shape;
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
/// Columns are paired, and their types looked at, by the constructor. Refers to the result, which must outlive it.
/// Reading changes nothing and is safe from several threads if the result's accessors are.
template <class T>
class RowReader {
public:
    /// Throws one `MappingError` that lists every mismatch between result and `T`.
    explicit RowReader(const types::Rows& rows) : rows_(rows), plan_(rows, detail::shape_of<T>()) {
        static_assert(RowType<T>,
                      "corm: rows cannot be read into this type; use a struct with BOOST_DESCRIBE_STRUCT, a "
                      "std::tuple, or a type with a codec");
    }

    [[nodiscard]] int size() const noexcept { return rows_.row_count(); }

    /// Throws `ConversionError` naming the columns: a NULL for a member that is not optional, a value that does not
    /// fit. `row` is below `size()`.
    [[nodiscard]] T read(int row) const {
        T object{};
        plan_.read(rows_, row, &object);
        return object;
    }

    [[nodiscard]] std::vector<T> all() const {
        std::vector<T> objects;
        objects.reserve(static_cast<std::size_t>(size()));
        for (int row = 0; row < size(); ++row) {
            if constexpr (std::is_same_v<T, bool>) // of which a vector has no objects
                objects.push_back(read(row));
            else
                plan_.read(rows_, row, &objects.emplace_back());
        }
        return objects;
    }

private:
    const types::Rows& rows_;
    detail::RowPlan plan_;
};

} // namespace corm::query
