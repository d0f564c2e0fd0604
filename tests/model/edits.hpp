// Steps that need no I/O: members of `Player`, for the sources that instantiate it.
#pragma once

#include "player.hpp"

#include <algorithm>

namespace model_test {

template <class Mapping>
std::string Player<Mapping>::name(Number number) const {
    const auto row = world_.seen().find(number);
    const auto gone = world_.lost().find(number);
    const auto held = kinds_.find(number);
    const char* const kind = row != world_.seen().end()    ? to_string(row->second.kind)
                             : gone != world_.lost().end() ? to_string(gone->second.kind)
                             : held != kinds_.end()        ? to_string(held->second)
                                                           : "row";
    return std::string{kind} + " " + std::to_string(number);
}

template <class Mapping>
bool Player<Mapping>::is_usable(Number number) const {
    return is_held(number) && world_.seen().contains(number) && !expired_.contains(number);
}

template <class Mapping>
bool Player<Mapping>::is_free(const std::string& text, Kind kind, Number but) const {
    return std::none_of(world_.seen().begin(), world_.seen().end(), [&](const auto& entry) {
        return entry.first != but && entry.second.kind == kind && entry.second.text == text;
    });
}

/// A new object: what it is not linked to, it is known not to be.
template <class Mapping>
template <Kind K>
Number Player<Mapping>::put(Row row, Ref<K> ref) {
    const Number number = world_.add(std::move(row));
    take<K>(number, std::move(ref));
    loaded_[{number, children_member}] = has_children(K) || K == Kind::tag;
    if (K == Kind::book)
        loaded_[{number, tags_member}] = true;
    return number;
}

template <class Mapping>
void Player<Mapping>::forget(Number number) {
    with_kind(kind(number), [&]<Kind K>(KindIs<K>) { handles<K>().erase(number); });
    kinds_.erase(number);
    taken_.erase(number);
    found_.erase(number);
    lost_.erase(number);
    expired_.erase(number);
    loaded_.erase({number, children_member});
    loaded_.erase({number, tags_member});
    world_.give_up(number);
}

template <class Mapping>
template <Kind K>
void Player<Mapping>::add(const Step& step) {
    Row row{.kind = K, .text = fresh_text()};
    auto value = table<K>().make(row.text);
    if constexpr (K == Kind::book) {
        const Number tag = choose(step.c / 8, [&](Number n) { return kind(n) == Kind::tag && is_usable(n); });
        if (tag != 0 && step.c % 8 == 0 && !world_.is_doomed(tag)) {
            table<K>().pairs(value) = {handle<Kind::tag>(tag)};
            row.tags.insert(tag);
        }
    }
    Number parent = 0, number = 0;
    if constexpr (has_parent(K)) {
        constexpr Kind above = library::parent_of(K);
        parent = choose(step.b / 4, [&](Number n) { return kind(n) == above && is_usable(n); });
        const bool needs_one = K == Kind::page;
        if (!needs_one && step.b % 4 == 0)
            parent = 0;
        if (needs_one && parent == 0)
            return;
        row.parent = parent;
        const bool by_value = step.c % 4 == 0;
        if (by_value && parent != 0)
            table<K>().parent(value) = handle<above>(parent);
        const Ref<K> ref = by_value || step.c % 4 != 3 || parent == 0 ? session_.add(std::move(value))
                                                                      : corm::transient(std::move(value));
        if (parent != 0 && step.c % 4 == 1)
            table<K>().parent(ref.edit()) = handle<above>(parent);
        else if (parent != 0 && !by_value)
            table<above>().children(handle<above>(parent).edit()).push_back(ref);
        number = put<K>(row, ref);
    } else {
        number = put<K>(row, session_.add(std::move(value)));
    }
    note("add " + name(number) + (parent != 0 ? " to " + name(parent) : "") + " way " + std::to_string(step.c % 4) +
         (row.tags.empty() ? "" : " with " + name(*row.tags.begin())));
}

template <class Mapping>
void Player<Mapping>::add(const Step& step) {
    with_kind(static_cast<Kind>(step.a % kinds), [&]<Kind K>(KindIs<K>) { add<K>(step); });
}

template <class Mapping>
void Player<Mapping>::edit(const Step& step, bool back) {
    const Number number = choose(step.a, [&](Number n) {
        return is_usable(n) &&
               (!back || (world_.written().contains(n) && is_free(world_.written().at(n).text, kind(n), n)));
    });
    if (number == 0)
        return;
    const std::string text = back ? world_.written().at(number).text : fresh_text();
    // By the object, or by a value that is assigned to it as a whole; that one has to know what it is linked to.
    const Row& row = world_.seen().at(number);
    std::set<Number> linked = world_.children(number);
    linked.merge(kind(number) == Kind::tag ? world_.books_of_tag(number) : std::set<Number>{row.tags});
    if (row.parent != 0)
        linked.insert(row.parent);
    const bool by_value = step.c % 4 == 0 && std::all_of(linked.begin(), linked.end(), [&](Number other) {
                              return is_held(other) && !found_.contains(other);
                          });
    note((back ? "edit back " : "edit ") + name(number) + " to " + text + (by_value ? " by a value" : ""));
    with_kind(kind(number), [&]<Kind K>(KindIs<K>) {
        if (!by_value)
            return table<K>().set_text(handle<K>(number).edit(), text);
        auto value = *handle<K>(number);
        table<K>().set_text(value, text);
        handle<K>(number).edit() = value;
    });
    world_.seen().at(number).text = text;
}

template <class Mapping>
template <Kind K>
void Player<Mapping>::move(Number child, Number to, bool by_child) {
    constexpr Kind above = library::parent_of(K);
    const Ref<K>& ref = handle<K>(child);
    const Number from = world_.seen().at(child).parent;
    const auto collection = [&](Number parent) -> auto& {
        return table<above>().children(handle<above>(parent).edit());
    };
    if (to == 0 && !by_child && is_usable(from) && collection(from).is_loaded()) {
        note(" by the collection");
        require(collection(from).remove(ref), name(child) + " was not in the collection");
    } else if (to == 0) {
        table<K>().parent(ref.edit()) = nullptr;
    } else if (by_child) {
        table<K>().parent(ref.edit()) = handle<above>(to);
    } else {
        note(" by the collection");
        collection(to).push_back(ref);
    }
    if (expired_.contains(from))
        loaded_.erase({from, children_member});
    world_.seen().at(child).parent = to;
    // A page cannot be without a book: a new one is not wanted any more.
    if (to == 0 && from != 0 && K == Kind::page && world_.is_pending(child))
        world_.forget(child);
}

template <class Mapping>
void Player<Mapping>::move(const Step& step) {
    const Number child = choose(step.a, [&](Number n) { return is_usable(n) && has_parent(kind(n)); });
    if (child == 0)
        return;
    const Kind above = library::parent_of(kind(child));
    Number to = choose(step.b / 4, [&](Number n) {
        return is_usable(n) && kind(n) == above && !(above == Kind::shelf && world_.is_below(n, child));
    });
    if (step.b % 4 == 0)
        to = 0;
    note("move " + name(child) + (to == 0 ? " out" : " to " + name(to)));
    with_kind(kind(child), [&]<Kind K>(KindIs<K>) {
        if constexpr (has_parent(K))
            move<K>(child, to, step.c % 2 == 0);
    });
}

template <class Mapping>
void Player<Mapping>::clear(const Step& step) {
    const Number number = choose(step.a, [&](Number n) { return is_usable(n); });
    if (number == 0)
        return;
    std::set<Number> children = world_.children(number);
    const bool tags = kind(number) == Kind::tag || (kind(number) == Kind::book && step.c % 2 == 0);
    if (tags)
        children = kind(number) == Kind::tag ? world_.books_of_tag(number) : world_.seen().at(number).tags;
    // Nothing is known of objects that nobody holds; expired ones cannot be changed.
    if (std::any_of(children.begin(), children.end(), [&](Number child) { return !is_usable(child); }))
        return;
    bool done = false;
    const auto clear_if_loaded = [&](auto& many) {
        done = many.is_loaded();
        // Of an object that nobody kept, another one may have been made since: then nothing is taken out.
        try {
            if (done)
                many.clear();
        } catch (const corm::NotLoadedError&) {
            require(std::any_of(children.begin(), children.end(), [&](Number child) { return found_.contains(child); }),
                    "a collection cannot be cleared, and all of its objects were kept");
            done = false;
        }
    };
    with_kind(kind(number), [&]<Kind K>(KindIs<K>) {
        auto& object = handle<K>(number).edit();
        if constexpr (has_pairs(K)) {
            if (tags)
                clear_if_loaded(table<K>().pairs(object));
        }
        if constexpr (has_children(K)) {
            if (!tags)
                clear_if_loaded(table<K>().children(object));
        }
    });
    if (!done)
        return;
    note("clear " + name(number) + (tags ? "'s pairs" : ""));
    for (const Number child : children) {
        if (tags) {
            world_.seen().at(number).tags.erase(child);
            world_.seen().at(child).tags.erase(number);
            continue;
        }
        world_.seen().at(child).parent = 0;
        if (kind(child) == Kind::page && world_.is_pending(child))
            world_.forget(child);
    }
}

template <class Mapping>
void Player<Mapping>::link(const Step& step) {
    const Number book = choose(step.a, [&](Number n) { return kind(n) == Kind::book && is_usable(n); });
    const Number tag = choose(step.b, [&](Number n) { return kind(n) == Kind::tag && is_usable(n); });
    if (book == 0 || tag == 0)
        return;
    const auto& books = table<Kind::book>();
    const auto& tags = table<Kind::tag>();
    // A pair that is there already is recognised by a side that is loaded, and has kept the object.
    const bool is_recognised =
        (books.pairs(*handle<Kind::book>(book)).is_loaded() || tags.pairs(*handle<Kind::tag>(tag)).is_loaded()) &&
        !found_.contains(book) && !found_.contains(tag);
    if (world_.seen().at(book).tags.contains(tag) && !is_recognised)
        return;
    note("link " + name(book) + " and " + name(tag) + (step.c % 2 == 0 ? " by the book" : " by the tag"));
    if (step.c % 2 == 0)
        books.pairs(handle<Kind::book>(book).edit()).push_back(handle<Kind::tag>(tag));
    else
        tags.pairs(handle<Kind::tag>(tag).edit()).push_back(handle<Kind::book>(book));
    world_.seen().at(book).tags.insert(tag);
}

template <class Mapping>
void Player<Mapping>::unlink(const Step& step) {
    const Number book = choose(
        step.a, [&](Number n) { return kind(n) == Kind::book && is_usable(n) && !world_.seen().at(n).tags.empty(); });
    const Number tag =
        choose(step.b, [&](Number n) { return book != 0 && is_usable(n) && world_.seen().at(book).tags.contains(n); });
    if (book == 0 || tag == 0)
        return;
    auto& by_book = table<Kind::book>().pairs(handle<Kind::book>(book).edit());
    auto& by_tag = table<Kind::tag>().pairs(handle<Kind::tag>(tag).edit());
    try {
        if (by_book.is_loaded() && step.c % 2 == 0)
            require(by_book.remove(handle<Kind::tag>(tag)), name(tag) + " was not among the tags of " + name(book));
        else if (by_tag.is_loaded())
            require(by_tag.remove(handle<Kind::book>(book)), name(book) + " was not among the books of " + name(tag));
        else
            return;
    } catch (const corm::NotLoadedError&) {
        return; // an object of the collection that nobody has kept may be this row
    }
    note("unlink " + name(book) + " and " + name(tag) + (step.c % 2 == 0 ? " by the book" : " by the tag"));
    world_.seen().at(book).tags.erase(tag);
}

template <class Mapping>
void Player<Mapping>::remove(const Step& step) {
    const Number number = choose(step.a, [&](Number n) { return is_usable(n) && !world_.is_doomed(n); });
    if (number == 0)
        return;
    note("remove " + name(number));
    with_kind(kind(number), [&]<Kind K>(KindIs<K>) { session_.remove(handle<K>(number)); });
    world_.remove(number);
}

template <class Mapping>
void Player<Mapping>::keep(const Step& step) {
    const Number number = choose(step.a, [&](Number n) {
        return is_usable(n) && world_.is_doomed(n) && is_free(world_.written().at(n).text, kind(n), n) &&
               is_free(world_.seen().at(n).text, kind(n), n) &&
               (world_.seen().at(n).parent == 0 || world_.seen().contains(world_.seen().at(n).parent));
    });
    if (number == 0)
        return;
    note("keep " + name(number));
    with_kind(kind(number), [&]<Kind K>(KindIs<K>) { session_.add(handle<K>(number)); });
    world_.keep(number);
}

/// A new object gets what a removed one leaves; a new child of it waits for its key.
template <class Mapping>
template <Kind K>
void Player<Mapping>::replace(Number gone, bool with_child) {
    const std::string text = world_.written().at(gone).text;
    const Number number = put<K>({.kind = K, .text = text}, session_.add(table<K>().make(text)));
    note("replace " + name(gone) + " by " + name(number));
    if constexpr (has_children(K)) {
        constexpr Kind below = library::child_of(K);
        if (!with_child)
            return;
        Row row{.kind = below, .text = fresh_text(), .parent = number};
        auto child = table<below>().make(row.text);
        table<below>().parent(child) = handle<K>(number);
        note(" with " + name(put<below>(std::move(row), session_.add(std::move(child)))));
    }
}

template <class Mapping>
void Player<Mapping>::replace(const Step& step) {
    const Number gone = choose(step.a, [&](Number n) {
        return is_usable(n) && world_.is_doomed(n) && kind(n) != Kind::page &&
               is_free(world_.written().at(n).text, kind(n), n);
    });
    if (gone != 0)
        with_kind(kind(gone), [&]<Kind K>(KindIs<K>) { replace<K>(gone, step.b % 2 == 0); });
}

template <class Mapping>
void Player<Mapping>::add_again(const Step& step) {
    const Number number = choose(step.a, [&](Number n) { return world_.lost().contains(n); });
    if (number == 0)
        return;
    // Transient objects that are linked join together; what they are linked to must be as it was.
    std::set<Number> all{number};
    bool good = true;
    for (std::size_t known = 0; good && known != all.size();) {
        known = all.size();
        for (const Number member : std::set<Number>{all}) {
            const Row& row = world_.lost().at(member);
            std::set<Number> linked = row.tags;
            if (row.parent != 0)
                linked.insert(row.parent);
            for (const auto& [other, of] : world_.lost()) {
                if (of.parent == member || of.tags.contains(member))
                    linked.insert(other);
            }
            good = good && is_held(member) && !world_.is_entangled(member) && is_free(row.text, row.kind, member) &&
                   (row.kind != Kind::page || row.parent != 0) && lost_.at(member) == lost_.at(number);
            for (const Number other : linked) {
                if (world_.lost().contains(other))
                    all.insert(other);
                else
                    good = good && is_usable(other) && world_.standing(other) == Standing::persistent &&
                           !world_.is_doomed(other) && taken_.at(other) < lost_.at(member);
            }
        }
    }
    if (!good)
        return;
    note("add again " + name(number) + " with " + std::to_string(all.size() - 1) + " others");
    with_kind(kind(number), [&]<Kind K>(KindIs<K>) { session_.add(handle<K>(number)); });
    for (const Number member : all) {
        world_.add_again(member);
        lost_.erase(member);
    }
}

template <class Mapping>
void Player<Mapping>::drop(const Step& step) {
    const Number number = choose(step.a, [&](Number n) { return world_.standing(n) != Standing::pending; });
    if (number == 0)
        return;
    note("drop " + name(number));
    // Collections with it may be given up when it is gone.
    std::erase_if(loaded_, [&](const auto& entry) {
        const auto& [owner, member] = entry.first;
        const auto holder = world_.seen().find(owner), dropped = world_.seen().find(number);
        if (!entry.second || holder == world_.seen().end() || dropped == world_.seen().end())
            return false;
        return member == tags_member ? holder->second.tags.contains(number)
                                     : dropped->second.parent == owner || dropped->second.tags.contains(owner);
    });
    forget(number);
}

} // namespace model_test
