#include <corm/orm/advisory_lock.hpp>

#include "orm/advisory_statement.hpp"
#include "orm/lock_operation.hpp"
#include "orm/time_net.hpp"

#include <corm/base/error.hpp>

#include <optional>
#include <string>
#include <utility>

namespace corm::orm {

/// The lease is away while an operation has it.
struct detail::HeldLock {
    std::shared_ptr<EngineCore> engine;
    AdvisoryKey key;
    LockShare share;
    pool::Lease lease;
    bool limited = true;  ///< the session has its statement_timeout still
    bool dropped = false; ///< its owner has gone
};

namespace {

using Held = std::shared_ptr<detail::HeldLock>;
using Outcome = std::shared_ptr<LockOperation::Outcome>;

wire::Request request_of(const EngineCore& engine, Duration within, const std::source_location& where) {
    wire::Request request;
    request.deadline = deadline_in(within != Duration{} ? within : engine.options.deadline);
    request.where = where;
    return request;
}

void lift_limit(wire::Request& request, const EngineCore& engine, Duration within) {
    if (!outlasts_net(engine.options, within))
        return;
    request.statements.push_back(lift_net_of_session());
    request.apart = true; // its limit is that of the next statement
}

/// Nothing is locked, and nothing else was done.
void spare_reset(const EngineCore& engine, const pool::Lease& lease, bool limited) noexcept {
    if (limited && engine.options.pool.reset != pool::SessionReset::always)
        lease->accept_changes();
}

Task<Held> acquire(std::shared_ptr<EngineCore> engine, AdvisoryKey key, LockShare share, AdvisoryCall call,
                   const char* name, Duration within, std::source_location where) {
    wire::Request request = request_of(*engine, within, where);
    lift_limit(request, *engine, within);
    request.statements.push_back(advisory_statement(call, key, share));
    const Outcome outcome = co_await LockOperation::run(engine, pool::Lease{}, name, std::move(request));
    const std::vector<wire::Result>& results = outcome->reply.results;
    const bool limited = results.size() == 1;
    if (call == AdvisoryCall::try_lock && !is_granted(results.back())) {
        spare_reset(*engine, outcome->lease, limited);
        co_return nullptr;
    }
    const Held held{new detail::HeldLock{std::move(engine), std::move(key), share, std::move(outcome->lease), limited}};
    co_return held;
}

Task<AdvisoryLock> lock(std::shared_ptr<EngineCore> engine, AdvisoryKey key, LockShare share, Duration within,
                        std::source_location where) {
    Held held = co_await acquire(std::move(engine), std::move(key), share, AdvisoryCall::lock, "advisory_lock()",
                                 within, where);
    co_return AdvisoryLock{std::move(held)};
}

Task<std::optional<AdvisoryLock>> try_lock(std::shared_ptr<EngineCore> engine, AdvisoryKey key, LockShare share,
                                           Duration within, std::source_location where) {
    Held held = co_await acquire(std::move(engine), std::move(key), share, AdvisoryCall::try_lock,
                                 "try_advisory_lock()", within, where);
    std::optional<AdvisoryLock> result;
    if (held)
        result.emplace(std::move(held));
    co_return result;
}

[[noreturn]] void throw_lost(const std::source_location& where) {
    throw ConnectionError("the connection that held the advisory lock was lost, or given back, and the lock with it",
                          {}, false, where);
}

Task<void> check_held(Held held, Duration within, std::source_location where) {
    if (!held || !held->lease)
        throw_lost(where);
    wire::Request request = request_of(*held->engine, within, where);
    const Outcome outcome =
        co_await LockOperation::run(held->engine, std::move(held->lease), "check()", std::move(request));
    if (!held->dropped)
        held->lease = std::move(outcome->lease);
}

Task<void> release_held(Held held, Duration within, std::source_location where) {
    if (!held || !held->lease)
        co_return;
    wire::Request request = request_of(*held->engine, within, where);
    request.statements.push_back(advisory_statement(AdvisoryCall::unlock, held->key, held->share));
    const Outcome outcome =
        co_await LockOperation::run(held->engine, std::move(held->lease), "release()", std::move(request));
    if (!is_granted(outcome->reply.results.front()))
        throw_lost(where);
    spare_reset(*held->engine, outcome->lease, held->limited);
}

void drop(const Held& held) noexcept {
    if (!held)
        return;
    held->dropped = true;
    held->lease.release();
}

} // namespace

AdvisoryLock::AdvisoryLock(std::shared_ptr<detail::HeldLock> held) noexcept : held_(std::move(held)) {}
AdvisoryLock::AdvisoryLock(AdvisoryLock&&) noexcept = default;

AdvisoryLock& AdvisoryLock::operator=(AdvisoryLock&& other) noexcept {
    if (this != &other) {
        drop(held_);
        held_ = std::move(other.held_);
    }
    return *this;
}

AdvisoryLock::~AdvisoryLock() {
    drop(held_);
}

bool AdvisoryLock::held() const noexcept {
    return held_ && held_->lease && held_->lease->alive();
}

Task<void> AdvisoryLock::check(Duration within, std::source_location where) const {
    return check_held(held_, within, where);
}

Task<void> AdvisoryLock::release(Duration within, std::source_location where) const {
    return release_held(held_, within, where);
}

Task<AdvisoryLock> Engine::advisory_lock(AdvisoryKey key, LockShare share, Duration within,
                                         std::source_location where) const {
    return lock(core_, std::move(key), share, within, where);
}

Task<std::optional<AdvisoryLock>> Engine::try_advisory_lock(AdvisoryKey key, LockShare share, Duration within,
                                                            std::source_location where) const {
    return try_lock(core_, std::move(key), share, within, where);
}

} // namespace corm::orm
