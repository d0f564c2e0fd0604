// Steps that ask the database: members of `Player`, for the sources that instantiate it.
#pragma once

#include "player.hpp"

#include <algorithm>
#include <exception>

namespace model_test {
using library::table_of;

/// Everything was written: the model does the same, and learns the new keys.
template <class Mapping>
void Player<Mapping>::flushed() {
    world_.flush();
    met();
    std::set<std::pair<Kind, std::int64_t>> keys;
    for (const auto& [number, row] : world_.seen()) {
        if (row.key != 0)
            keys.emplace(row.kind, row.key);
    }
    library::for_each_kind([&]<Kind K>(KindIs<K>) {
        for (const auto& [number, ref] : handles<K>()) {
            const auto row = world_.seen().find(number);
            if (row == world_.seen().end() || row->second.key != 0)
                continue;
            row->second.key = key<K>(ref);
            require(row->second.key > 0 && keys.emplace(K, row->second.key).second,
                    name(number) + " was written under the key " + std::to_string(row->second.key));
        }
    });
    world_.flush();
}

template <class Mapping>
corm::Task<> Player<Mapping>::flush() {
    const Rows written = world_.written(), seen = world_.seen();
    co_await session_.flush();
    flushed();
    co_await plant(written, seen);
}

/// Behind corm's back, and the model's.
template <class Mapping>
corm::Task<> Player<Mapping>::plant(Rows written, Rows seen) {
    std::string sql;
    for (const auto& [number, row] : world_.written()) {
        const auto before = written.find(number);
        const std::string at = " where id = " + std::to_string(row.key);
        if (before == written.end())
            continue;
        if (planted_ == Planted::lost_edit && before->second.text != row.text)
            sql = std::string{"update "} + table_of(row.kind) + " set text = '" + before->second.text + "'" + at;
        const Number parent = before->second.parent;
        if (planted_ == Planted::wrong_restore && parent != row.parent && row.kind != Kind::page)
            sql = std::string{"update "} + table_of(row.kind) +
                  (row.kind == Kind::book ? " set author_id = " : " set parent_id = ") +
                  (world_.written().contains(parent) ? std::to_string(world_.written().at(parent).key) : "null") + at;
    }
    for (const auto& [number, row] : written) {
        if (planted_ == Planted::kept_orphan && row.kind == Kind::page && !world_.written().contains(number) &&
            world_.written().contains(row.parent) && seen.contains(number) && seen.at(number).parent == 0)
            sql = "insert into pages (id, book_id, text) values (" + std::to_string(row.key) + ", " +
                  std::to_string(world_.written().at(row.parent).key) + ", '" + row.text + "')";
    }
    if (sql.empty())
        co_return;
    const auto guard = session_.no_autoflush();
    co_await session_.execute(corm::unsafe_sql(sql));
}

/// The rows are those of an earlier time again.
template <class Mapping>
corm::Task<> Player<Mapping>::undone(int since) {
    loaded_.clear();
    for (const auto& [number, kind] : std::map<Number, Kind>{kinds_}) {
        // What was read within may be of rows that never were: an object that was made for such a row is of no use.
        if (found_.contains(number) && taken_.at(number) > since && !world_.written().contains(number)) {
            forget(number);
            continue;
        }
        if (taken_.at(number) > since && world_.written().contains(number) && !expired_.contains(number))
            co_await with_kind(kind, [&]<Kind K>(KindIs<K>) { return reread<K>(number); });
    }
}

template <class Mapping>
template <Kind K>
corm::Task<> Player<Mapping>::reread(Number number) {
    co_await session_.refresh(handle<K>(number));
    expired_.erase(number);
}

template <class Mapping>
corm::Task<> Player<Mapping>::refuse(const Step& step) {
    const Number number = choose(
        step.a, [&](Number n) { return is_usable(n) && (kind(n) != Kind::page || world_.seen().at(n).parent != 0); });
    if (number == 0 || world_.has_doomed())
        co_return;
    note("refuse " + name(number));
    with_kind(kind(number), [&]<Kind K>(KindIs<K>) { table<K>().set_text(handle<K>(number).edit(), "bad"); });
    world_.seen().at(number).text = "bad";
    bool refused = false;
    try {
        co_await session_.flush();
    } catch (const corm::IntegrityError&) {
        refused = true;
    }
    require(refused, "a row was written that the database refuses");
    const Step innermost{.op = Op::rollback_to};
    if (world_.depth() == 0)
        co_await rollback();
    else
        co_await end_savepoint(innermost, true);
    if (const auto lost = world_.lost().find(number); lost != world_.lost().end()) {
        lost->second.text = fresh_text();
        with_kind(kind(number),
                  [&]<Kind K>(KindIs<K>) { table<K>().set_text(handle<K>(number).edit(), lost->second.text); });
    }
}

template <class Mapping>
corm::Task<> Player<Mapping>::begin() {
    note("begin");
    corm::Savepoint savepoint = co_await session_.begin_nested();
    flushed();
    world_.begin();
    savepoints_.emplace_back(std::move(savepoint), time_);
}

template <class Mapping>
corm::Task<> Player<Mapping>::end_savepoint(const Step& step, bool rolls_back) {
    if (savepoints_.empty())
        co_return;
    const std::size_t index = step.a % 4 == 1 ? step.b % savepoints_.size() : savepoints_.size() - 1;
    note((rolls_back ? " roll back to savepoint " : "release savepoint ") + std::to_string(index));
    const Rows written = world_.written();
    const int since = savepoints_[index].second;
    if (!rolls_back) {
        co_await savepoints_[index].first.release();
        flushed();
        world_.release(index);
    } else if (step.c % 4 != 1) {
        co_await savepoints_[index].first.rollback();
        world_.rollback_to(index);
    } else {
        note(" by dropping it");
        world_.rollback_to(index);
    }
    while (savepoints_.size() > index)
        savepoints_.pop_back();
    if (!rolls_back)
        co_return;
    co_await undone(since);
    if (planted_ == Planted::wrong_restore)
        co_await plant(written, {});
}

template <class Mapping>
corm::Task<> Player<Mapping>::commit() {
    note("commit");
    co_await session_.commit();
    flushed();
    world_.commit();
    savepoints_.clear();
    begun_ = time_;
    const std::string text = observer_.ask(World::text_sql);
    require(text == World::text(world_.committed()),
            "the committed tables are " + text + "\ninstead of " + World::text(world_.committed()));
}

template <class Mapping>
corm::Task<> Player<Mapping>::rollback() {
    note("rollback");
    co_await session_.rollback();
    world_.rollback();
    savepoints_.clear();
    co_await undone(begun_);
    begun_ = time_;
}

template <class Mapping>
corm::Task<> Player<Mapping>::expire(const Step& step) {
    const auto can_be = [&](Number n) { return is_usable(n) && world_.written().contains(n) && !world_.is_doomed(n); };
    const Number number = choose(step.a, can_be);
    if (number == 0)
        co_return;
    if (!world_.only_texts_differ())
        co_await flush();
    if (!can_be(number))
        co_return;
    note("expire " + name(number));
    // Edits are dropped, and those of a book's known pages.
    std::set<Number> all{number};
    if (kind(number) == Kind::book && table<Kind::book>().children(*handle<Kind::book>(number)).is_loaded())
        all.merge(world_.children(number));
    with_kind(kind(number), [&]<Kind K>(KindIs<K>) { session_.expire(handle<K>(number)); });
    for (const Number one : all) {
        world_.seen().at(one).text = world_.written().at(one).text;
        torn_.insert(one);
        if (!is_held(one))
            continue;
        expired_.insert(one);
        loaded_[{one, children_member}] = false;
        if (kind(one) == Kind::book)
            loaded_[{one, tags_member}] = false;
        else if (kind(one) == Kind::page)
            loaded_.erase({one, children_member});
    }
}

template <class Mapping>
template <Kind K>
corm::Task<> Player<Mapping>::get(Number number, bool locks) {
    const std::int64_t key = world_.written().at(number).key;
    const std::uint64_t before = engine_.stats().round_trips;
    Ref<K> found;
    if (locks)
        found = co_await table<K>().get(session_, key, corm::for_update);
    else
        found = co_await table<K>().get(session_, key);
    if (engine_.stats().round_trips != before) {
        // What was asked for was not flushed along, if it was known.
        co_await session_.flush();
        flushed();
    }
    if (!world_.written().contains(number)) {
        require(!found, name(number) + " was found, and has no row any more");
        co_return;
    }
    require(static_cast<bool>(found), name(number) + " was not found");
    if (is_held(number))
        require(found == handle<K>(number), "get() has made another object of " + name(number));
    else
        take_found<K>(number, found);
    expired_.erase(number);
}

template <class Mapping>
corm::Task<> Player<Mapping>::get(const Step& step) {
    std::vector<Number> found;
    for (const auto& [number, row] : world_.written()) {
        if (!world_.is_doomed(number))
            found.push_back(number);
    }
    if (found.empty())
        co_return;
    const Number number = found[step.a % found.size()];
    const Kind kind = world_.written().at(number).kind;
    const bool locks = step.c % 4 == 0;
    note((locks ? "lock " : "get ") + name(number));
    co_await with_kind(kind, [&]<Kind K>(KindIs<K>) { return get<K>(number, locks); });
}

template <class Mapping>
corm::Task<> Player<Mapping>::refresh(const Step& step) {
    const auto can_be = [&](Number n) { return world_.written().contains(n) && !world_.is_doomed(n); };
    const Number number = choose(step.a, can_be);
    if (number == 0)
        co_return;
    if (!world_.only_texts_differ())
        co_await flush();
    if (!can_be(number))
        co_return;
    note("refresh " + name(number));
    co_await with_kind(kind(number), [&]<Kind K>(KindIs<K>) { return reread<K>(number); });
    world_.seen().at(number).text = world_.written().at(number).text;
    flushed();
}

/// A load, perhaps for a removal, has met rows of expired objects: which ones, depends on what was known.
template <class Mapping>
void Player<Mapping>::met() {
    std::erase_if(expired_, [&](Number number) {
        return with_kind(kind(number), [&]<Kind K>(KindIs<K>) {
            return corm::inspect(handle<K>(number)).freshness() != corm::Freshness::expired;
        });
    });
}

template <class Mapping>
template <Kind K>
corm::Task<> Player<Mapping>::query(bool with_children, std::uint32_t kept) {
    auto select = table<K>().select();
    if constexpr (has_children(K)) {
        if (with_children)
            select = table<K>().select_with_children();
    }
    const std::vector<Ref<K>> all = co_await session_.all(std::move(select));
    flushed();
    std::map<std::int64_t, Number> expected;
    for (const auto& [number, row] : world_.written()) {
        if (row.kind == K)
            expected.emplace(row.key, number);
    }
    require(all.size() == expected.size(),
            "a query has found " + std::to_string(all.size()) + " rows instead of " + std::to_string(expected.size()));
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto at = expected.find(key<K>(all[i]));
        require(at != expected.end(), "a query has found a row that should not be");
        const Number number = at->second;
        if (is_held(number))
            require(all[i] == handle<K>(number), "a query has made another object of " + name(number));
        else if ((kept >> (i % 32) & 1U) != 0)
            take_found<K>(number, all[i]);
        if (!is_held(number))
            continue;
        expired_.erase(number);
        if (with_children && has_children(K))
            loaded_[{number, children_member}] = true;
    }
    met();
}

