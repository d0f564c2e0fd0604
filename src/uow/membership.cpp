// Which objects belong to a session, and what becomes of those that leave it.
#include "uow/unit_of_work.hpp"

#include "uow/relation_book.hpp"

#include <corm/base/error.hpp>

#include <algorithm>

namespace corm::uow {
namespace {

bool same_owner(const std::weak_ptr<Scope>& a, const std::weak_ptr<Scope>& b) noexcept {
    return !a.owner_before(b) && !b.owner_before(a);
}

void erase_handle(std::vector<std::shared_ptr<Instance>>& list, const std::shared_ptr<Instance>& instance) {
    if (const auto found = std::find(list.begin(), list.end(), instance); found != list.end())
        list.erase(found);
}

/// The objects of the loaded relations that this option is given for.
std::vector<std::shared_ptr<Instance>> related_by(Instance& instance, bool mapping::RelationOptions::* option) {
    std::vector<std::shared_ptr<Instance>> found;
    for (const Relation& relation : instance.mapper().relations()) {
        if (!(relation.options.*option))
            continue;
        const auto living = Member{instance, relation}.living();
        found.insert(found.end(), living.begin(), living.end());
    }
    return found;
}

} // namespace

void UnitOfWork::add(const std::shared_ptr<Instance>& instance, std::source_location where) {
    if (!owns(*instance)) {
        if (!instance->scope.expired())
            throw Error(instance->describe() + " belongs to another session; expunge it there before it is added here",
                        where);
        abandon(*instance);
    }
    switch (instance->state) {
    case ObjectState::pending: return;
    case ObjectState::deleted:
        throw Error(instance->describe() + " was deleted in this transaction; roll back, or add a copy of it", where);
    case ObjectState::persistent: keep(instance, where); break;
    case ObjectState::transient:
        pending_.push_back(instance);
        instance->state = ObjectState::pending;
        instance->scope = scope_;
        take_along(instance);
        break;
    case ObjectState::detached:
        if (instance->row_deleted)
            throw Error(instance->describe() +
                            " was deleted; make_transient(ref) makes it a new object, which add() inserts again",
                        where);
        if (const auto present = map_.find(instance->mapper(), instance->key); present && present != instance)
            throw Error(instance->describe() + " is in this session already as another object; use that one", where);
        instance->state = ObjectState::persistent;
        instance->scope = scope_;
        // What happened to the row in the meantime is not known.
        if (instance->freshness == Freshness::fresh)
            instance->freshness = Freshness::stale;
        map_.insert(instance);
        if (instance->sent())
            watch(instance);
        take_along(instance);
        break;
    }
}

void UnitOfWork::take_along(const std::shared_ptr<Instance>& instance) {
    try {
        relate(instance);
    } catch (...) {
        expunge(instance);
        throw;
    }
}

// The session of this object is gone, and with it what its last transaction wrote.
void UnitOfWork::abandon(Instance& instance) const {
    if (instance.state == ObjectState::transient || instance.state == ObjectState::detached)
        return;
    if (instance.state == ObjectState::pending || instance.inserted_now) {
        detach(instance, ObjectState::transient);
        return;
    }
    if (instance.at_begin())
        instance.make_sent() = std::move(instance.make_at_begin());
    if (instance.key_at_begin().has_value())
        instance.key = instance.key_at_begin();
    if (RelationBook* const book = instance.book())
        book->lose_transaction();
    detach(instance, ObjectState::detached);
}

bool UnitOfWork::owns(const Instance& instance) const noexcept {
    return same_owner(instance.scope, scope_);
}

void UnitOfWork::forget_doom(Instance& instance) {
    instance.doomed = false;
    if (RelationBook* const book = instance.book())
        book->forget_removal();
}

void UnitOfWork::forget_removal(const std::shared_ptr<Instance>& instance) {
    if (!instance->doomed)
        return;
    instance->doomed = false;
    if (RelationBook* const book = instance->book())
        book->removal_cascaded = false;
    erase_handle(doomed_, instance);
}

void UnitOfWork::remove(const std::shared_ptr<Instance>& instance, std::source_location where) {
    const bool foreign = !owns(*instance);
    if (instance->state == ObjectState::transient || (foreign && !instance->scope.expired()))
        throw Error(instance->describe() + " is not in this session, so it cannot be removed through it; get it first",
                    where);
    if (foreign)
        add(instance, where);
    doom(instance);
}

void UnitOfWork::detach(Instance& instance, ObjectState state) {
    instance.state = state;
    instance.row_deleted = false;
    instance.scope.reset();
    instance.watched = false;
    instance.edited = false;
    forget_doom(instance);
    instance.inserted_now = false;
    instance.forget_begin();
    if (RelationBook* const book = instance.book()) {
        book->begin.clear();
        if (state == ObjectState::transient)
            book->forget_row();
    }
    if (state == ObjectState::transient) {
        instance.forget_sent();
        instance.key.reset();
        instance.freshness = Freshness::fresh;
    }
}

void UnitOfWork::forget_edits(const std::shared_ptr<Instance>& instance) {
    erase_handle(edited_, instance);
    std::erase_if(watched_, [&](const std::weak_ptr<Instance>& weak) { return refers_to(weak, instance); });
}

void UnitOfWork::expunge(const std::shared_ptr<Instance>& instance) {
    if (!owns(*instance))
        return;
    leave(instance);
    for (const auto& related : related_by(*instance, &mapping::RelationOptions::expunge))
        expunge(related);
}

void UnitOfWork::leave(const std::shared_ptr<Instance>& instance) {
    erase_handle(pending_, instance);
    erase_handle(doomed_, instance);
    forget_edits(instance);
    if (instance->key.has_value())
        map_.erase(*instance);
    if (instance->state == ObjectState::deleted)
        detach_deleted(*instance);
    else
        detach(*instance, instance->state == ObjectState::pending ? ObjectState::transient : ObjectState::detached);
}

void UnitOfWork::detach_deleted(Instance& instance) {
    detach(instance, ObjectState::detached);
    instance.row_deleted = true;
}

void UnitOfWork::expunge_all() {
    for (const auto& instance : pending_) {
        if (instance->state == ObjectState::pending)
            detach(*instance, ObjectState::transient);
    }
    for (const auto& weak : deleted_) {
        if (const auto instance = weak.lock(); instance && owns(*instance))
            detach_deleted(*instance);
    }
    map_.for_each([](const std::shared_ptr<Instance>& instance) { detach(*instance, ObjectState::detached); });
    map_.clear();
    pending_.clear();
    doomed_.clear();
    is_staged_ = false;
    edited_.clear();
    watched_.clear();
    inserted_.clear();
    deleted_.clear();
    revived_.clear();
    for (UndoScope& scope : scopes_)
        scope.clear();
}

// The unflushed edits are taken back, so that key and version are those of the row: a delete may need them yet.
void UnitOfWork::forget_values(Instance& instance) {
    if (instance.sent()) {
        assign_values(instance, instance.sent());
        instance.forget_sent();
    }
    instance.watched = false;
    instance.edited = false;
    instance.freshness = Freshness::expired;
    if (RelationBook* const book = instance.book()) {
        book->take_back();
        book->unload();
    }
}

void UnitOfWork::revert(const std::shared_ptr<Instance>& instance) {
    if (!instance->sent() || instance->freshness == Freshness::expired)
        return;
    assign_values(*instance, instance->sent());
    if (RelationBook* const book = instance->book()) {
        book->take_back();
        instance->check_references();
    }
}

void UnitOfWork::require_persistent(const Instance& instance, const char* what, std::source_location where) const {
    if (!owns(instance) || instance.state != ObjectState::persistent)
        throw Error(instance.describe() + " is " + std::string{to_string(instance.state)} +
                        " or of another session, so it cannot be " + what +
                        " through this one; only objects with a row can",
                    where);
}

void UnitOfWork::expire(const std::shared_ptr<Instance>& instance, std::source_location where) {
    require_persistent(*instance, "expired", where);
    const auto along = related_by(*instance, &mapping::RelationOptions::refresh_expire);
    forget_edits(instance);
    forget_values(*instance);
    for (const auto& related : along) {
        if (related->freshness != Freshness::expired && related->state == ObjectState::persistent && owns(*related))
            expire(related, where);
    }
}

void UnitOfWork::expire(const std::shared_ptr<Instance>& instance, const mapping::Column& column,
                        std::source_location where) {
    require_persistent(*instance, "expired", where);
    if (instance->sent())
        column.type->copy_assign(column.in(instance->values()), instance->sent().at(column));
    age(*instance);
}

bool UnitOfWork::holds(const mapping::Mapper& mapper) const {
    const auto mapped = [&mapper](const std::shared_ptr<Instance>& instance) { return &instance->mapper() == &mapper; };
    return std::any_of(pending_.begin(), pending_.end(), mapped) || map_.any_of(mapped);
}

void UnitOfWork::expire_all() {
    map_.for_each([](const std::shared_ptr<Instance>& instance) {
        if (!instance->mapper().disposed()) // nobody could read it again
            forget_values(*instance);
    });
    // Edited objects that are pending are watched as well, and stay.
    const auto gone = [](const Instance& instance) { return instance.freshness == Freshness::expired; };
    std::erase_if(edited_, [&](const std::shared_ptr<Instance>& instance) { return gone(*instance); });
    std::erase_if(watched_, [&](const std::weak_ptr<Instance>& weak) {
        const auto instance = weak.lock();
        return !instance || gone(*instance);
    });
}

std::vector<std::shared_ptr<Instance>> UnitOfWork::dirty() const {
    std::vector<std::shared_ptr<Instance>> found;
    for (const std::weak_ptr<Instance>& weak : watched_) {
        auto instance = weak.lock();
        if (instance && instance->state == ObjectState::persistent && !instance->doomed &&
            (instance->edited || instance->is_modified()))
            found.push_back(std::move(instance));
    }
    return found;
}

void UnitOfWork::clear() {
    rolled_back();
    expunge_all();
}

void make_transient(const std::shared_ptr<Instance>& instance, std::source_location where) {
    if (instance->freshness == Freshness::expired)
        throw NotLoadedError(instance->describe() +
                                 " was expired and has not been read since, so it has no values to keep; co_await "
                                 "session.refresh(ref) first",
                             where);
    if (const std::shared_ptr<Scope> session = instance->scope.lock())
        session->on_leave(instance);
    UnitOfWork::detach(*instance, ObjectState::transient);
}

void make_transient_to_detached(const std::shared_ptr<Instance>& instance, std::source_location where) {
    if (instance->state != ObjectState::transient)
        throw Error(instance->describe() + " is " + std::string{to_string(instance->state)} +
                        "; only a transient object can be taken for one that has a row",
                    where);
    std::string key;
    instance->mapper().append_key(instance->values(), key);
    instance->key = std::move(key);
    instance->state = ObjectState::detached;
    instance->freshness = Freshness::expired;
}

} // namespace corm::uow
