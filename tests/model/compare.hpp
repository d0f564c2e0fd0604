// The session, its objects and the tables as the model says: members of `Player`, for the sources that instantiate it.
#pragma once

#include "player.hpp"

namespace model_test {

inline corm::ObjectState state_of(Standing standing) {
    switch (standing) {
    case Standing::transient: return corm::ObjectState::transient;
    case Standing::pending: return corm::ObjectState::pending;
    case Standing::persistent: return corm::ObjectState::persistent;
    case Standing::deleted: return corm::ObjectState::deleted;
    case Standing::detached: break;
    }
    return corm::ObjectState::detached;
}

template <class Mapping>
template <Kind K>
void Player<Mapping>::compare_parent(Number number, const Ref<K>& ref, Number parent) {
    constexpr Kind above = library::parent_of(K);
    const auto& one = table<K>().parent(*ref);
    const std::string what = "the parent of " + name(number);
    if (!one.is_loaded() || (parent != 0 && !world_.seen().contains(parent)))
        return;
    if (parent == 0) {
        require(!one, what + " is an object, and should be none");
        return;
    }
    require(static_cast<bool>(one), what + " is none, and should be " + name(parent));
    Ref<above> found;
    try {
        found = one.get();
    } catch (const corm::NotLoadedError&) {
        // Another object may have been made of its row since.
        require(!is_held(parent) || found_.contains(parent), what + " is gone, but " + name(parent) + " is held");
        return;
    }
    if (is_held(parent))
        require(found == handle<above>(parent), what + " is not the object of " + name(parent));
    else if (corm::inspect(found).freshness() != corm::Freshness::expired)
        require(key<above>(found) == world_.seen().at(parent).key, what + " has another key than " + name(parent));
}

template <class Mapping>
template <Kind Member, class Many>
void Player<Mapping>::compare_many(Number number, int member, const Many& many, const std::set<Number>& expected) {
    const std::string what = name(number) + (member == tags_member ? ".tags" : "'s collection");
    if (const auto must = loaded_.find({number, member}); must != loaded_.end())
        require(many.is_loaded() == must->second, what + (must->second ? " is not loaded" : " is loaded"));
    if (!many.is_loaded())
        return;
    std::string listed;
    for (const Number child : expected)
        listed += " " + name(child);
    require(many.size() == expected.size(),
            what + " has " + std::to_string(many.size()) + " objects instead of" + listed);
    std::set<std::int64_t> keys;
    for (const Number child : expected) {
        // Of what nobody kept, another object may have been made since.
        if (is_held(child) && !found_.contains(child))
            require(many.contains(handle<Member>(child)), what + " lacks " + name(child));
        keys.insert(world_.seen().at(child).key);
    }
    for (std::size_t i = 0; i < many.size(); ++i) {
        try {
            const Ref<Member> child = many[i];
            if (corm::inspect(child).freshness() != corm::Freshness::expired)
                require(keys.contains(key<Member>(child)),
                        what + " has the key " + std::to_string(key<Member>(child)) + " and should have" + listed);
        } catch (const corm::NotLoadedError&) {
            bool all_held = true;
            for (const Number child : expected)
                all_held = all_held && is_held(child) && !found_.contains(child);
            require(!all_held, what + " has lost an object, and all are held");
        }
    }
}

template <class Mapping>
template <Kind K>
void Player<Mapping>::compare_object(Number number, const Ref<K>& ref) {
    const Standing standing = world_.standing(number);
    const auto state = corm::inspect(ref).state();
    require(state == state_of(standing),
            name(number) + " is " + std::string{corm::uow::to_string(state)} + " and should be " + to_string(standing));
    const bool is_expired = corm::inspect(ref).freshness() == corm::Freshness::expired;
    if (standing != Standing::persistent && standing != Standing::pending)
        return;
    require(is_expired == expired_.contains(number),
            name(number) + (is_expired ? " is expired" : " should be expired"));
    require(corm::inspect(ref).is_doomed() == world_.is_doomed(number),
            name(number) + " is marked as removed, or should be");
    require(session_.contains(ref), name(number) + " is not in the session");
    if (is_expired)
        return;
    const Row& row = world_.seen().at(number);
    const std::string& text = table<K>().text(*ref);
    require(text == row.text, name(number) + " has the text " + text + " instead of " + row.text);
    require(key<K>(ref) == row.key, name(number) + " has the key " + std::to_string(key<K>(ref)));
    if constexpr (K == Kind::author) {
        const int version = table<K>().version(*ref);
        require(version == row.version, name(number) + " has the version " + std::to_string(version) + " instead of " +
                                            std::to_string(row.version));
    }
    if constexpr (has_parent(K))
        compare_parent<K>(number, ref, row.parent);
    if constexpr (has_children(K))
        compare_many<library::child_of(K)>(number, children_member, table<K>().children(*ref), world_.children(number));
    if constexpr (K == Kind::book)
        compare_many<Kind::tag>(number, tags_member, table<K>().pairs(*ref), row.tags);
    if constexpr (K == Kind::tag)
        compare_many<Kind::book>(number, children_member, table<K>().pairs(*ref), world_.books_of_tag(number));
}

template <class Mapping>
corm::Task<> Player<Mapping>::compare_tables() {
    std::string text;
    {
        const auto guard = session_.no_autoflush();
        text = co_await session_.one<std::string>(corm::unsafe_sql(World::text_sql));
    }
    require(text == World::text(world_.written()),
            "the session's tables are " + text + "\ninstead of " + World::text(world_.written()));
}

template <class Mapping>
corm::Task<> Player<Mapping>::compare(bool tables) {
    library::for_each_kind([&]<Kind K>(KindIs<K>) {
        for (const auto& [number, ref] : handles<K>())
            compare_object<K>(number, ref);
    });
    if (tables)
        co_await compare_tables();
}

} // namespace model_test
