// What a query can select, and as what it is read.
#pragma once

#include <corm/fwd.hpp>
#include <corm/query/composed.hpp>
#include <corm/query/load.hpp>

#include <string>
#include <tuple>
#include <utility>

namespace corm::query {

/// An entity as an item: its object, of the session's identity map. Behind an outer join the handle can be empty.
template <class T>
struct EntityItem {};
template <class T>
inline constexpr EntityItem<T> entity{};

namespace detail {

template <class X>
struct ItemOf {};
template <SqlOperand X>
struct ItemOf<X> {
    using type = sql_type_t<X>;
    static void add(ComposedQuery& query, const X& item) {
        std::string label;
        if constexpr (ColumnLike<X>)
            label = label_of(item.place());
        add_item(query, sql_of(item), types::value_type<type>, std::move(label));
        if constexpr (ColumnLike<X>) {
            query.columns.back().mapper = item.place().mapper;
            query.columns.back().index = item.place().index;
        }
    }
};
template <class T>
struct ItemOf<Labelled<T>> {
    using type = T;
    static void add(ComposedQuery& query, const Labelled<T>& item) {
        const std::size_t at = query.statement.items.size();
        add_item(query, item.expression(), types::value_type<T>, item.label);
        query.statement.items[at].label = item.label;
    }
};
template <class T>
struct ItemOf<EntityItem<T>> {
    using type = orm::Ref<T>;
    static void add(ComposedQuery& query, const EntityItem<T>&) {
        mapping::require_mapped<T>();
        add_entity(query, mapping::mapper_of<T>(), {});
    }
};
template <class T>
struct ItemOf<Alias<T>> {
    using type = orm::Ref<T>;
    static void add(ComposedQuery& query, const Alias<T>& item) { add_entity(query, item.mapper(), item.name()); }
};

template <class X>
concept Selectable = requires { typename ItemOf<X>::type; };

// Empty for what cannot be selected: `select<User>()` is looked up among the others as well.
template <class... Items>
struct RowOf {};
template <Selectable Item>
struct RowOf<Item> {
    using type = typename ItemOf<Item>::type;
};
template <Selectable First, Selectable Second, Selectable... More>
struct RowOf<First, Second, More...> {
    using type =
        std::tuple<typename ItemOf<First>::type, typename ItemOf<Second>::type, typename ItemOf<More>::type...>;
};

/// The entity and the relation of a member.
template <auto Member>
[[nodiscard]] const mapping::Relation& relation_of() {
    return *path_of<mapping::member_class<Member>>(Load<Member>{}).front();
}

} // namespace detail

} // namespace corm::query
