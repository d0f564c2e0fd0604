// The session, its objects and the tables as the model says.
#include "player.hpp"

namespace model_test {
namespace {

corm::ObjectState state_of(Standing standing) {
    switch (standing) {
    case Standing::transient: return corm::ObjectState::transient;
    case Standing::pending: return corm::ObjectState::pending;
    case Standing::persistent: return corm::ObjectState::persistent;
    case Standing::deleted: return corm::ObjectState::deleted;
    case Standing::detached: break;
    }
    return corm::ObjectState::detached;
}

} // namespace

template <class T>
void Player::compare_parent(Number number, const Ref<T>& ref, Number parent) {
    using Parent = typename Traits<T>::Parent;
    const One<Parent>& one = (*ref).*Traits<T>::parent;
    const std::string what = "the parent of " + name(number);
    if (!one.is_loaded() || (parent != 0 && !world_.seen().contains(parent)))
        return;
    if (parent == 0) {
        require(!one, what + " is an object, and should be none");
        return;
    }
    require(static_cast<bool>(one), what + " is none, and should be " + name(parent));
    Ref<Parent> found;
    try {
        found = one.get();
    } catch (const corm::NotLoadedError&) {
        // Another object may have been made of its row since.
        require(!is_held(parent) || found_.contains(parent), what + " is gone, but " + name(parent) + " is held");
        return;
    }
    if (is_held(parent))
        require(found == handle<Parent>(parent), what + " is not the object of " + name(parent));
    else if (corm::inspect(found).freshness() != corm::Freshness::expired)
        require(found->id == world_.seen().at(parent).key, what + " has another key than " + name(parent));
}

template <class T, class C>
void Player::compare_many(Number number, int member, const Ref<T>& ref, const Many<C>& many,
                          const std::set<Number>& expected) {
    static_cast<void>(ref);
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
            require(many.contains(handle<C>(child)), what + " lacks " + name(child));
        keys.insert(world_.seen().at(child).key);
    }
    for (std::size_t i = 0; i < many.size(); ++i) {
        try {
            const Ref<C> child = many[i];
            if (corm::inspect(child).freshness() != corm::Freshness::expired)
                require(keys.contains(child->id),
                        what + " has the key " + std::to_string(child->id) + " and should have" + listed);
        } catch (const corm::NotLoadedError&) {
            bool all_held = true;
            for (const Number child : expected)
                all_held = all_held && is_held(child) && !found_.contains(child);
            require(!all_held, what + " has lost an object, and all are held");
        }
    }
}

template <class T>
void Player::compare_object(Number number, const Ref<T>& ref) {
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
    require(ref->text == row.text, name(number) + " has the text " + ref->text + " instead of " + row.text);
    require(ref->id == row.key, name(number) + " has the key " + std::to_string(ref->id));
    if constexpr (requires { ref->version; })
        require(ref->version == row.version, name(number) + " has the version " + std::to_string(ref->version) +
                                                 " instead of " + std::to_string(row.version));
    if constexpr (HasParent<T>)
        compare_parent(number, ref, row.parent);
    if constexpr (HasChildren<T>)
        compare_many(number, children_member, ref, (*ref).*Traits<T>::children, world_.children(number));
    if constexpr (Traits<T>::kind == Kind::book)
        compare_many(number, tags_member, ref, ref->tags, row.tags);
    if constexpr (Traits<T>::kind == Kind::tag)
        compare_many(number, children_member, ref, ref->books, world_.books_of_tag(number));
}

corm::Task<> Player::compare_tables() {
    std::string text;
    {
        const auto guard = session_.no_autoflush();
        text = co_await session_.one<std::string>(corm::unsafe_sql(library_text));
    }
    require(text == World::text(world_.written()),
            "the session's tables are " + text + "\ninstead of " + World::text(world_.written()));
}

corm::Task<> Player::compare(bool tables) {
    std::apply(
        [&](auto&... all) {
            (..., [&] {
                for (const auto& [number, ref] : all)
                    compare_object(number, ref);
            }());
        },
        handles_);
    if (tables)
        co_await compare_tables();
}

} // namespace model_test
