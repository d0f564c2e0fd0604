#include "uow/unit_of_work.hpp"

#include <corm/base/error.hpp>

#include <algorithm>

namespace corm::uow {
namespace {

bool same_owner(const std::weak_ptr<Scope>& a, const std::weak_ptr<Scope>& b) noexcept {
    return !a.owner_before(b) && !b.owner_before(a);
}

/// Small lists grow in one step.
template <class Handle>
void append(std::vector<Handle>& list, const std::shared_ptr<Instance>& instance) {
    if (list.capacity() == 0)
        list.reserve(16);
    list.push_back(instance);
}

void erase_handle(std::vector<std::shared_ptr<Instance>>& list, const std::shared_ptr<Instance>& instance) {
    list.erase(std::remove(list.begin(), list.end(), instance), list.end());
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
    case ObjectState::persistent: forget_removal(instance); break;
    case ObjectState::transient:
        pending_.push_back(instance);
        instance->state = ObjectState::pending;
        instance->scope = scope_;
        instance->bind_relations(false);
        break;
    case ObjectState::detached:
        if (const auto present = map_.find(instance->mapper(), instance->key); present && present != instance)
            throw Error(instance->describe() + " is in this session already as another object; use that one", where);
        instance->state = ObjectState::persistent;
        instance->scope = scope_;
        // What happened to the row in the meantime is not known.
        if (instance->freshness == Freshness::fresh)
            instance->freshness = Freshness::stale;
        map_.insert(instance);
        if (instance->sent)
            watch(instance);
        break;
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
    if (instance.at_begin)
        instance.sent = std::move(instance.at_begin);
    if (!instance.key_at_begin.empty())
        instance.key = instance.key_at_begin;
    detach(instance, ObjectState::detached);
}

bool UnitOfWork::owns(const Instance& instance) const noexcept {
    return same_owner(instance.scope, scope_);
}

void UnitOfWork::forget_removal(const std::shared_ptr<Instance>& instance) {
    if (!instance->doomed)
        return;
    instance->doomed = false;
    erase_handle(doomed_, instance);
}

void UnitOfWork::remove(const std::shared_ptr<Instance>& instance, std::source_location where) {
    if (instance->state == ObjectState::transient || !owns(*instance))
        throw Error(instance->describe() + " is not in this session, so it cannot be removed through it; get it first",
                    where);
    if (instance->state == ObjectState::pending) {
        expunge(instance);
    } else if (instance->state == ObjectState::persistent && !instance->doomed) {
        instance->doomed = true;
        doomed_.push_back(instance);
    }
}

void UnitOfWork::detach(Instance& instance, ObjectState state) const {
    instance.state = state;
    instance.scope.reset();
    instance.watched = false;
    instance.edited = false;
    instance.doomed = false;
    instance.inserted_now = false;
    instance.at_begin = {};
    instance.key_at_begin.clear();
    if (state == ObjectState::transient) {
        instance.sent = {};
        instance.key.clear();
        instance.freshness = Freshness::fresh;
    }
}

void UnitOfWork::expunge(const std::shared_ptr<Instance>& instance) {
    if (!owns(*instance))
        return;
    erase_handle(pending_, instance);
    erase_handle(doomed_, instance);
    erase_handle(edited_, instance);
    std::erase_if(watched_, [&](const std::weak_ptr<Instance>& weak) { return weak.lock() == instance; });
    if (!instance->key.empty())
        map_.erase(*instance);
    detach(*instance, instance->state == ObjectState::pending ? ObjectState::transient : ObjectState::detached);
}

void UnitOfWork::watch(const std::shared_ptr<Instance>& instance) {
    if (!instance->sent && instance->state == ObjectState::persistent)
        instance->sent = mapping::ValueBlock(instance->mapper(), instance->values());
    if (!instance->watched) {
        instance->watched = true;
        append(watched_, instance);
    }
    if (!instance->edited) {
        instance->edited = true;
        append(edited_, instance);
    }
}

bool UnitOfWork::has_changes() const {
    if (!pending_.empty() || !doomed_.empty())
        return true;
    return std::any_of(watched_.begin(), watched_.end(), [](const std::weak_ptr<Instance>& weak) {
        const auto instance = weak.lock();
        return instance && instance->state == ObjectState::persistent && instance->is_modified();
    });
}

FlushPlan UnitOfWork::plan(const Instance* except) {
    if (pending_.empty() && doomed_.empty() && watched_.empty())
        return {};
    ChangeSet changes;
    changes.added = pending_;
    changes.removed = doomed_;
    changes.modified.reserve(watched_.size());
    for (const std::weak_ptr<Instance>& weak : watched_) {
        auto instance = weak.lock();
        if (instance && instance.get() != except && instance->watched && instance->state == ObjectState::persistent &&
            !instance->doomed && instance->freshness != Freshness::expired)
            changes.modified.push_back(std::move(instance));
    }
    return plan_flush(changes);
}

void UnitOfWork::inserted(FlushRow& row, const types::Rows* keys, int index, bool generated) {
    Instance& instance = *row.instance;
    if (generated) {
        const mapping::Column& key =
            instance.mapper().column(static_cast<std::size_t>(instance.mapper().generated_key()));
        const types::FieldView field = keys->field(index, 1);
        key.type->decode(field, key.in(instance.values()));
        if (row.sent)
            key.type->decode(field, row.sent.at(key));
    }
    instance.key.clear();
    // As sent: the program may have edited the object since.
    if (row.sent)
        instance.mapper().append_packed_key(row.sent.data(), instance.key);
    else
        instance.mapper().append_key(instance.values(), instance.key);
    instance.sent = std::move(row.sent);
    instance.state = ObjectState::persistent;
    instance.freshness = Freshness::fresh;
    instance.inserted_now = true;
    map_.insert(row.instance);
    inserted_.push_back(row.instance);
}

void UnitOfWork::updated(const FlushStatement& statement, std::size_t row, bool final) {
    const std::shared_ptr<Instance>& handle = statement.rows[row].instance;
    Instance& instance = *handle;
    const mapping::Mapper& mapper = instance.mapper();
    if (!final && !instance.at_begin && !instance.inserted_now)
        instance.at_begin = instance.sent;
    bool key_written = false;
    for (const ColumnCopies& copies : statement.sent) {
        const mapping::Column& column = copies.column();
        column.type->copy_assign(instance.sent.at(column), copies.at(row));
        key_written = key_written || column.key;
    }
    if (const int index = mapper.version_column(); index >= 0) {
        const mapping::Column& version = mapper.column(static_cast<std::size_t>(index));
        // The server incremented the version that was checked, which is the one last sent or loaded.
        std::string bytes;
        version.type->encode(instance.sent.at(version), bytes);
        for (std::size_t i = bytes.size(); i-- > 0 && ++bytes[i] == '\0';) {
        }
        const types::FieldView field{bytes.data(), static_cast<std::int32_t>(bytes.size()), version.type->oid,
                                     version.type->format};
        version.type->decode(field, instance.sent.at(version));
        version.type->decode(field, version.in(instance.values()));
    }
    if (!key_written)
        return;
    map_.erase(instance);
    if (instance.key_at_begin.empty())
        instance.key_at_begin = instance.key;
    instance.key.clear();
    mapper.append_packed_key(instance.sent.data(), instance.key);
    map_.insert(handle);
}

void UnitOfWork::flushed(FlushPlan& plan, const std::vector<const types::Rows*>& results, bool final) {
    for (std::size_t i = 0; i < plan.statements.size(); ++i) {
        FlushStatement& statement = plan.statements[i];
        for (std::size_t index = 0; index < statement.rows.size(); ++index) {
            FlushRow& row = statement.rows[index];
            switch (statement.kind) {
            case FlushStatement::Kind::lock: break;
            case FlushStatement::Kind::insert:
                inserted(row, results[i], static_cast<int>(index), statement.generated_keys);
                break;
            case FlushStatement::Kind::update: updated(statement, index, final); break;
            case FlushStatement::Kind::remove:
                map_.erase(*row.instance);
                row.instance->state = ObjectState::deleted;
                row.instance->doomed = false;
                deleted_.push_back(row.instance);
                break;
            }
        }
    }
    pending_.clear();
    doomed_.clear();
    settle_edits();
}

// Nothing is unflushed any more: objects are held weakly again, and those that are gone or left are forgotten.
void UnitOfWork::settle_edits() {
    for (const auto& instance : edited_)
        instance->edited = false;
    edited_.clear();
    std::erase_if(watched_, [](const std::weak_ptr<Instance>& weak) {
        const auto instance = weak.lock();
        return !instance || !instance->watched;
    });
}

void UnitOfWork::committed(ExpireOnCommit policy) {
    for (const auto& weak : deleted_) {
        if (const auto instance = weak.lock(); instance && owns(*instance) && instance->state == ObjectState::deleted)
            detach(*instance, ObjectState::detached);
    }
    deleted_.clear();
    inserted_.clear();
    map_.for_each([policy](const std::shared_ptr<Instance>& instance) {
        instance->inserted_now = false;
        instance->at_begin = {};
        instance->key_at_begin.clear();
        if (policy == ExpireOnCommit::expire)
            instance->freshness = Freshness::expired;
        else if (policy == ExpireOnCommit::stale && instance->freshness == Freshness::fresh)
            instance->freshness = Freshness::stale;
    });
}

// Edited attributes get the values of the start of the transaction back.
void UnitOfWork::restore(Instance& instance) const {
    mapping::ValueBlock& start = instance.at_begin ? instance.at_begin : instance.sent;
    if (start) {
        for (const mapping::Column& column : instance.mapper().columns())
            column.type->copy_assign(column.in(instance.values()), start.at(column));
        if (&start == &instance.at_begin)
            instance.sent = std::move(instance.at_begin);
        instance.at_begin = {};
    }
    if (instance.freshness == Freshness::fresh)
        instance.freshness = Freshness::stale;
    instance.doomed = false;
}

void UnitOfWork::rolled_back() {
    for (const auto& instance : pending_)
        detach(*instance, ObjectState::transient);
    pending_.clear();
    doomed_.clear();
    // Objects inserted by this transaction lose their identity before others take their keys back.
    for (const auto& weak : inserted_) {
        const auto instance = weak.lock();
        if (!instance || !owns(*instance))
            continue;
        map_.erase(*instance);
        detach(*instance, ObjectState::transient);
    }
    inserted_.clear();
    std::vector<std::shared_ptr<Instance>> living;
    map_.for_each([&living](const std::shared_ptr<Instance>& instance) { living.push_back(instance); });
    for (const auto& instance : living) {
        if (!instance->key_at_begin.empty()) {
            map_.erase(*instance);
            instance->key = std::exchange(instance->key_at_begin, {});
        }
    }
    for (const auto& weak : deleted_) {
        if (auto instance = weak.lock(); instance && owns(*instance) && instance->state == ObjectState::deleted) {
            instance->state = ObjectState::persistent;
            living.push_back(std::move(instance));
        }
    }
    deleted_.clear();
    for (const auto& instance : living) {
        restore(*instance);
        map_.insert(instance);
    }
    settle_edits();
}

void UnitOfWork::clear() {
    rolled_back();
    map_.for_each([this](const std::shared_ptr<Instance>& instance) { detach(*instance, ObjectState::detached); });
    map_.clear();
    watched_.clear();
}

} // namespace corm::uow