template <class Mapping>
corm::Task<> Player<Mapping>::query(const Step& step) {
    const Kind kind = static_cast<Kind>(step.a % kinds);
    const bool with_children = step.b % 2 == 0;
    note(std::string{"query "} + to_string(kind) + (with_children ? "s with children" : "s"));
    co_await with_kind(kind, [&]<Kind K>(KindIs<K>) { return query<K>(with_children, step.c); });
}

template <class Mapping>
template <Kind K>
corm::Task<> Player<Mapping>::load(Number number, std::uint32_t which) {
    const Ref<K> ref = handle<K>(number);
    bool parent = which % 3 == 0 && has_parent(K) && !expired_.contains(number);
    if constexpr (has_parent(K)) {
        if (parent || !(has_children(K) || has_pairs(K))) {
            parent = true;
            note("'s parent");
            co_await session_.load(ref, table<K>().parent_load());
        }
    }
    const bool tags = K == Kind::book && which % 3 == 1;
    if constexpr (has_pairs(K)) {
        if ((tags || K == Kind::tag) && !parent)
            co_await session_.load(ref, table<K>().pairs_load());
    }
    if constexpr (has_children(K)) {
        if (!tags && !parent)
            co_await session_.load(ref, table<K>().children_load());
    }
    met();
    if (!parent)
        loaded_[{number, tags ? tags_member : children_member}] = true;
    else if constexpr (has_parent(K))
        require(table<K>().parent(*ref).is_loaded(), "the parent of " + name(number) + " is not loaded");
}

