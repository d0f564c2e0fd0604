// From the relations of a corm_mapping to their descriptions.
#pragma once

#include <corm/mapping/mapped.hpp>
#include <corm/mapping/relation.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace corm::mapping::detail {

template <class Member>
RelationState& relation_state(void* object, std::size_t offset) {
    return *static_cast<Member*>(static_cast<void*>(static_cast<char*>(object) + offset));
}

template <class T, auto Member>
std::size_t offset_in(const T& probe) {
    return static_cast<std::size_t>(reinterpret_cast<const char*>(&(probe.*Member)) -
                                    reinterpret_cast<const char*>(&probe));
}

template <class T, auto Member>
Relation relation(const T& probe, RelationKind kind, const RelationOptions& options) {
    using Value = std::remove_const_t<member_type<Member>>;
    Relation made;
    made.name = member_name<T, Member>;
    made.kind = kind;
    made.owner = &mapper_of<T>;
    made.target = &mapper_of<typename Value::target_type>;
    made.options = options;
    made.offset = offset_in<T, Member>(probe);
    made.state = &relation_state<Value>;
    return made;
}

/// The members that refer have the types of the key, or other integer types, or are optional.
template <class ForeignKey, class Key>
inline constexpr bool refers_to_key = false;
template <class... ForeignKey, class... Key>
    requires(sizeof...(ForeignKey) == sizeof...(Key))
inline constexpr bool refers_to_key<std::tuple<ForeignKey...>, std::tuple<Key...>> =
    ((std::is_same_v<typename types::Nullable<ForeignKey>::Value, typename types::Nullable<Key>::Value> ||
      (std::is_integral_v<typename types::Nullable<ForeignKey>::Value> &&
       std::is_integral_v<typename types::Nullable<Key>::Value>)) &&
     ...);

template <class Referring, class Referred, auto... ForeignKey>
void add_foreign_key(Relation& relation) {
    static_assert(Mapped<Referred> && Mapped<Referring>,
                  "corm: the target of a relation has no mapping; write its corm_mapping as well");
    static_assert((DescribedMember<Referring, ForeignKey> && ...),
                  "corm: the foreign key of a relation must be described members of the struct that refers");
    if constexpr (Mapped<Referred> && (DescribedMember<Referring, ForeignKey> && ...)) {
        using Members = std::tuple<std::remove_const_t<member_type<ForeignKey>>...>;
        static_assert(refers_to_key<Members, key_types<Referred>>,
                      "corm: the foreign key of a relation must have the members of the key that it refers to, in "
                      "their order and of their types (or optional, or another integer type)");
        (relation.foreign_key.emplace_back(member_name<Referring, ForeignKey>), ...);
    }
}

template <class T, class Target>
void apply(MapperBuilder& builder, const T&, const options::References<Target>&) {
    builder.add_reference(&mapper_of<Target>);
}
template <class T, auto Member, auto... ForeignKey>
void apply(MapperBuilder& builder, const T& probe, const options::ToMany<Member, ForeignKey...>& option) {
    using Member_ = RelationMember<std::remove_const_t<member_type<Member>>>;
    static_assert(Member_::value && Member_::many, "corm: one_to_many needs a member of type corm::Many<Target>");
    if constexpr (Member_::value && Member_::many) {
        Relation made = relation<T, Member>(probe, RelationKind::one_to_many, option.relation);
        add_foreign_key<typename member_type<Member>::target_type, T, ForeignKey...>(made);
        builder.add_relation(std::move(made));
    }
}
template <class T, auto Member, auto... ForeignKey>
void apply(MapperBuilder& builder, const T& probe, const options::ToOne<Member, ForeignKey...>& option) {
    using Member_ = RelationMember<std::remove_const_t<member_type<Member>>>;
    static_assert(Member_::value && !Member_::many,
                  "corm: many_to_one and one_to_one need a member of type corm::One<Target>");
    if constexpr (Member_::value && !Member_::many) {
        using Target = typename member_type<Member>::target_type;
        Relation made = relation<T, Member>(probe, option.kind, option.relation);
        add_foreign_key<T, Target, ForeignKey...>(made);
        builder.add_relation(std::move(made));
    }
}
template <class T, auto Member, auto... ForeignKey>
void apply(MapperBuilder& builder, const T& probe, const options::OneInverse<Member, ForeignKey...>& option) {
    using Member_ = RelationMember<std::remove_const_t<member_type<Member>>>;
    static_assert(Member_::value && !Member_::many,
                  "corm: one_to_one_inverse needs a member of type corm::One<Target>");
    if constexpr (Member_::value && !Member_::many) {
        Relation made = relation<T, Member>(probe, RelationKind::one_to_one_inverse, option.relation);
        add_foreign_key<typename member_type<Member>::target_type, T, ForeignKey...>(made);
        builder.add_relation(std::move(made));
    }
}
template <class T, auto Member, std::size_t Own, std::size_t Target>
void apply(MapperBuilder& builder, const T& probe, const options::Through<Member, Own, Target>& option) {
    using Member_ = RelationMember<std::remove_const_t<member_type<Member>>>;
    static_assert(Member_::value && Member_::many, "corm: many_to_many needs a member of type corm::Many<Target>");
    if constexpr (Member_::value && Member_::many) {
        static_assert(Own == std::tuple_size_v<key_types<T>> &&
                          Target == std::tuple_size_v<key_types<typename member_type<Member>::target_type>>,
                      "corm: corm::association needs a column for each part of the owner's key, and for each of the "
                      "target's");
        Relation made = relation<T, Member>(probe, RelationKind::many_to_many, option.relation);
        const auto& table = option.association;
        made.association = {std::string{table.schema_name},
                            std::string{table.table},
                            {table.own.begin(), table.own.end()},
                            {table.target.begin(), table.target.end()}};
        builder.add_relation(std::move(made));
    }
}
template <class T, auto Member, auto... Terms>
void apply(MapperBuilder& builder, const T&, const options::OrderBy<Member, Terms...>&) {
    constexpr bool ordered = is_ordered<Member, Terms...>();
    static_assert(ordered, "corm: order_by takes a member of type corm::Many and, to order it by, described members of "
                           "its target that hold a value, or corm::descending of them");
    if constexpr (ordered) {
        using Target = typename member_type<Member>::target_type;
        builder.set_order(member_name<T, Member>, {order_term<Target, Terms>()...});
    }
}

} // namespace corm::mapping::detail
