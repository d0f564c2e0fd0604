// Savepoints as operations of a session.
#include <corm/orm/savepoint.hpp>

#include "orm/load.hpp"
#include "orm/parts.hpp"
#include "orm/session_core.hpp"

#include <corm/base/error.hpp>

#include <utility>

namespace corm::orm {
namespace {

/// `settles`: what hooks change behind the flush belongs to what is around as well.
Task<void> flush_in(const detail::Core& core, const char* name, bool settles, Duration within,
                    std::source_location where) {
    OperationPlan plan = core->operation(name, within, where);
    plan.kind = trace::Operation::flush;
    plan.settles = settles;
    if (core->flushes_ahead())
        co_await flush_ahead(core, plan);
    Parts parts;
    plan.flushes = add_flush(*core, parts, where);
    if (plan.flushes)
        co_await core->run(plan, std::move(parts));
}

Task<void> release_savepoint(detail::Core core, std::uint64_t serial, Duration within, std::source_location where) {
    const SessionCore::Busy busy{core, "release()", where, SessionCore::Use::flush};
    const std::size_t depth = core->require_savepoint(serial, "release()", where);
    core->require_usable();
    co_await flush_in(core, "release()", false, within, where);
    core->release_to(depth);
}

Task<void> roll_back_savepoint(detail::Core core, std::uint64_t serial, Duration within, std::source_location where) {
    const SessionCore::Busy busy{core, "rollback()", where, SessionCore::Use::flush};
    const std::size_t depth = core->require_savepoint(serial, "rollback()", where);
    const std::exception_ptr original = core->failure;
    const bool sent = core->savepoints.is_sent(depth);
    core->roll_back_to(depth);
    if (!sent)
        co_return;
    OperationPlan plan = core->operation("rollback()", within, where);
    plan.kind = trace::Operation::rollback;
    plan.only_reads = true;
    try {
        co_await core->run(plan, {});
    } catch (...) {
        // What ended the savepoint in the first place says more than what followed.
        if (core->failure && original)
            core->failure = original;
        throw;
    }
}

detail::Core living(const std::weak_ptr<SessionCore>& session, const char* name, std::source_location where) {
    detail::Core core = session.lock();
    if (core == nullptr)
        throw Error(std::string{name} + " was called on a savepoint whose session is gone", where);
    return core;
}

} // namespace

namespace detail {

Task<Savepoint> begin_nested(Core core, Duration within, std::source_location where) {
    const SessionCore::Busy busy{core, "begin_nested()", where, SessionCore::Use::flush};
    core->require_usable();
    if (core->options.autocommit)
        throw Error("begin_nested() was called on an autocommit session, which has no transaction to nest in; use a "
                    "session without SessionOptions::autocommit",
                    where);
    co_await flush_in(core, "begin_nested()", true, within, where);
    core->uow.begin_scope();
    co_return Savepoint{core, core->savepoints.open()};
}

} // namespace detail

Savepoint& Savepoint::operator=(Savepoint&& other) noexcept {
    if (this != &other) {
        drop();
        session_ = std::move(other.session_);
        serial_ = other.serial_;
    }
    return *this;
}

Savepoint::~Savepoint() {
    drop();
}

void Savepoint::drop() noexcept {
    if (const detail::Core core = session_.lock())
        core->drop_savepoint(serial_);
}

Task<void> Savepoint::release(Duration within, std::source_location where) const {
    return release_savepoint(living(session_, "release()", where), serial_, within, where);
}

Task<void> Savepoint::rollback(Duration within, std::source_location where) const {
    return roll_back_savepoint(living(session_, "rollback()", where), serial_, within, where);
}

bool Savepoint::is_open() const noexcept {
    const detail::Core core = session_.lock();
    return core && core->savepoints.find(serial_).has_value();
}

} // namespace corm::orm
