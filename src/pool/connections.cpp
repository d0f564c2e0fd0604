// How the connections of a Pool come, are cleaned, and go.
#include "pool/pool.hpp"

#include <corm/base/error.hpp>

#include <string>
#include <utility>

namespace corm::pool {
namespace {

// The program's own words are left out: they may hold what it tried.
std::exception_ptr no_password(const std::exception_ptr& error) {
    std::string text = "the password provider failed";
    try {
        std::rethrow_exception(error);
    } catch (const TimeoutError&) {
        text = "the password provider did not answer within PoolOptions::connect_timeout";
    } catch (...) {
        // Nothing to add.
    }
    return std::make_exception_ptr(ConnectionError(text, {}, true));
}

/// The next connection may be luckier with the hook.
bool may_pass(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const ConnectionError&) {
        return true;
    } catch (const TimeoutError&) {
        return true;
    } catch (...) {
        return false;
    }
}

std::exception_ptr not_prepared(const std::exception_ptr& error) {
    std::string text = "on_connect failed, so the new connection is not used: ";
    Diagnostics diagnostics;
    try {
        std::rethrow_exception(error);
    } catch (const DatabaseError& e) {
        text += e.what();
        diagnostics = e.diagnostics();
    } catch (const ConnectionError& e) {
        text += e.what();
        diagnostics = e.diagnostics();
    } catch (const std::exception& e) {
        text += e.what();
    } catch (...) {
        text += "an exception that is no std::exception";
    }
    return std::make_exception_ptr(ConnectionError(text, std::move(diagnostics), true));
}

} // namespace

Pool::DialSpan Pool::dial_span() const {
    const auto span = std::make_shared<trace::Span>();
    if (tracer_)
        *span = trace::Span{tracer_, trace::Operation::connect, place_, {}};
    return span;
}

void Pool::dial() {
    dial([weak = weak_from_this(), span = dial_span()](wire::Dialed dialed) {
        if (const std::shared_ptr<Pool> pool = weak.lock())
            pool->on_dialed(span, std::move(dialed));
    });
}

void Pool::dial_apart(wire::Dialer::Done done) {
    dial([gate = gate_, span = dial_span(), done = std::move(done)](wire::Dialed dialed) {
        if (dialed.error)
            span->fail(dialed.error);
        else
            span->succeed();
        gate->post([done, dialed = std::move(dialed)]() mutable { done(std::move(dialed)); });
    });
}

void Pool::dial(wire::Dialer::Done done) {
    if (!hooks_ || !hooks_->gives_password()) {
        dialer_.dial(std::move(done));
        return;
    }
    const auto password = std::make_shared<std::string>();
    // Not started: the pool ends, and nobody counts on this dial any more.
    static_cast<void>(
        errands_.start([hooks = hooks_, password]() -> Task<void> { *password = co_await hooks->password(); },
                       deadline_in(options_.connect_timeout),
                       [weak = weak_from_this(), done = std::move(done), password](const std::exception_ptr& error) {
                           if (error)
                               done({{}, no_password(error), wire::DialFailure::transient});
                           else if (const std::shared_ptr<Pool> pool = weak.lock())
                               pool->dialer_.dial(done, std::move(*password));
                       }));
}

// On the dialer's thread, or on the executor.
void Pool::on_dialed(const DialSpan& span, wire::Dialed dialed) noexcept {
    if (dialed.error) {
        on_dial_failed(span, dialed.failure != wire::DialFailure::transient, std::move(dialed.error));
        return;
    }
    gate_->post([weak = weak_from_this(), span, handle = std::move(dialed.handle)]() mutable {
        if (const std::shared_ptr<Pool> pool = weak.lock())
            pool->adopt(span, std::move(handle));
    });
}

void Pool::on_dial_failed(const DialSpan& span, bool permanent, std::exception_ptr error) noexcept {
    span->fail(error);
    Actions actions;
    {
        const std::lock_guard lock(mutex_);
        // One of several hosts says nothing about connections to the others.
        if (single_host_)
            core_.on_lost(trace::sqlstate_of(error), Clock::now(), actions);
        core_.on_dial_failed(permanent, std::move(error), Clock::now(), actions);
    }
    perform(std::move(actions));
}

