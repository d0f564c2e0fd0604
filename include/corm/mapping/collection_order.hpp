// The order of a collection, as a mapping says it.
#pragma once

#include <corm/mapping/member.hpp>
#include <corm/mapping/relation.hpp>
#include <corm/type/codec.hpp>

#include <type_traits>

namespace corm::mapping {

/// In `Table::order_by`: the highest value first, and NULL ahead of all.
template <auto Member>
struct Descending {};
template <auto Member>
inline constexpr Descending<Member> descending{};

namespace options {

template <auto Member, auto... Terms>
struct OrderBy {};

} // namespace options

namespace detail {

/// Of a term, which is a pointer to member or `descending` of one.
template <class Term>
inline constexpr bool is_descending = false;
template <auto Member>
inline constexpr bool is_descending<Descending<Member>> = true;

template <auto Member>
consteval auto ordered_member(Descending<Member>) {
    return Member;
}
consteval auto ordered_member(auto member) {
    return member;
}

template <class Target, auto Term>
consteval bool orders() {
    constexpr auto member = ordered_member(Term);
    if constexpr (std::is_member_object_pointer_v<std::remove_cv_t<decltype(member)>>) {
        using Value = std::remove_cv_t<member_type<member>>;
        return DescribedMember<Target, member> && !RelationMember<Value>::value && types::ColumnValue<Value>;
    }
    return false;
}

template <auto Member, auto... Terms>
consteval bool is_ordered() {
    using Value = std::remove_const_t<member_type<Member>>;
    if constexpr (RelationMember<Value>::many && sizeof...(Terms) > 0)
        return (orders<typename Value::target_type, Terms>() && ...);
    return false;
}

template <class Target, auto Term>
RelationOrder order_term() {
    return {std::string{member_name<Target, ordered_member(Term)>}, is_descending<std::remove_cv_t<decltype(Term)>>};
}

} // namespace detail

} // namespace corm::mapping
