// What relations mean for flushes and for objects that are removed.
#include "uow/unit_of_work.hpp"

#include "uow/flush_statements.hpp"
#include "uow/relation_sync.hpp"

#include <corm/base/error.hpp>

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
    std::vector<Object> added;
    if (sync.has_more()) {
        std::copy_if(pending_.begin(), pending_.end(), std::back_inserter(added),
                     [&](const Object& instance) { return sync.is_first(*instance); });
        // Updates of the same tables: they may free a value that a new row takes.
        std::erase_if(changes.modified, [&](const Object* instance) {
            return sync.waits(**instance) || std::none_of(added.begin(), added.end(), [&](const Object& first) {
                       return &first->mapper() == &(*instance)->mapper();
                   });
        });
        changes.added = added;
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
        if (!final && !scopes_.empty() && !book->sent.empty() && instance->sent)
            scopes_.back().remember(instance);
        book->settle(final);
        instance->check_references();
    };
    for (const auto* const list : {&pending_, &staged_, &edited_})
        std::for_each(list->begin(), list->end(), settle);
    staged_.clear();
}

void UnitOfWork::leave_relations(const Object& instance) const {
    RelationBook* const book = instance->book();
    if (book == nullptr)
        return;
    for (const RelationEnds& ends : mapping::RelationMap::of(instance->mapper())) {
        const RelationEnds* const other = ends.other();
        if (other == nullptr || (!refers(ends.kind()) && ends.kind() != RelationKind::many_to_many))
            continue;
        std::vector<Object> related = Member{*instance, *ends.relation}.living();
        std::string key;
        if (related.empty() && refers(ends.kind()) && append_related_key(*instance, ends, key)) {
            if (Object parent = find(*ends.target, key))
                related.push_back(std::move(parent));
        }
        for (const Object& target : related) {
            const Member member{*target, *other->relation};
            std::erase_if(member.links(), [&](const Link& link) { return link.refers_to(instance); });
        }
    }
}

void UnitOfWork::doom(const Object& instance) {
    if (instance->state == ObjectState::pending) {
        expunge(instance);
    } else if (instance->state == ObjectState::persistent && owns(*instance) && !instance->doomed) {
        instance->doomed = true;
        doomed_.push_back(instance);
    }
}

// True if the objects of the relation are known, and were told.
bool UnitOfWork::cascade_removal(const Object& instance, const RelationEnds& ends) {
    const mapping::RelationOptions& options = ends.relation->options;
    const bool children = ends.kind() == RelationKind::one_to_many || ends.kind() == RelationKind::one_to_one_inverse;
    // What cannot be NULL and is not removed along is up to the database.
    if (!options.delete_ && (!children || !can_be_null(ends)))
        return true;
    const Member member{*instance, *ends.relation};
    const std::vector<Object> related = member.living();
    const bool read = member.transaction() == transaction_ &&
                      std::none_of(related.begin(), related.end(),
                                   [](const Object& target) { return target->freshness == Freshness::expired; });
    const bool known = member.loaded() && (member.changed() || read);
    if (!known && !options.passive_deletes)
        return false;
    const RelationEnds* const other = ends.other();
    for (const Object& target : related) {
        if (!owns(*target) || target->state == ObjectState::deleted || target->freshness == Freshness::expired)
            continue;
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
        for (const std::uint16_t index : ends.there) {
            const mapping::Column& column = target->mapper().column(index);
            column.type->set_null(column.in(target->values()));
        }
    }
    return true;
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
