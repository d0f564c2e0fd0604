// load<&User::orders>: which relations are to be read.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/mapping/relation.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace corm::query {

/// A way along relations, from an entity to the objects behind the last one.
using RelationPath = std::vector<const mapping::Relation*>;

/// A way along relation members, each of the struct that the one before it leads to.
template <auto... Members>
struct Load {};
/// `session.load(user, corm::load<&User::orders>)`, or further: `corm::load<&User::orders, &Order::lines>`.
template <auto... Members>
inline constexpr Load<Members...> load{};

/// A way along relations of records, by their names.
struct NamedLoad {
    std::vector<std::string> relations;
};
/// `session.load(order, corm::load_named("lines"))`, or further: `corm::load_named("lines", "product")`.
template <std::convertible_to<std::string>... Names>
[[nodiscard]] NamedLoad load_named(const Names&... names) {
    static_assert(sizeof...(Names) > 0, "corm: load_named names at least one relation");
    return {{std::string{names}...}};
}

/// Throws `MappingError`, with the nearest name, for a relation that there is not.
[[nodiscard]] RelationPath path_of(const mapping::Mapper& mapper, const NamedLoad& load);
[[nodiscard]] std::vector<RelationPath> paths_of(const mapping::Mapper& mapper, const std::vector<NamedLoad>& loads);

namespace detail {

/// Throws `MappingError` if the mapping does not say what the member stands for.
[[nodiscard]] const mapping::Relation& find_relation(const mapping::Mapper& mapper, std::string_view member);

template <class T>
void append_path(RelationPath&) {}
template <class T, auto First, auto... Rest>
void append_path(RelationPath& path) {
    using Member = std::remove_const_t<mapping::member_type<First>>;
    static_assert(mapping::RelationMember<Member>::value,
                  "corm: load and with take relation members, of type corm::Many or corm::One");
    static_assert(mapping::DescribedMember<T, First>,
                  "corm: each relation of a path must be a described member of the struct that the one before it leads "
                  "to");
    if constexpr (mapping::RelationMember<Member>::value && mapping::DescribedMember<T, First>) {
        path.push_back(&find_relation(*mapping::mapper_of<T>(), mapping::member_name<T, First>));
        append_path<typename Member::target_type, Rest...>(path);
    }
}

/// What is joined must not multiply the rows of a query.
template <auto... Members>
consteval void check_to_one() {
    static_assert((!mapping::RelationMember<std::remove_const_t<mapping::member_type<Members>>>::many && ...),
                  "corm: a join reads members of type corm::One; a corm::Many is read behind the query, by with<>()");
}

} // namespace detail

template <class T, auto... Members>
[[nodiscard]] RelationPath path_of(Load<Members...>) {
    static_assert(sizeof...(Members) > 0, "corm: load and with name at least one relation member");
    RelationPath path;
    detail::append_path<T, Members...>(path);
    return path;
}

} // namespace corm::query
