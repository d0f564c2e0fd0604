// From a pointer to member to a column of its mapper.
#pragma once

#include <corm/mapping/describe.hpp>
#include <corm/query/condition.hpp>

#include <type_traits>

namespace corm::query::detail {

template <auto Member>
using member_t = std::remove_cv_t<mapping::member_type<Member>>;

template <auto Member, class Entity>
[[nodiscard]] Place locate() {
    return {mapping::mapper_of<Entity>().get(), mapping::column_index<Entity, Member>()};
}

/// Checks that `Member` can be a column of `Entity`; what cannot is one sentence, and locates nothing.
template <auto Member, class Entity>
[[nodiscard]] consteval Locate locator() {
    constexpr bool mapped = mapping::Mapped<Entity>;
    constexpr bool column = types::ColumnValue<member_t<Member>>;
    static_assert(mapped, "corm: the class of this member is not mapped; for a member of a base class name the mapped "
                          "struct behind it, as in col<&Base::member, Derived>, else write a corm_mapping");
    static_assert(!mapped || column,
                  "corm: this member is no column: it is a relation, or its type has no codec; use a member that holds "
                  "a value");
    if constexpr (mapped && column)
        return &locate<Member, Entity>;
    else
        return nullptr;
}

} // namespace corm::query::detail