void Pool::adopt(const DialSpan& span, wire::ConnHandle handle) noexcept {
    auto slot = std::make_shared<Slot>();
    const std::shared_ptr<wire::ConnectionOwner> owner{shared_from_this(), static_cast<wire::ConnectionOwner*>(this)};
    try {
        slot->connection = wire::Connection::make(std::move(handle), {.gate = gate_,
                                                                      .timekeeper = timekeeper_,
                                                                      .owner = owner,
                                                                      .tracer = tracer_,
                                                                      .statement_cache = options_.statement_cache,
                                                                      .epoch = epoch_,
                                                                      .commit_grace = options_.commit_grace,
                                                                      .reset = options_.reset});
    } catch (...) {
        on_dial_failed(span, false, std::current_exception());
        return;
    }
    if (!hooks_ || !hooks_->prepares()) {
        admit(span, slot);
        return;
    }
    prepare(slot, deadline_in(options_.connect_timeout),
            [weak = weak_from_this(), span, slot](const std::exception_ptr& error) {
                const std::shared_ptr<Pool> pool = weak.lock();
                if (pool && error)
                    pool->on_dial_failed(span, !may_pass(error), not_prepared(error));
                else if (pool)
                    pool->admit(span, slot);
            });
}

void Pool::admit(const DialSpan& span, const SlotPtr& slot) noexcept {
    span->succeed();
    Actions actions;
    {
        const std::lock_guard lock(mutex_);
        core_.on_dialed(slot, Clock::now(), actions);
    }
    perform(std::move(actions));
}

// Runs the program's hook on a connection that nobody else uses.
void Pool::prepare(const SlotPtr& slot, TimePoint deadline, const Errands::Done& done) noexcept {
    const bool started = errands_.start(
        [hooks = hooks_, connection = slot->connection, deadline] { return hooks->prepare(connection, deadline); },
        deadline,
        [slot, done](std::exception_ptr error) {
            wire::Connection& connection = *slot->connection;
            connection.accept_changes();
            if (const auto rest = connection.rest();
                !error && (rest == wire::Connection::Rest::busy || rest == wire::Connection::Rest::broken))
                error = std::make_exception_ptr(
                    ConnectionError("it left the connection broken, or in the middle of a statement", {}, true));
            if (error)
                connection.close(error);
            done(error);
        });
    if (!started)
        done(std::make_exception_ptr(ConnectionError("the pool is shut down", {}, true)));
}

void Pool::cancel(const SlotPtr& slot) {
    std::unique_ptr<wire::CancelHandle> handle = slot->connection->make_cancel();
    if (!handle) {
        on_cancelled(slot);
        return;
    }
    canceller_.submit(std::move(handle), [weak = weak_from_this(), slot] {
        if (const std::shared_ptr<Pool> pool = weak.lock())
            pool->on_cancelled(slot);
    });
}

// No cancel is on its way any more: from here on the connection may be used again as soon as it has settled.
void Pool::on_cancelled(const SlotPtr& slot) noexcept {
    {
        const std::lock_guard lock(mutex_);
        slot->cancelling = false;
    }
    on_cleaned(slot);
}

void Pool::on_settled(wire::Connection& connection) noexcept {
    if (const SlotPtr slot = find(connection))
        on_cleaned(slot);
}

// On the timekeeper's thread, which sleeps until the new deadline afterwards.
void Pool::on_overdue(wire::Connection& connection) noexcept {
    const SlotPtr slot = find(connection);
    if (!slot)
        return;
    {
        const std::lock_guard lock(mutex_);
        // From here on the lease cannot go to somebody else before the cancel has gone out.
        if (slot->state != Slot::State::leased || std::exchange(slot->cancelling, true))
            return;
    }
    // It may have gone before.
    if (connection.overdue())
        cancel(slot);
    else
        on_cancelled(slot);
}

// Two threads come here: of the connection that settled, and of the cancel request that returned. They look and decide
// under one lock, or the second would find a connection that the first has handed on, and drop its request.
void Pool::on_cleaned(const SlotPtr& slot) noexcept {
    PoolCore::Returned how{};
    bool again = false;
    TimePoint deadline;
    {
        const std::lock_guard lock(mutex_);
        if (slot->state != Slot::State::cleaning || slot->cancelling || slot->preparing)
            return;
        how = to_core(*slot->connection, slot->connection->rest());
        if (how == PoolCore::Returned::busy)
            return;
        slot->preparing = true;
        again = how == PoolCore::Returned::clean && std::exchange(slot->to_prepare, false);
        deadline = slot->clean_by;
    }
    if (again)
        prepare_again(slot, deadline);
    else
        on_cleaned(slot, how);
}