template <class Mapping>
corm::Task<> Player<Mapping>::load(const Step& step) {
    const Number number = choose(step.a, [&](Number n) {
        return world_.seen().contains(n) && !world_.is_doomed(n) && !(kind(n) == Kind::page && expired_.contains(n));
    });
    if (number == 0)
        co_return;
    const bool flushes = step.b % 3 != 0;
    note((flushes ? "load " : "load without flush ") + name(number));
    const auto load_one = [&]<Kind K>(KindIs<K>) { return load<K>(number, step.c); };
    if (flushes) {
        // What is deleted by the flush is not read.
        co_await session_.flush();
        flushed();
        if (world_.seen().contains(number))
            co_await with_kind(kind(number), load_one);
        co_return;
    }
    const auto guard = session_.no_autoflush();
    co_await with_kind(kind(number), load_one);
}

/// Everything that has a row goes on in the new session.
template <class Mapping>
void Player<Mapping>::reopen() {
    library::for_each_kind([&]<Kind K>(KindIs<K>) {
        for (const auto& [number, ref] : handles<K>())
            session_.add(ref);
    });
    world_.reopen();
}

template <class Mapping>
corm::Task<> Player<Mapping>::close(const Step& step) {
    const bool drops = step.c % 2 == 0;
    const bool unchanged = world_.written() == world_.committed() && world_.seen() == world_.committed();
    note(drops ? "drop the session" : "close");
    if (drops) {
        savepoints_.clear();
        session_ = corm::AsyncSession{engine_};
    } else {
        co_await session_.close();
        savepoints_.clear();
    }
    world_.close();
    loaded_.clear();
    const int since = std::exchange(begun_, time_);
    const bool goes_on = step.b % 3 != 0 && (unchanged || !drops);
    for (const auto& [number, kind] : std::map<Number, Kind>{kinds_}) {
        if (!goes_on || !world_.written().contains(number) || (!unchanged && taken_.at(number) > since))
            forget(number);
    }
    world_.lost().clear();
    if (goes_on) {
        note(" and go on in another");
        reopen();
    }
}

