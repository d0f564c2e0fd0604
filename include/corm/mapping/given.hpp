// Columns marked `server_default` that an insert writes all the same.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/mapping/record.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

namespace corm::mapping {

/// By members: `session.add(user, given<&User::created>)`.
template <auto... Members>
struct Given {};
template <auto... Members>
inline constexpr Given<Members...> given{};

/// By the names of columns, for records; see `given_columns`.
template <std::size_t Count>
struct GivenColumns {
    std::array<std::string_view, Count> names;
};
/// `session.add(record, given_columns("created", "status"))`. The names have to live until the call returns.
template <std::convertible_to<std::string_view>... Names>
[[nodiscard]] constexpr GivenColumns<sizeof...(Names)> given_columns(const Names&... names) noexcept {
    return {{std::string_view{names}...}};
}

namespace detail {
template <class>
inline constexpr bool is_given = false;
template <auto... Members>
inline constexpr bool is_given<Given<Members...>> = true;
template <std::size_t Count>
inline constexpr bool is_given<GivenColumns<Count>> = true;

[[nodiscard]] std::uint64_t given_names(const Mapper& mapper, std::span<const std::string_view> names);
} // namespace detail

/// What a call may name given columns by.
template <class Marks>
concept GivenMarks = detail::is_given<Marks>;

/// The bits of `Instance::given` for an object of type `T`. Throws `MappingError` for a column that is not marked
/// `server_default`, and for a name that is none.
template <class T, auto... Members>
[[nodiscard]] std::uint64_t given_bits(const Mapper& mapper, Given<Members...>) {
    if constexpr (std::is_same_v<T, Record>) {
        static_assert(sizeof...(Members) == 0,
                      "corm: corm::given names members; name the columns of records by corm::given_columns()");
        return 0;
    } else {
        return (mapper.given_bit(column_index<T, Members>()) | ... | std::uint64_t{0});
    }
}
template <class T, std::size_t Count>
[[nodiscard]] std::uint64_t given_bits(const Mapper& mapper, const GivenColumns<Count>& given) {
    static_assert(std::is_same_v<T, Record>,
                  "corm: corm::given_columns names columns of records; name members by corm::given<&Struct::member>");
    return detail::given_names(mapper, given.names);
}

} // namespace corm::mapping
