// What relations mean for flushes and for objects that are removed.
#include "uow/unit_of_work.hpp"

#include "uow/flush_statements.hpp"
#include "uow/relation_sync.hpp"

#include <corm/base/error.hpp>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace corm::uow {
namespace {

using mapping::RelationEnds;
using mapping::RelationKind;
using Object = std::shared_ptr<Instance>;

bool has_book(const Object& instance) noexcept {
    return instance->book() != nullptr;
}

/// The target's foreign key of a relation whose target refers.
bool can_be_null(const RelationEnds& ends) {
    return std::all_of(ends.there.begin(), ends.there.end(), [&](std::uint16_t index) {
        const mapping::Column& column = ends.target->column(index);
        return column.type->nullable && !column.key;
    });
}

/// One that is gone may have been of a row that is deleted.
bool lacks_targets(const Member& member) {
    const std::vector<Link>& links = member.links();
    return member.loaded() && !member.changed() &&
           std::any_of(links.begin(), links.end(), [](const Link& link) { return link.lock() == nullptr; });
}

/// Collections, each with the objects that are to leave it: all at once, for there may be as many as it has.
class Collections {
public:
    [[nodiscard]] std::vector<const Instance*>& of(const Object& parent, const Relation& relation) {
        const auto [place, added] = places_.try_emplace({parent.get(), &relation}, collections_.size());
        if (added)
            collections_.push_back({parent, &relation, {}});
        return collections_[place->second].leaving;
    }
    template <class Visit>
    void for_each(Visit visit) const {
        for (const Collection& collection : collections_)
            visit(collection.parent, *collection.relation, collection.leaving);
    }

private:
    struct Collection {
        Object parent;
        const Relation* relation;
        std::vector<const Instance*> leaving;
    };
    std::vector<Collection> collections_;
    boost::unordered_flat_map<std::pair<const Instance*, const Relation*>, std::size_t> places_;
};

/// `note` is told ahead of the first that leaves.
template <class Note>
void take_out(const Member& member, const std::vector<const Instance*>& leaving, Note note) {
    boost::unordered_flat_set<const Instance*> staying = addresses(member.links());
    const std::size_t before = staying.size();
    const bool lacks = lacks_targets(member);
    for (const Instance* const deleted : leaving) {
        if (staying.contains(deleted)) {
            if (staying.size() == before)
                note();
            staying.erase(deleted);
        } else if (lacks) {
            member.unload();
            return;
        }
    }
    if (staying.size() == before)
        return;
    std::erase_if(member.links(), [&](const Link& link) {
        const Object target = link.lock();
        return target != nullptr && !staying.contains(target.get());
    });
}

void set_null(Instance& instance, std::span<const std::uint16_t> columns) {
    for (const std::uint16_t index : columns) {
        const mapping::Column& column = instance.mapper().column(index);
        column.type->set_null(column.in(instance.values()));
    }
}

} // namespace

bool UnitOfWork::has_relations() const {
    if (std::any_of(pending_.begin(), pending_.end(), has_book) ||
        std::any_of(doomed_.begin(), doomed_.end(), has_book) || std::any_of(edited_.begin(), edited_.end(), has_book))
        return true;
    return !watched_are_edited() &&
           std::any_of(watched_.begin(), watched_.end(), [](const std::weak_ptr<Instance>& weak) {
               const Object instance = weak.lock();
               return instance && has_book(instance);
           });
}

FlushPlan UnitOfWork::plan_relations(ChangeSet&& changes) {
    if (const std::vector<Object> released = release_circles(); !released.empty()) {
        ChangeSet first;
        for (const Object& instance : released)
            first.modified.push_back(&instance);
        FlushPlan plan = plan_flush(std::move(first));
        plan.has_more = true;
        return plan;
    }
    RelationSync sync{scope_};
    sync.run(pending_, changes.modified, doomed_);
    if (!sync.orphans().empty()) {
        for (const Object& orphan : sync.orphans())
            doom(orphan);
        // What their removal means is found out by `cascade_removals`, and the rest planned then.
        FlushPlan plan;
        plan.has_orphans = true;
        return plan;
    }
    // Those that an earlier stage has inserted are still on the list.
    std::vector<Object> added = sync.ordered(pending_);
    std::erase_if(added, [&](const Object& instance) {
        return instance->state != ObjectState::pending || (sync.has_more() && !sync.is_first(*instance));
    });
    changes.added = added;
    if (sync.has_more()) {
        // Updates of the same tables: they may free a value that a new row takes.
        std::erase_if(changes.modified, [&](const Object* instance) {
            return sync.waits(**instance) || std::none_of(added.begin(), added.end(), [&](const Object& first) {
                       return &first->mapper() == &(*instance)->mapper();
                   });
        });
        changes.removed = {};
    } else {
        changes.linked = sync.linked();
        changes.unlinked = sync.unlinked();
        for (const Unlinked& unlinked : sync.cleared())
            changes.cleared.push_back(clear_pairs(unlinked));
    }
    FlushPlan plan = plan_flush(std::move(changes));
    plan.has_more = sync.has_more();
    return plan;
}

