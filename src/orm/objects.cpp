// The calls of a session that do no I/O.
#include "orm/session_core.hpp"

#include <corm/base/error.hpp>
#include <corm/orm/detail/erased.hpp>

namespace corm::orm::detail {
namespace {

/// The session, if it may be used now.
SessionCore& quiet(const Core& core, const char* name, std::source_location where) {
    if (core == nullptr)
        throw Error(std::string{name} + " was called on a session that was moved from", where);
    core->require_quiet(name, where);
    core->require_scope();
    return *core;
}

} // namespace

void add(const Core& core, const Handle& instance, std::source_location where) {
    SessionCore& session = quiet(core, "add()", where);
    instance->mapper().require_usable("add()");
    session.uow.add(instance, where);
}

void remove(const Core& core, const Handle& instance, std::source_location where) {
    SessionCore& session = quiet(core, "remove()", where);
    instance->mapper().require_usable("remove()");
    session.uow.remove(instance, where);
}

void expunge(const Core& core, const Handle& instance, std::source_location where) {
    quiet(core, "expunge()", where).uow.expunge(instance);
}

void expunge_all(const Core& core, std::source_location where) {
    quiet(core, "expunge_all()", where).uow.expunge_all();
}

void expire(const Core& core, const Handle& instance, std::source_location where) {
    SessionCore& session = quiet(core, "expire()", where);
    instance->mapper().require_usable("expire()");
    session.uow.expire(instance, where);
}

void expire(const Core& core, const Handle& instance, std::size_t column, std::source_location where) {
    SessionCore& session = quiet(core, "expire()", where);
    instance->mapper().require_usable("expire()");
    session.uow.expire(instance, instance->mapper().column(column), where);
}

void expire_all(const Core& core, std::source_location where) {
    quiet(core, "expire_all()", where).uow.expire_all();
}

bool contains(const Core& core, const Handle& instance, std::source_location where) {
    return quiet(core, "contains()", where).uow.owns(*instance) && instance->state != uow::ObjectState::deleted;
}

bool is_modified(const Core& core, const Handle& instance, std::source_location where) {
    static_cast<void>(quiet(core, "is_modified()", where));
    return instance->state == uow::ObjectState::pending || instance->is_modified() || instance->is_relinked();
}

void invalidate(const Core& core, std::source_location where) {
    SessionCore& session = quiet(core, "invalidate()", where);
    session.require_no_hook("invalidate()", where);
    if (session.lease)
        session.lease->close(nullptr);
    session.rolled_back();
}

Core owner_of(const Handle& instance) noexcept {
    Core core = std::dynamic_pointer_cast<SessionCore>(instance->scope.lock());
    return core && !core->abandoned() ? core : nullptr;
}

std::vector<Handle> listed(const Core& core, Listing listing, std::source_location where) {
    const uow::UnitOfWork& uow = quiet(core, "a list of changes", where).uow;
    if (listing == Listing::dirty)
        return uow.dirty();
    const std::span<const Handle> found = listing == Listing::added ? uow.added() : uow.removed();
    std::vector<Handle> list{found.begin(), found.end()};
    // A flush that failed between its stages has written some already.
    const auto unwritten = listing == Listing::added ? uow::ObjectState::pending : uow::ObjectState::persistent;
    std::erase_if(list, [&](const Handle& instance) { return instance->state != unwritten; });
    return list;
}

NoAutoflush::NoAutoflush(Core core, std::source_location where) : core_(std::move(core)) {
    ++quiet(core_, "no_autoflush()", where).autoflush_off;
}

NoAutoflush::~NoAutoflush() {
    if (core_)
        --core_->autoflush_off;
}

bool in_transaction(const Core& core) noexcept {
    return core->in_transaction || !core->savepoints.empty();
}

bool in_nested_transaction(const Core& core) noexcept {
    return !core->savepoints.empty();
}

} // namespace corm::orm::detail
