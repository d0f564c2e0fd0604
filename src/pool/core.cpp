#include "pool/core.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

// Waiters and leases. Dialing and time are in files of their own.
namespace corm::pool {
namespace {

// Idle connections that may be dead are not asked for longer than it takes to connect anew.
constexpr int ping_share = 2;

} // namespace

PoolCore::PoolCore(const PoolOptions& options, std::uint32_t seed) : options_(options), random_(seed) {}

void PoolCore::start(TimePoint now, Actions& actions) {
    pump(now, actions);
}

SlotPtr PoolCore::try_take(TimePoint now, const std::source_location& where, Actions& actions) {
    // The last one is the one that was used last: when it has to be asked first, all have.
    if (shut_down_ || !waiters_.empty() || (!idle_.empty() && is_suspect(*idle_.back(), now)))
        return nullptr;
    SlotPtr slot = pop_idle(now, actions);
    if (slot)
        lease(slot, now, where, actions);
    return slot;
}

SlotPtr PoolCore::pop_idle(TimePoint now, Actions& actions) {
    while (!idle_.empty()) {
        SlotPtr slot = std::move(idle_.back());
        idle_.pop_back();
        if (!is_old(*slot, now))
            return slot;
        close(std::move(slot), actions);
    }
    return nullptr;
}

bool PoolCore::is_old(const Slot& slot, TimePoint now) const noexcept {
    return now >= slot.expires || slot.made < stale_before_;
}

bool PoolCore::is_suspect(const Slot& slot, TimePoint now) const noexcept {
    return !slot.answered && (slot.since < suspect_before_ || now >= after(slot.since, options_.ping_after));
}

void PoolCore::lease(const SlotPtr& slot, TimePoint now, const std::source_location& where, Actions& actions) {
    actions.wake = std::min(actions.wake, after(now, options_.leak_report));
    slot->state = Slot::State::leased;
    slot->unclean = false;
    slot->since = now;
    slot->leak_reported = false;
    slot->lane = false;
    slot->where = where;
    ++acquired_;
}

void PoolCore::enqueue(Waiter waiter, TimePoint now, Actions& actions) {
    using Why = Actions::Failure::Why;
    if (shut_down_) {
        actions.failures.push_back({std::move(waiter), Why::shut_down});
        return;
    }
    if (waiters_.size() >= options_.max_waiters) {
        actions.failures.push_back({std::move(waiter), Why::queue_full});
        return;
    }
    const LeaseSink* sink = waiter.sink.get();
    actions.wake = std::min(actions.wake, waiter.deadline);
    waiters_.push_back(std::move(waiter));
    by_sink_[sink] = std::prev(waiters_.end());
    pump(now, actions);
}

void PoolCore::put_back(Waiter waiter, TimePoint now, Actions& actions) {
    if (shut_down_) {
        actions.failures.push_back({std::move(waiter), Actions::Failure::Why::shut_down});
        return;
    }
    const LeaseSink* sink = waiter.sink.get();
    actions.wake = std::min(actions.wake, waiter.deadline);
    waiters_.push_front(std::move(waiter));
    by_sink_[sink] = waiters_.begin();
    pump(now, actions);
}

bool PoolCore::withdraw(const LeaseSink* sink, Waiter& taken) noexcept {
    const auto found = by_sink_.find(sink);
    if (found == by_sink_.end())
        return false;
    taken = std::move(*found->second);
    waiters_.erase(found->second);
    by_sink_.erase(found);
    return true;
}

bool PoolCore::is_short() const noexcept {
    // Only a few of them are lanes: this looks at one or two.
    return size() >= options_.max_size && std::any_of(waiters_.begin(), waiters_.end(), [](const Waiter& waiter) {
               return waiter.kind == WaiterKind::task;
           });
}

void PoolCore::pump(TimePoint now, Actions& actions) {
    serve(now, actions);
    plan_dials(now, actions);
}

void PoolCore::serve(TimePoint now, Actions& actions) {
    while (!waiters_.empty()) {
        SlotPtr slot = pop_idle(now, actions);
        if (!slot)
            return;
        if (is_suspect(*slot, now)) {
            if (pinging_ >= waiters_.size()) {
                idle_.push_back(std::move(slot));
                return;
            }
            ping(slot, now, actions);
            continue;
        }
        Waiter waiter = std::move(waiters_.front());
        waiters_.pop_front();
        by_sink_.erase(waiter.sink.get());
        lease(slot, now, waiter.where, actions);
        actions.grants.push_back({std::move(waiter), std::move(slot)});
    }
}

void PoolCore::on_return(const SlotPtr& slot, Returned how, TimePoint now, Actions& actions) {
    if (slot->state != Slot::State::leased)
        return;
    if (slot->cancelling && how != Returned::broken && how != Returned::busy) {
        // The request to cancel could still meet whoever has the connection next, or the reset.
        wait_clean(slot, now, actions);
        return;
    }
    switch (how) {
    case Returned::broken: discard(slot, actions); break;
    case Returned::busy:
        wait_clean(slot, now, actions, cancel_interval);
        if (!std::exchange(slot->cancelling, true))
            actions.cancels.push_back(slot);
        break;
    case Returned::must_reset:
        wait_clean(slot, now, actions);
        reset(slot, actions);
        break;
    case Returned::clean:
    case Returned::unclean:
        slot->unclean = how == Returned::unclean;
        make_available(slot, now, actions);
        break;
    }
    pump(now, actions);
}

void PoolCore::make_available(const SlotPtr& slot, TimePoint now, Actions& actions) {
    if (shut_down_ || is_old(*slot, now)) {
        close(slot, actions);
        pump(now, actions);
        return;
    }
    slot->state = Slot::State::idle;
    slot->since = now;
    idle_.push_back(slot);
    serve(now, actions);
    if (slot->state == Slot::State::idle && slot->unclean)
        actions.cleans.push_back(slot);
    actions.wake = std::min({actions.wake, slot->expires, after(now, slot->idle_timeout)});
}

void PoolCore::wait_clean(const SlotPtr& slot, TimePoint now, Actions& actions, Duration cancel_in) {
    slot->state = Slot::State::cleaning;
    slot->since = now;
    slot->clean_by = after(now, options_.reset_timeout);
    slot->cancel_again = after(now, cancel_in);
    actions.wake = std::min({actions.wake, slot->clean_by, slot->cancel_again});
}

void PoolCore::reset(const SlotPtr& slot, Actions& actions) {
    slot->cancel_again = TimePoint::max();
    slot->to_prepare = true;
    actions.sends.push_back(slot);
}

void PoolCore::ping(const SlotPtr& slot, TimePoint now, Actions& actions) {
    wait_clean(slot, now, actions);
    // What it owes goes along.
    slot->unclean = false;
    slot->pinging = true;
    ++pinging_;
    // Whoever waits must have time left for a connection that is made instead.
    const TimePoint half = now + (waiters_.front().deadline - now) / ping_share;
    slot->clean_by = std::min(after(now, options_.ping_timeout), half);
    actions.wake = std::min(actions.wake, slot->clean_by);
    actions.sends.push_back(slot);
}

// One of them did not answer: the way to the server was cut while they were idle.
void PoolCore::close_suspects(TimePoint now, Actions& actions) {
    for (const SlotPtr& slot : std::vector<SlotPtr>(idle_)) {
        if (is_suspect(*slot, now))
            discard(slot, actions);
    }
}

bool PoolCore::begin_cleaning(const SlotPtr& slot, TimePoint now, Actions& actions) {
    if (slot->state != Slot::State::idle || !slot->unclean)
        return false;
    std::erase(idle_, slot);
    wait_clean(slot, now, actions);
    slot->unclean = false;
    return true;
}

void PoolCore::on_cleaned(const SlotPtr& slot, Returned how, TimePoint now, Actions& actions) {
    if (slot->state != Slot::State::cleaning || how == Returned::busy)
        return;
    slot->cancelling = false;
    const bool pinged = std::exchange(slot->pinging, false);
    pinging_ -= pinged ? 1 : 0;
    if (how == Returned::broken) {
        discard(slot, actions);
        if (pinged)
            close_suspects(now, actions);
    } else if (how == Returned::must_reset) {
        reset(slot, actions);
        return;
    } else {
        slot->unclean = how == Returned::unclean;
        slot->answered = pinged;
        make_available(slot, now, actions);
        slot->answered = false;
    }
    pump(now, actions);
}

void PoolCore::discard(SlotPtr slot, Actions& actions) {
    ++discarded_;
    close(std::move(slot), actions);
}

void PoolCore::close(SlotPtr slot, Actions& actions) {
    slot->state = Slot::State::closed;
    pinging_ -= std::exchange(slot->pinging, false) ? 1 : 0;
    std::erase(slots_, slot);
    std::erase(idle_, slot);
    actions.closes.push_back(std::move(slot));
}

std::vector<Waiter> PoolCore::take_waiters() noexcept {
    std::vector<Waiter> all{std::make_move_iterator(waiters_.begin()), std::make_move_iterator(waiters_.end())};
    waiters_.clear();
    by_sink_.clear();
    return all;
}

void PoolCore::shut_down(TimePoint now, Actions& actions) {
    shut_down_ = true;
    for (Waiter& waiter : take_waiters())
        actions.failures.push_back({std::move(waiter), Actions::Failure::Why::shut_down});
    for (const SlotPtr& slot : std::vector<SlotPtr>(idle_))
        close(slot, actions);
    expire_slots(now, actions);
}

PoolStats PoolCore::stats() const noexcept {
    PoolStats stats;
    for (const SlotPtr& slot : slots_) {
        // A parked one that still holds a transaction on the server is not at rest.
        const bool resting = slot->state == Slot::State::idle && !slot->unclean;
        const bool parked = slot->state == Slot::State::idle && slot->unclean;
        stats.idle += resting ? 1 : 0;
        stats.leased += slot->state == Slot::State::leased && !slot->lane ? 1 : 0;
        stats.lanes += slot->state == Slot::State::leased && slot->lane ? 1 : 0;
        stats.cleaning += parked || slot->state == Slot::State::cleaning ? 1 : 0;
    }
    stats.dialing = dialing_;
    stats.waiting = waiters_.size();
    stats.acquired = acquired_;
    stats.timed_out = timed_out_;
    stats.connected = connected_;
    stats.discarded = discarded_;
    return stats;
}

} // namespace corm::pool
