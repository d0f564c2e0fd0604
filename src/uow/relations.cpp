// What relations mean for a flush, and what becomes of them behind it.
#include "uow/unit_of_work.hpp"

#include "uow/flush_statements.hpp"
#include "uow/relation_sync.hpp"

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

/// True if a column of these is to be updated.
bool changes_any(const Instance& instance, bool mapping::Column::* of) {
    const auto columns = instance.mapper().columns();
    return std::any_of(columns.begin(), columns.end(), [&](const mapping::Column& column) {
        return column.*of && !column.type->same(loaded(instance, column), current(instance, column));
    });
}

// Updates and deletes of the tables of its new rows may free a value that one of these takes, new keys may be what they
// refer to, and deletes concern what refers to their rows. Returns the removed objects of the stage.
std::vector<Object> choose_for_stage(ChangeSet& changes, const RelationSync& sync, std::span<const Object> pending) {
    boost::unordered_flat_set<const mapping::Mapper*> mappers;
    for (const Object& first : changes.added)
        mappers.insert(&first->mapper());
    const auto has_first = [&](const Object& instance) { return mappers.contains(&instance->mapper()); };
    std::vector<Object> removed;
    if (std::any_of(changes.removed.begin(), changes.removed.end(), has_first)) {
        // A row that a later new object takes over is not deleted. Until then it refers to what it did.
        boost::unordered_flat_set<std::pair<const mapping::Mapper*, std::string>> taken;
        for (const Object& instance : pending) {
            if (instance->state == ObjectState::pending && !sync.is_first(*instance) &&
                !leaves_key_to_server(*instance) && !has_null_key(*instance)) {
                std::string key;
                instance->mapper().append_key(instance->values(), key);
                taken.emplace(&instance->mapper(), std::move(key));
            }
        }
        for (const Object& instance : changes.removed) {
            if (taken.contains({&instance->mapper(), std::string{instance->key.view()}}))
                changes.waiting.push_back(&instance);
            else
                removed.push_back(instance);
        }
        std::copy_if(changes.modified.begin(), changes.modified.end(), std::back_inserter(changes.waiting),
                     [&](const Object* instance) { return sync.refers_later(**instance); });
    }
    std::erase_if(changes.modified, [&](const Object* instance) {
        if (sync.refers_ahead(**instance))
            return true;
        const bool moves = changes_any(**instance, &mapping::Column::key);
        if (!has_first(*instance))
            return sync.waits(**instance) || (removed.empty() && !moves);
        return sync.waits(**instance) && !moves && !changes_any(**instance, &mapping::Column::unique);
    });
    return removed;
}

} // namespace

bool UnitOfWork::has_relations() const {
    for (const auto* const list : {&pending_, &doomed_, &edited_}) {
        if (std::any_of(list->begin(), list->end(), has_book))
            return true;
    }
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
    // All of both lists: what an earlier stage has inserted or deleted may have pairs.
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
    std::vector<Object> added = sync.ordered(changes.added);
    if (sync.has_more())
        std::erase_if(added, [&](const Object& instance) { return !sync.is_first(*instance); });
    changes.added = added;
    std::vector<Object> removed;
    if (sync.has_more()) {
        changes.is_stage = true;
        removed = choose_for_stage(changes, sync, pending_);
        changes.removed = removed;
    } else {
        changes.linked = sync.linked();
        changes.unlinked = sync.unlinked();
    }
    if (!changes.is_stage || !removed.empty()) {
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

} // namespace corm::uow
