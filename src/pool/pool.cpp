#include "pool/pool.hpp"

#include "base/place.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <utility>

namespace corm::pool {
namespace {

std::exception_ptr closed_by_pool() {
    return std::make_exception_ptr(ConnectionError("the pool closed the connection", {}, false));
}

} // namespace

Pool::Pool(std::shared_ptr<wire::Gate> gate, wire::ConnectPlan plan, const PoolOptions& options,
           std::shared_ptr<trace::Tracer> tracer, std::shared_ptr<Hooks> hooks, std::shared_ptr<wire::Pq> pq,
           std::string place)
    : gate_(std::move(gate)), tracer_(std::move(tracer)), options_(options), place_(std::move(place)),
      single_host_(plan.endpoints.size() == 1), hooks_(std::move(hooks)), errands_(gate_),
      dialer_(std::move(pq), std::move(plan), options.connect_timeout), core_(options, std::random_device{}()) {}

std::shared_ptr<Pool> Pool::make(boost::asio::any_io_executor executor, const wire::Config& config,
                                 const PoolOptions& options, std::shared_ptr<trace::Tracer> tracer,
                                 std::shared_ptr<Hooks> hooks, std::shared_ptr<wire::Pq> pq) {
    if (options.max_size == 0 || options.min_size > options.max_size)
        throw ConnectionError("pool options: max_size must be at least 1 and not below min_size", {}, false);
    wire::ConnectPlan plan = wire::make_plan(config);
    if (tracer && !plan.warning.empty())
        tracer->notice(plan.warning, {});
    const std::shared_ptr<Pool> pool{new Pool(wire::Gate::make(std::move(executor)), std::move(plan), options,
                                              std::move(tracer), std::move(hooks), std::move(pq), config.redacted())};
    pool->open();
    return pool;
}

void Pool::open() {
    timekeeper_ = std::make_shared<wire::Timekeeper>([weak = weak_from_this()](TimePoint now) {
        const std::shared_ptr<Pool> pool = weak.lock();
        return pool ? pool->tick(now) : TimePoint::max();
    });
    gate_->add(*this);
    Actions actions;
    {
        const std::lock_guard lock(mutex_);
        core_.start(Clock::now(), actions);
    }
    perform(std::move(actions));
}

Pool::~Pool() {
    gate_->remove(*this, [] {});
    stop_threads();
    for (const SlotPtr& slot : core_.slots())
        slot->connection->close(nullptr);
}

void Lease::use_as_lane() const noexcept {
    slot_->connection->session_changed();
    const std::lock_guard lock(pool_->mutex_);
    slot_->lane = true;
}

void Lease::keep() const noexcept {
    const std::lock_guard lock(pool_->mutex_);
    slot_->leak_reported = true;
}

void Lease::give_back() noexcept {
    const std::shared_ptr<Pool> pool = std::exchange(pool_, nullptr);
    pool->give_back(std::exchange(slot_, nullptr));
}

Lease Pool::try_acquire(std::source_location where) {
    for (;;) {
        Actions actions;
        SlotPtr slot;
        {
            const std::lock_guard lock(mutex_);
            slot = core_.try_take(Clock::now(), where, actions);
        }
        perform(std::move(actions));
        if (!slot)
            return {};
        Lease lease{shared_from_this(), std::move(slot)};
        if (lease->alive())
            return lease;
    }
}

void Pool::acquire(std::shared_ptr<LeaseSink> sink, TimePoint deadline, std::source_location where, WaiterKind kind) {
    Waiter waiter{std::move(sink), deadline, where, nullptr, {}, kind};
    if (tracer_)
        waiter.span = trace::Span{tracer_, trace::Operation::acquire, place_, where};
    Actions actions;
    gate_->while_open([&] {
        waiter.work = gate_->work();
        const std::lock_guard lock(mutex_);
        core_.enqueue(std::move(waiter), Clock::now(), actions);
    });
    perform(std::move(actions));
    report_shortage();
}

void Pool::set_lanes(std::weak_ptr<LaneHost> lanes) noexcept {
    const std::lock_guard lock(mutex_);
    lanes_ = std::move(lanes);
}

void Pool::report_shortage() noexcept {
    std::shared_ptr<LaneHost> lanes;
    {
        const std::lock_guard lock(mutex_);
        if (core_.is_short())
            lanes = lanes_.lock();
    }
    if (lanes)
        lanes->on_shortage();
}

bool Pool::is_short() const noexcept {
    const std::lock_guard lock(mutex_);
    return core_.is_short();
}

bool Pool::withdraw(const LeaseSink* sink) noexcept {
    Waiter taken; // destroyed without the lock
    const std::lock_guard lock(mutex_);
    return core_.withdraw(sink, taken);
}

PoolCore::Returned Pool::to_core(const wire::Connection& connection, wire::Connection::Rest rest) const noexcept {
    using Rest = wire::Connection::Rest;
    switch (rest) {
    case Rest::clean: return PoolCore::Returned::clean;
    case Rest::unclean:
        // The hook has to follow the reset, so that both cannot travel with a request.
        return hooks_ && hooks_->prepares() && connection.owes_reset() ? PoolCore::Returned::must_reset
                                                                       : PoolCore::Returned::unclean;
    case Rest::busy: return PoolCore::Returned::busy;
    case Rest::broken: break;
    }
    return PoolCore::Returned::broken;
}

void Pool::give_back(const SlotPtr& slot) noexcept {
    const PoolCore::Returned how = to_core(*slot->connection, slot->connection->rest());
    const SqlState loss = how == PoolCore::Returned::broken ? report_loss(*slot->connection) : SqlState{};
    Actions actions;
    {
        const std::lock_guard lock(mutex_);
        if (!loss.empty())
            core_.on_lost(loss, Clock::now(), actions);
        // Nothing that is busy can be cancelled any more.
        const bool hopeless = abandoned_ && how == PoolCore::Returned::busy;
        core_.on_return(slot, hopeless ? PoolCore::Returned::broken : how, Clock::now(), actions);
    }
    perform(std::move(actions));
}

// Does what the core decided. No lock is held: each step may call out, and come back.
void Pool::perform(Actions&& actions) noexcept {
    const bool closed = !actions.closes.empty();
    for (const SlotPtr& slot : actions.closes)
        close(slot);
    for (std::size_t i = 0; i < actions.dials; ++i)
        dial();
    for (Actions::Grant& each : actions.grants)
        grant(std::move(each));
    for (Actions::Failure& each : actions.failures)
        fail(std::move(each));
    for (const SlotPtr& slot : actions.cancels)
        cancel(slot);
    for (const SlotPtr& slot : actions.sends)
        gate_->post([self = shared_from_this(), slot] { self->send(slot); });
    for (const SlotPtr& slot : actions.cleans)
        gate_->post([self = shared_from_this(), slot] { self->clean(slot); });
    for (const SlotPtr& slot : actions.leaks) {
        if (tracer_)
            tracer_->notice(
                "a connection is leased for longer than leak_report, by " + corm::detail::place_of(slot->where), {});
    }
    if (actions.wake != TimePoint::max())
        timekeeper_->wake_by(actions.wake);
    if (closed)
        check_shut_down();
}

struct Pool::Granted {
    Waiter waiter;
    Lease lease;
    void operator()() noexcept {
        if (lease->alive()) {
            waiter.span.succeed();
            waiter.sink->on_lease(std::move(lease));
            return;
        }
        const std::shared_ptr<Pool> pool = lease.pool_;
        const std::shared_ptr<LeaseSink> sink = waiter.sink;
        lease.release();
        Actions actions;
        {
            const std::lock_guard lock(pool->mutex_);
            pool->core_.put_back(std::move(waiter), Clock::now(), actions);
        }
        pool->perform(std::move(actions));
        if (sink->gave_up() && pool->withdraw(sink.get()))
            sink->on_lease_failure(nullptr);
    }
};

void Pool::grant(Actions::Grant grant) {
    gate_->post(Granted{std::move(grant.waiter), Lease{shared_from_this(), std::move(grant.slot)}});
}

// Of an attempt to connect, or of waiting for one that has not come.
std::exception_ptr Pool::dial_failure(const std::source_location& where, bool timed_out) const {
    std::exception_ptr cause;
    {
        const std::lock_guard lock(mutex_);
        cause = core_.dial_error();
    }
    std::string reason;
    Diagnostics diagnostics;
    if (cause) {
        try {
            std::rethrow_exception(cause);
        } catch (const ConnectionError& e) {
            reason = e.what();
            diagnostics = e.diagnostics();
        } catch (const std::exception& e) {
            reason = e.what();
        }
    }
    if (!timed_out)
        return std::make_exception_ptr(ConnectionError(reason, std::move(diagnostics), true, where));
    return std::make_exception_ptr(TimeoutError(
        reason.empty() ? "no connection of the pool became free in time; all " + std::to_string(options_.max_size) +
                             " are in use, or being made: see PoolOptions::max_size"
                       : "no connection of the pool became free in time; the last try to connect failed: " + reason,
        Phase::acquire, where));
}

std::exception_ptr Pool::acquire_timeout(const std::source_location& where) const {
    return dial_failure(where, true);
}

std::exception_ptr Pool::queue_full(const std::source_location& where) const {
    return std::make_exception_ptr(
        QueueFullError(std::to_string(options_.max_waiters) +
                           " tasks wait for a connection of the pool already, which is PoolOptions::max_waiters; "
                           "turn work away, or raise max_size if the server has room for more connections",
                       where));
}

std::exception_ptr Pool::is_shut_down(const std::source_location& where) {
    return std::make_exception_ptr(ConnectionError("the pool is shut down", {}, true, where));
}

void Pool::fail(Actions::Failure failure) {
    using Why = Actions::Failure::Why;
    const std::source_location& where = failure.waiter.where;
    std::exception_ptr error;
    switch (failure.why) {
    case Why::deadline: error = acquire_timeout(where); break;
    case Why::queue_full: error = queue_full(where); break;
    case Why::shut_down: error = is_shut_down(where); break;
    case Why::dial: error = dial_failure(where, false); break;
    }
    gate_->post(
        [waiter = std::move(failure.waiter), error = std::move(error)] { waiter.sink->on_lease_failure(error); });
}

void Pool::close(const SlotPtr& slot) noexcept {
    {
        const std::lock_guard lock(mutex_);
        closed_round_trips_ += slot->connection->round_trips();
        closed_statements_ += slot->connection->statements();
        closed_cache_hits_ += slot->connection->cache_hits();
    }
    slot->connection->close(closed_by_pool());
}

SlotPtr Pool::find(const wire::Connection& connection) const noexcept {
    const std::lock_guard lock(mutex_);
    for (const SlotPtr& slot : core_.slots()) {
        if (slot->connection.get() == &connection)
            return slot;
    }
    return nullptr;
}

TimePoint Pool::tick(TimePoint now) noexcept {
    Actions actions;
    std::vector<std::shared_ptr<wire::Connection>> expired;
    std::vector<SlotPtr> cut;
    std::shared_ptr<LaneHost> lanes;
    TimePoint next = TimePoint::max();
    {
        const std::lock_guard lock(mutex_);
        lanes = lanes_.lock();
        core_.tick(now, actions);
        for (const SlotPtr& slot : core_.slots()) {
            const TimePoint deadline = slot->connection->deadline();
            if (deadline <= now)
                expired.push_back(slot->connection);
            else
                next = std::min(next, deadline);
        }
        if (shut_down_by_ <= now) {
            shut_down_by_ = TimePoint::max();
            for (const SlotPtr& slot : core_.slots()) {
                if (slot->state == Slot::State::leased)
                    cut.push_back(slot);
            }
            cut_ += cut.size();
            for (const SlotPtr& slot : cut)
                core_.on_return(slot, PoolCore::Returned::broken, now, actions);
        }
        next = std::min({next, actions.wake, shut_down_by_});
        actions.wake = TimePoint::max();
    }
    if (lanes)
        next = std::min(next, lanes->tick(now));
    for (const std::shared_ptr<wire::Connection>& connection : expired) {
        connection->expire(now);
        next = std::min(next, connection->deadline());
    }
    perform(std::move(actions));
    return next;
}

PoolStats Pool::stats() const {
    const std::lock_guard lock(mutex_);
    PoolStats stats = core_.stats();
    stats.round_trips = closed_round_trips_;
    stats.statements = closed_statements_;
    stats.cache_hits = closed_cache_hits_;
    for (const SlotPtr& slot : core_.slots()) {
        stats.round_trips += slot->connection->round_trips();
        stats.statements += slot->connection->statements();
        stats.cache_hits += slot->connection->cache_hits();
        stats.cached_statements += slot->connection->cached();
    }
    return stats;
}

} // namespace corm::pool
