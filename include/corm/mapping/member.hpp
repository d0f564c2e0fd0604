// Pointers to members, and their place among the described members of a struct.
#pragma once

#include <boost/describe/bases.hpp>
#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace corm::mapping {

template <class Pointer>
struct MemberPointer;

template <class Class, class Value>
struct MemberPointer<Value Class::*> {
    using class_type = Class;
    using value_type = Value;
};

/// The class that a pointer to member names: the base for an inherited member.
template <auto M>
using member_class = typename MemberPointer<std::remove_cv_t<decltype(M)>>::class_type;
template <auto M>
using member_type = typename MemberPointer<std::remove_cv_t<decltype(M)>>::value_type;

/// The described data members of `T`, public ones and those of its described bases.
template <class T>
using described_members =
    boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <class T>
concept Described = boost::describe::has_describe_members<T>::value;

namespace detail {

template <class Descriptor, auto M>
consteval bool names() {
    if constexpr (std::is_same_v<std::remove_cv_t<decltype(Descriptor::pointer)>, std::remove_cv_t<decltype(M)>>)
        return Descriptor::pointer == M;
    else
        return false;
}

template <auto M, template <class...> class List, class... Descriptors>
consteval std::size_t position(List<Descriptors...>*) {
    std::size_t index = 0;
    static_cast<void>(((names<Descriptors, M>() ? true : (++index, false)) || ...));
    return index;
}

template <template <class...> class List, class... Descriptors>
consteval std::size_t count(List<Descriptors...>*) {
    return sizeof...(Descriptors);
}

} // namespace detail

template <class T>
inline constexpr std::size_t described_count = detail::count(static_cast<described_members<T>*>(nullptr));

/// Position of the member among the described ones of `T`; `described_count<T>` when it is none of them.
template <class T, auto M>
inline constexpr std::size_t described_position = detail::position<M>(static_cast<described_members<T>*>(nullptr));

template <class T, auto M>
concept DescribedMember = Described<T> && described_position<T, M> < described_count<T>;

namespace detail {

template <std::size_t Position, template <class...> class List, class... Descriptors>
consteval std::string_view name_at(List<Descriptors...>*) {
    const char* names[] = {Descriptors::name...};
    return names[Position];
}

} // namespace detail

/// The name of a described member.
template <class T, auto M>
inline constexpr std::string_view member_name =
    detail::name_at<described_position<T, M>>(static_cast<described_members<T>*>(nullptr));

} // namespace corm::mapping