void UnitOfWork::settle_relations(bool final) {
    const auto settle = [&](const Object& instance) {
        RelationBook* const book = instance->book();
        if (book == nullptr)
            return;
        if (!final && !scopes_.empty() && !book->sent.empty() && instance->sent())
            scopes_.back().remember(instance);
        book->settle(final);
        if (instance->state != ObjectState::deleted) // that has yet to leave whatever it refers to
            instance->check_references();
    };
    for (const auto* const list : {&pending_, &edited_})
        std::for_each(list->begin(), list->end(), settle);
}

void UnitOfWork::leave_relations(std::span<const Object> deleted, bool final) {
    const auto note_left = [this, final](const Object& holder) {
        // A rollback brings them back.
        if (RelationBook& book = *holder->book(); !final && book.begin.empty() && !holder->inserted_now)
            book.begin = book.contents();
        if (!final && !scopes_.empty())
            scopes_.back().note_left(holder);
    };
    Collections collections;
    boost::unordered_flat_set<const Instance*> paired;
    for (const Object& instance : deleted) {
        if (instance->book() == nullptr)
            continue;
        for (const RelationEnds& ends : mapping::RelationMap::of(instance->mapper())) {
            const RelationEnds* const other = ends.other();
            std::string key;
            if (other != nullptr && ends.kind() == RelationKind::many_to_many)
                paired.insert(instance.get());
            if (other == nullptr || !refers(ends.kind()))
                continue;
            // A link that was never written counts in memory all the same.
            const Object linked = Member{*instance, *ends.relation}.single();
            const Object written = append_related_key(*instance, ends, key) ? find(*ends.target, key) : nullptr;
            for (const Object& parent : {linked, written}) {
                if (parent != nullptr)
                    collections.of(parent, *other->relation).push_back(instance.get());
            }
        }
    }
    collections.for_each([&](const Object& parent, const Relation& relation, const auto& leaving) {
        // What is deleted along keeps them: a rollback brings all of them back.
        if (parent->state != ObjectState::deleted)
            take_out(Member{*parent, relation}, leaving, [&] { note_left(parent); });
    });
    if (paired.empty())
        return;
    const auto is_deleted = [&](const Link& link) { return paired.contains(link.lock().get()); };
    map_.for_each([&](const Object& holder) {
        for (const Relation& relation : holder->mapper().relations()) {
            if (relation.kind != RelationKind::many_to_many || holder->state == ObjectState::deleted)
                continue;
            const Member member{*holder, relation};
            std::vector<Link>& links = member.links();
            if (std::any_of(links.begin(), links.end(), is_deleted)) {
                note_left(holder);
                std::erase_if(links, is_deleted);
            } else if (lacks_targets(member)) {
                member.unload();
            }
        }
    });
}

void UnitOfWork::rejoin_relations(std::span<const Object> restored) const {
    if (std::none_of(restored.begin(), restored.end(), has_book))
        return;
    // Where they were is not known any more, if nobody else says so.
    map_.for_each([&](const Object& holder) {
        for (const RelationEnds& ends : mapping::RelationMap::of(holder->mapper())) {
            const Member member{*holder, *ends.relation};
            const bool lacks = std::any_of(restored.begin(), restored.end(), [&](const Object& instance) {
                return &instance->mapper() == ends.target && !member.holds(instance);
            });
            if (is_to_many(ends.kind()) && member.loaded() && !member.changed() && lacks)
                member.unload();
        }
    });
}

// Rows that refer to each other can be deleted in no order: the reference that the mapping names goes first.
std::vector<Object> UnitOfWork::release_circles() {
    std::vector<Object> released;
    for (const Object& instance : doomed_) {
        if (instance->book() == nullptr || instance->freshness == Freshness::expired)
            continue;
        for (const RelationEnds& ends : mapping::RelationMap::of(instance->mapper())) {
            std::string key;
            if (!ends.relation->options.post_update || !refers(ends.kind()) ||
                !append_related_key(*instance, ends, key))
                continue;
            const Object target = find(*ends.target, key);
            if (target == nullptr || !target->doomed)
                continue;
            watch(instance);
            set_null(*instance, ends.here);
            released.push_back(instance);
        }
    }
    return released;
}