void Pool::on_cleaned(const SlotPtr& slot, PoolCore::Returned how) noexcept {
    const SqlState loss = how == PoolCore::Returned::broken ? report_loss(*slot->connection) : SqlState{};
    Actions actions;
    {
        const std::lock_guard lock(mutex_);
        slot->preparing = false;
        core_.on_lost(loss, Clock::now(), actions);
        core_.on_cleaned(slot, how, Clock::now(), actions);
    }
    perform(std::move(actions));
}

// The reset has undone what the hook had done.
void Pool::prepare_again(const SlotPtr& slot, TimePoint deadline) noexcept {
    prepare(slot, deadline, [weak = weak_from_this(), slot](const std::exception_ptr& error) {
        if (const std::shared_ptr<Pool> pool = weak.lock())
            pool->on_cleaned(slot, error ? PoolCore::Returned::broken : PoolCore::Returned::clean);
    });
}

SqlState Pool::report_loss(const wire::Connection& connection) const noexcept {
    const SqlState code = connection.loss();
    if (tracer_ && !code.empty())
        tracer_->notice("the server ended a connection of the pool", code);
    return code;
}

// A parked connection still holds a transaction on the server, and nobody has taken it in this turn of the loop.
void Pool::clean(const SlotPtr& slot) noexcept {
    Actions actions;
    {
        const std::lock_guard lock(mutex_);
        if (!core_.begin_cleaning(slot, Clock::now(), actions))
            return;
    }
    perform(std::move(actions));
    send(slot);
}

// Nobody waits for the reply: the owner hears when it has come.
void Pool::send(const SlotPtr& slot) noexcept {
    slot->connection->start({}, nullptr);
}

void Pool::context_gone(std::vector<std::shared_ptr<void>>& dropped) noexcept {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    for (Waiter& waiter : core_.take_waiters()) {
        dropped.push_back(std::move(waiter.sink));
        dropped.push_back(std::move(waiter.work));
    }
    for (std::shared_ptr<ShutdownSink>& sink : shutdown_sinks_)
        dropped.push_back(std::move(sink));
    shutdown_sinks_.clear();
}

void Pool::shut_down(TimePoint deadline, std::shared_ptr<ShutdownSink> sink) {
    Actions actions;
    errands_.stop();
    dialer_.stop();
    {
        const std::lock_guard lock(mutex_);
        core_.forget_dials();
        shut_down_by_ = std::min(shut_down_by_, deadline);
        if (sink)
            shutdown_sinks_.push_back(std::move(sink));
        core_.shut_down(Clock::now(), actions);
        actions.wake = std::min(actions.wake, deadline);
    }
    perform(std::move(actions));
    check_shut_down();
}

void Pool::check_shut_down() noexcept {
    std::vector<std::shared_ptr<ShutdownSink>> sinks;
    std::size_t cut = 0;
    {
        const std::lock_guard lock(mutex_);
        if (!core_.is_shut_down() || !core_.is_empty() || shutdown_sinks_.empty())
            return;
        sinks = std::exchange(shutdown_sinks_, {});
        cut = cut_;
    }
    gate_->post([self = shared_from_this(), sinks = std::move(sinks), cut] {
        self->stop_threads();
        for (const std::shared_ptr<ShutdownSink>& sink : sinks)
            sink->on_shut_down(cut);
    });
}

void Pool::abandon() noexcept {
    Actions actions;
    errands_.stop();
    dialer_.stop();
    {
        const std::lock_guard lock(mutex_);
        abandoned_ = true;
        core_.forget_dials();
        core_.shut_down(Clock::now(), actions);
        for (const SlotPtr& slot : std::vector<SlotPtr>(core_.slots())) {
            if (slot->state == Slot::State::cleaning)
                core_.on_cleaned(slot, PoolCore::Returned::broken, Clock::now(), actions);
        }
    }
    perform(std::move(actions));
    canceller_.stop(); // and not the deadlines, which leases have to their end
}

void Pool::stop_threads() noexcept {
    errands_.stop();
    dialer_.stop();
    canceller_.stop();
    if (timekeeper_)
        timekeeper_->stop();
}

} // namespace corm::pool
