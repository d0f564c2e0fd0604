// Undoing a transaction, or the part of it behind a savepoint.
#include "uow/unit_of_work.hpp"

#include "uow/relation_book.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace corm::uow {
namespace {

/// The living objects from `first` on, which the list forgets.
std::vector<std::shared_ptr<Instance>> take_from(std::vector<std::weak_ptr<Instance>>& list, std::size_t first) {
    std::vector<std::shared_ptr<Instance>> living;
    for (std::size_t i = first; i < list.size(); ++i) {
        if (std::shared_ptr<Instance> instance = list[i].lock())
            living.push_back(std::move(instance));
    }
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(first), list.end());
    return living;
}

} // namespace

void UnitOfWork::assign_values(Instance& instance, const mapping::ValueBlock& from) {
    for (const mapping::Column& column : instance.mapper().columns())
        column.type->copy_assign(column.in(instance.values()), from.at(column));
}

// Edited attributes get the values of the start of the transaction back.
void UnitOfWork::restore(Instance& instance) const {
    if (instance.at_begin())
        instance.make_sent() = std::exchange(instance.make_at_begin(), {});
    if (instance.sent())
        assign_values(instance, instance.sent());
    age(instance);
    forget_doom(instance);
    if (RelationBook* const book = instance.book()) {
        book->undo(true);
        instance.check_references();
    }
}

void UnitOfWork::age(Instance& instance) noexcept {
    if (instance.freshness == Freshness::fresh)
        instance.freshness = Freshness::stale;
}

// Objects without a row, or without one any more, lose their identity before others take their keys back.
void UnitOfWork::take_back_identities(std::size_t inserted_before) {
    // What a stage of a flush has inserted is undone below.
    for (const auto& instance : pending_) {
        if (instance->state == ObjectState::pending)
            detach(*instance, ObjectState::transient);
    }
    pending_.clear();
    for (const auto& instance : doomed_)
        forget_doom(*instance);
    doomed_.clear();
    is_staged_ = false;
    for (const auto& instance : take_from(inserted_, inserted_before)) {
        if (!owns(*instance))
            continue;
        map_.erase(*instance);
        detach(*instance, ObjectState::transient);
    }
}

void UnitOfWork::forget_read_behind(Instance& instance, std::uint32_t time) {
    for (const Relation& relation : instance.mapper().relations()) {
        // A foreign key tells by itself whether the object that is known is the one.
        if (const Member member{instance, relation};
            !refers(relation.kind) && member.loaded() && member.read_at() > time)
            member.unload();
    }
}

// Another object that was read under the key meanwhile is of a row that is undone.
void UnitOfWork::reclaim(const std::shared_ptr<Instance>& instance) {
    if (const auto other = map_.find(instance->mapper(), instance->key); other && other != instance)
        expunge(other);
    map_.insert(instance);
}

// Of two objects of one identity, the one that was there first is the last, so that it gets its place back.
std::vector<std::shared_ptr<Instance>> UnitOfWork::take_deleted(std::size_t first) {
    std::vector<std::shared_ptr<Instance>> deleted = take_from(deleted_, first);
    std::erase_if(deleted, [this](const std::shared_ptr<Instance>& instance) {
        return !owns(*instance) || instance->state != ObjectState::deleted;
    });
    std::reverse(deleted.begin(), deleted.end());
    for (const auto& instance : deleted)
        instance->state = ObjectState::persistent;
    return deleted;
}

void UnitOfWork::rolled_back() {
    scopes_.clear();
    take_back_identities(0);
    std::vector<std::shared_ptr<Instance>> living;
    map_.for_each([&living](const std::shared_ptr<Instance>& instance) { living.push_back(instance); });
    std::vector<std::shared_ptr<Instance>> returning;
    std::copy_if(living.begin(), living.end(), std::back_inserter(returning),
                 [](const auto& instance) { return instance->key_at_begin().has_value(); });
    for (const auto& instance : take_deleted(0)) {
        returning.push_back(instance);
        living.push_back(instance);
    }
    for (const auto& instance : returning) {
        map_.erase(*instance);
        if (instance->key_at_begin().has_value())
            instance->key = std::exchange(instance->make_key_at_begin(), {});
    }
    for (const auto& instance : returning)
        reclaim(instance);
    for (const auto& instance : living) {
        restore(*instance);
        forget_read_behind(*instance, begun_);
    }
    begun_ = ++time_;
    for (const auto& instance : take_from(revived_, 0)) {
        if (owns(*instance))
            forget_values(*instance);
    }
    settle_edits();
}

void UnitOfWork::release_scope(std::size_t index) {
    while (scopes_.size() > index) {
        UndoScope ended = std::move(scopes_.back());
        scopes_.pop_back();
        // Of the transaction itself the objects know.
        if (!scopes_.empty())
            scopes_.back().merge(std::move(ended));
    }
}

void UnitOfWork::rollback_scope(std::size_t index) {
    release_scope(index + 1);
    UndoScope& scope = scopes_[index];
    take_back_identities(scope.inserted_before);
    std::vector<std::pair<std::shared_ptr<Instance>, PreImage>> overwritten = scope.take_overwritten();
    std::erase_if(overwritten, [this](const auto& entry) { return !owns(*entry.first); });
    std::vector<std::shared_ptr<Instance>> returning;
    for (auto& [instance, image] : overwritten) {
        if (instance->key == image.key)
            continue;
        map_.erase(*instance);
        instance->key = std::move(image.key);
        if (instance->state == ObjectState::persistent)
            returning.push_back(instance);
    }
    const std::vector<std::shared_ptr<Instance>> restored = take_deleted(scope.deleted_before);
    returning.insert(returning.end(), restored.begin(), restored.end());
    for (const auto& instance : returning) {
        reclaim(instance);
        age(*instance);
    }
    // What was deleted comes back, but nobody may have kept the objects. Images are of the time before.
    for (const auto& weak : scope.take_left()) {
        const auto holder = weak.lock();
        for (std::size_t i = 0; holder && owns(*holder) && i < holder->mapper().relations().size(); ++i) {
            if (!refers(holder->mapper().relations()[i].kind))
                Member{*holder, holder->mapper().relations()[i]}.unload();
        }
    }
    for (auto& [instance, image] : overwritten) {
        assign_values(*instance, image.values);
        if (instance->sent())
            instance->make_sent() = std::move(image.values);
        if (RelationBook* const book = instance->book()) {
            book->undo(false);
            if (!image.relations.empty())
                book->restore(image.relations);
            instance->check_references();
        }
        if (image.expired)
            forget_values(*instance);
        else
            age(*instance);
    }
    // What is left differs from what was sent before the scope.
    for (const auto& weak : watched_) {
        const auto instance = weak.lock();
        if (!instance || !instance->watched || instance->state != ObjectState::persistent ||
            (!instance->is_modified() && !instance->is_relinked()))
            continue;
        assign_values(*instance, instance->sent());
        if (RelationBook* const book = instance->book()) {
            book->undo(false);
            instance->check_references();
        }
        age(*instance);
    }
    rejoin_relations(restored);
    for (const auto& weak : scope.take_read()) {
        if (const auto instance = weak.lock(); instance && owns(*instance)) {
            instance->check_references();
            age(*instance);
        }
    }
    if (scope.begun != time_) {
        map_.for_each([&](const std::shared_ptr<Instance>& instance) { forget_read_behind(*instance, scope.begun); });
        scope.begun = ++time_;
    }
    settle_edits();
}

} // namespace corm::uow
