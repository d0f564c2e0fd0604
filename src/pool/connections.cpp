// How the connections of a Pool come, are cleaned, and go.
#include "pool/pool.hpp"

#include <corm/base/error.hpp>

#include <utility>

namespace corm::pool {

void Pool::dial() {
    const auto span = std::make_shared<trace::Span>();
    if (tracer_)
        *span = trace::Span{tracer_, trace::Operation::connect, place_, {}};
    dialer_.dial([weak = weak_from_this(), span](wire::Dialed dialed) {
        if (dialed.error)
            span->fail(dialed.error);
        else
            span->succeed();
        if (const std::shared_ptr<Pool> pool = weak.lock())
            pool->on_dialed(std::move(dialed));
    });
}

// On the dialer's thread.
void Pool::on_dialed(wire::Dialed dialed) noexcept {
    if (dialed.error) {
        on_dial_failed(dialed.failure == wire::DialFailure::permanent, std::move(dialed.error));
        return;
    }
    gate_->post([weak = weak_from_this(), handle = std::move(dialed.handle)]() mutable {
        if (const std::shared_ptr<Pool> pool = weak.lock())
            pool->adopt(std::move(handle));
    });
}

void Pool::on_dial_failed(bool permanent, std::exception_ptr error) noexcept {
    Actions actions;
    {
        const std::lock_guard lock(mutex_);
        core_.on_dial_failed(permanent, std::move(error), Clock::now(), actions);
    }
    perform(std::move(actions));
}

void Pool::adopt(wire::ConnHandle handle) noexcept {
    auto slot = std::make_shared<Slot>();
    const std::shared_ptr<wire::ConnectionOwner> owner{shared_from_this(), static_cast<wire::ConnectionOwner*>(this)};
    try {
        slot->connection = wire::Connection::make(std::move(handle), {.gate = gate_,
                                                                      .timekeeper = timekeeper_,
                                                                      .owner = owner,
                                                                      .tracer = tracer_,
                                                                      .statement_cache = options_.statement_cache,
                                                                      .epoch = epoch_,
                                                                      .commit_grace = options_.commit_grace});
    } catch (...) {
        on_dial_failed(false, std::current_exception());
        return;
    }
    Actions actions;
    {
        const std::lock_guard lock(mutex_);
        core_.on_dialed(slot, Clock::now(), actions);
    }
    perform(std::move(actions));
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

void Pool::on_cleaned(const SlotPtr& slot) noexcept {
    Actions actions;
    {
        const std::lock_guard lock(mutex_);
        if (slot->state != Slot::State::cleaning || slot->cancelling)
            return;
    }
    const wire::Connection::Rest rest = slot->connection->rest();
    using Rest = wire::Connection::Rest;
    if (rest == Rest::busy)
        return;
    {
        const std::lock_guard lock(mutex_);
        core_.on_cleaned(slot,
                         rest == Rest::clean            ? PoolCore::Returned::clean
                         : rest == Rest::in_transaction ? PoolCore::Returned::in_transaction
                                                        : PoolCore::Returned::broken,
                         Clock::now(), actions);
    }
    perform(std::move(actions));
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
    // Nobody waits for the reply: the owner hears when it has come.
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
    stop_threads();
}

void Pool::stop_threads() noexcept {
    dialer_.stop();
    canceller_.stop();
    if (timekeeper_)
        timekeeper_->stop();
}

} // namespace corm::pool
