// contains<&User::orders>(order), refers_to<&Order::user>(user): conditions on relations to one object.
#pragma once

#include <corm/mapping/key.hpp>
#include <corm/query/query_item.hpp>

#include <string>
#include <string_view>
#include <type_traits>

namespace corm::query {

namespace detail {

/// Owners that the relation leads from to the object with this key.
[[nodiscard]] Condition related_to(const mapping::Relation& relation, std::string_view key);
/// Throws `MappingError`: the object, of which `described` tells, has no row that a condition could name.
[[noreturn]] void throw_without_row(const mapping::Relation& relation, const std::string& described);

/// The key of an object of `Target`: of a handle, of a `One`, or given itself.
template <class Target, class Given>
[[nodiscard]] std::string key_of_target(const mapping::Relation& relation, const Given& given) {
    if constexpr (requires { given.instance(); }) {
        constexpr bool fits = std::is_same_v<typename Given::element_type, Target>;
        static_assert(fits, "corm: this handle is of another struct than the relation leads to; give a handle or a key "
                            "of its target");
        if constexpr (fits) {
            if (!given)
                throw_without_row(relation, "an empty handle");
            if (!given.instance()->key.has_value())
                throw_without_row(relation, given.instance()->describe());
            return std::string{given.instance()->key.view()};
        } else {
            return {};
        }
    } else if constexpr (requires { given.get().instance(); }) {
        return key_of_target<Target>(relation, given.get());
    } else {
        return mapping::KeyArgument<Target>{given}.encoded();
    }
}

template <auto Member, class Given>
[[nodiscard]] Condition related_by(const Given& given) {
    using Target = typename member_t<Member>::target_type;
    const mapping::Relation& relation = relation_of<Member>();
    return related_to(relation, key_of_target<Target>(relation, given));
}
template <auto Member>
inline constexpr bool is_relation = requires { typename member_t<Member>::target_type; };

} // namespace detail

/// Objects whose collection has this one: a handle of it, or its key, as `get` takes keys. Asked of the database, by
/// the foreign key or the table of pairs alone: what the session knows of the collection plays no part, beside what
/// it flushes first. Throws `MappingError` for an empty handle, and for an object that has no row yet: flush it before.
template <auto Member, class Given>
[[nodiscard]] Condition contains(const Given& given) {
    constexpr bool many = mapping::RelationMember<detail::member_t<Member>>::many;
    static_assert(many, "corm: contains<>() needs a member of type corm::Many; of a corm::One ask refers_to<>()");
    if constexpr (many)
        return detail::related_by<Member>(given);
    else
        return Condition{sql::Expr{}};
}

/// Objects whose `One` is this one: a comparison of the foreign key with its key, so that one that is NULL fulfils
/// neither it nor its negation; of the side without the foreign key a test for the row. Takes and throws what
/// `contains` does; for those that refer to none ask `none<&Order::user>()`.
template <auto Member, class Given>
[[nodiscard]] Condition refers_to(const Given& given) {
    constexpr bool one = detail::is_relation<Member> && !mapping::RelationMember<detail::member_t<Member>>::many;
    static_assert(one, "corm: refers_to<>() needs a member of type corm::One; of a corm::Many ask contains<>()");
    if constexpr (one)
        return detail::related_by<Member>(given);
    else
        return Condition{sql::Expr{}};
}

} // namespace corm::query