void UnitOfWork::doom(const Object& instance) {
    if (instance->state == ObjectState::pending) {
        std::vector<Object> dropped{instance};
        while (!dropped.empty()) {
            const Object next = std::move(dropped.back());
            dropped.pop_back();
            if (next->state != ObjectState::pending || !owns(*next)) {
                doom(next);
                continue;
            }
            withdraw(next, [this](const Object& changed) {
                if (owns(*changed))
                    watch(changed);
            });
            leave(next);
            for (const Relation& relation : next->mapper().relations()) {
                if (!relation.options.delete_)
                    continue;
                const std::vector<Object> along = Member{*next, relation}.living();
                dropped.insert(dropped.end(), along.begin(), along.end());
            }
        }
    } else if (instance->state == ObjectState::persistent && owns(*instance) && !instance->doomed) {
        instance->doomed = true;
        if (RelationBook* const book = instance->book())
            book->forget_removal(); // an earlier one may have been undone
        doomed_.push_back(instance);
    }
}

// True if the objects of the relation are known, and were told.
bool UnitOfWork::cascade_removal(const Object& instance, const RelationEnds& ends) {
    const mapping::RelationOptions& options = ends.relation->options;
    const bool children = owns_targets(ends.kind());
    // What cannot be NULL and is not removed along is up to the database.
    if (!options.delete_ && (!children || !can_be_null(ends)))
        return true;
    const Member member{*instance, *ends.relation};
    const std::vector<Object> related = member.living();
    // What became of the rows of expired objects, only the database can tell.
    const bool readable = std::none_of(related.begin(), related.end(),
                                       [](const Object& target) { return target->freshness == Freshness::expired; });
    const bool known = member.loaded() && (member.changed() ? readable || ends.other() == nullptr
                                                            : readable && member.read_at() >= begun_);
    if (!known && !options.passive_deletes)
        return false;
    const RelationEnds* const other = ends.other();
    for (const Object& target : related) {
        if (!owns(*target) || target->state == ObjectState::deleted || target->freshness == Freshness::expired)
            continue;
        if (!target->doomed)
            instance->book()->concerned.emplace_back(target, &ends);
        if (options.delete_) {
            doom(target);
            continue;
        }
        watch(target);
        if (RelationBook* const book = target->book(); book != nullptr && other != nullptr) {
            book->remember();
            const Member back{*target, *other->relation};
            back.links().clear();
            back.loaded() = true;
            back.changed() = true;
        }
        set_null(*target, ends.there);
    }
    return true;
}

// A flush that could not be planned has found out what the removal means.
void UnitOfWork::keep(const Object& instance, std::source_location where) {
    forget_removal(instance);
    if (instance->book() == nullptr)
        return;
    for (const auto& [target, ends] : std::exchange(instance->book()->concerned, {})) {
        if (ends->relation->options.delete_) {
            if (target->doomed || target->state == ObjectState::transient)
                add(target, where);
            continue;
        }
        const RelationEnds* const other = ends->other();
        if (!owns(*target) || (other != nullptr && !Member{*target, *other->relation}.links().empty()))
            continue;
        for (std::size_t i = 0; i < ends->there.size(); ++i) {
            const mapping::Column& key = instance->mapper().column(ends->here[i]);
            const mapping::Column& column = target->mapper().column(ends->there[i]);
            convert(key, key.in(instance->values()), target->mapper(), column, column.in(target->values()));
        }
        if (other == nullptr)
            continue;
        std::erase_if(Member{*instance, *ends->relation}.links(),
                      [&target](const Link& link) { return link.refers_to(target); });
        instance->book()->link(*ends->relation, target);
    }
}

std::vector<RelationLoad> UnitOfWork::cascade_removals() {
    std::vector<RelationLoad> loads;
    // Removals may lead to others, which are appended.
    for (std::size_t i = 0; i < doomed_.size(); ++i) {
        const Object instance = doomed_[i];
        RelationBook* const book = instance->book();
        if (book == nullptr || book->removal_cascaded)
            continue;
        bool known = true;
        for (const RelationEnds& ends : mapping::RelationMap::of(instance->mapper())) {
            if (cascade_removal(instance, ends))
                continue;
            known = false;
            RelationLoad load = this->load(ends, std::span{&instance, 1}, true);
            const auto same = std::find_if(loads.begin(), loads.end(),
                                           [&](const RelationLoad& earlier) { return earlier.ends == &ends; });
            if (load.empty())
                continue;
            if (same == loads.end()) {
                loads.push_back(std::move(load));
            } else {
                std::move(load.owners.begin(), load.owners.end(), std::back_inserter(same->owners));
                std::move(load.keys.begin(), load.keys.end(), std::back_inserter(same->keys));
            }
        }
        book->removal_cascaded = known;
    }
    return loads;
}

} // namespace corm::uow
