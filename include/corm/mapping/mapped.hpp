// What it means for a type to be mapped, and what its mapping says of its key.
#pragma once

#include <corm/base/type_tag.hpp>
#include <corm/mapping/table.hpp>

#include <memory>
#include <tuple>
#include <type_traits>

namespace corm::mapping {

/// Types with a `corm_mapping` that argument-dependent lookup finds.
template <class T>
concept Mapped = requires { corm_mapping(corm::type<T>{}); };

template <class T>
consteval void require_mapped() {
    static_assert(Mapped<T>,
                  "corm: this type has no mapping; write constexpr auto corm_mapping(corm::type<T>) in its own "
                  "namespace, beside BOOST_DESCRIBE_STRUCT");
}

namespace detail {

template <class T>
using TableOf = decltype(corm_mapping(corm::type<T>{}));

template <class Option>
struct KeyOption : std::false_type {};
template <auto... Members>
struct KeyOption<options::PrimaryKey<Members...>> : std::true_type {
    using types = std::tuple<std::remove_cv_t<member_type<Members>>...>;
};

template <class Table>
struct FindKey;
template <class T>
struct FindKey<Table<T>> {
    using types = std::tuple<>;
};
template <class T, class First, class... Rest>
struct FindKey<Table<T, First, Rest...>>
    : std::conditional_t<KeyOption<First>::value, KeyOption<First>, FindKey<Table<T, Rest...>>> {};

} // namespace detail

/// The key of a mapped type: a tuple of the types of its key members.
template <class T>
using key_types = typename detail::FindKey<detail::TableOf<T>>::types;

/// The one mapper of `T` in the program, built at first use; thread-safe. Throws `MappingError` for mistakes that only
/// composition can show (two members mapped to one column).
template <class T>
const std::shared_ptr<const Mapper>& mapper_of();

} // namespace corm::mapping