template <class Mapping>
corm::Task<> Player<Mapping>::step(const Step& step) {
    switch (step.op) {
    case Op::add: add(step); break;
    case Op::edit: edit(step, false); break;
    case Op::edit_back: edit(step, true); break;
    case Op::move: move(step); break;
    case Op::clear: clear(step); break;
    case Op::link: link(step); break;
    case Op::unlink: unlink(step); break;
    case Op::remove: remove(step); break;
    case Op::keep: keep(step); break;
    case Op::replace: replace(step); break;
    case Op::add_again: add_again(step); break;
    case Op::drop: drop(step); break;
    case Op::flush:
        note("flush");
        co_await flush();
        break;
    case Op::refuse: co_await refuse(step); break;
    case Op::begin: co_await begin(); break;
    case Op::release: co_await end_savepoint(step, false); break;
    case Op::rollback_to: co_await end_savepoint(step, true); break;
    case Op::commit: co_await commit(); break;
    case Op::rollback: co_await rollback(); break;
    case Op::expire: co_await expire(step); break;
    case Op::get: co_await get(step); break;
    case Op::refresh: co_await refresh(step); break;
    case Op::query: co_await query(step); break;
    case Op::load: co_await load(step); break;
    case Op::close: co_await close(step); break;
    }
}

template <class Mapping>
corm::Task<> Player<Mapping>::play(Steps steps) {
    steps.push_back({.op = Op::commit});
    for (const Step& next : steps) {
        ++time_;
        for (const auto& [number, kind] : std::map<Number, Kind>{kinds_}) {
            if (world_.standing(number) == Standing::detached)
                forget(number);
        }
        const std::size_t length = log_.size();
        const std::map<std::pair<Number, int>, bool> loaded = loaded_;
        const auto was_whole = [&](Number number) {
            const auto knows = [&](int member) {
                const auto found = loaded.find({number, member});
                return found != loaded.end() && found->second;
            };
            return kind(number) == Kind::page ||
                   (knows(children_member) && (kind(number) != Kind::book || knows(tags_member)));
        };
        bool refused = false;
        try {
            co_await step(next);
        } catch (const corm::MappingError& error) {
            // A row that has to go ahead of the one that takes its text is referred to until later.
            refused = std::string_view{error.what()}.find("moves away from") != std::string_view::npos;
            if (!refused)
                throw;
        }
        if (refused) {
            note(" is refused, ");
            co_await rollback();
        }
        if (log_.size() != length)
            note("\n");
        for (const auto& [number, row] : Rows{world_.lost()}) {
            expired_.erase(number);
            // What was expired has forgotten its links, and a collection that is not loaded does not know them.
            if (!is_held(number) || torn_.contains(number) || !was_whole(number)) {
                world_.give_up(number);
                if (is_held(number))
                    forget(number);
                continue;
            }
            // A stage of a flush that failed has left it a key.
            if (lost_.emplace(number, time_).second)
                world_.lost().at(number).key =
                    with_kind(row.kind, [&]<Kind K>(KindIs<K>) { return key<K>(handle<K>(number)); });
        }
        co_await compare(next.op == Op::flush || next.op == Op::commit || next.op == Op::rollback_to ||
                         next.op == Op::rollback || next.a % 4 == 0);
    }
}

} // namespace model_test
