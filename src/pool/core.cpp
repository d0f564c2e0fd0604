#include "pool/core.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace corm::pool {
namespace {

// Between two tries at a server that does not answer: doubled from the first to the second.
constexpr Duration first_pause{100};
constexpr Duration longest_pause{1'000};
// A cancel that comes between two statements is lost; it is repeated.
constexpr Duration cancel_interval{250};

TimePoint after(TimePoint now, Duration pause) {
    // Compared in the coarser unit: `no_deadline` is more nanoseconds than there are.
    const auto left = std::chrono::duration_cast<Duration>(TimePoint::max() - now);
    return pause >= left ? TimePoint::max() : now + pause;
}

} // namespace

PoolCore::PoolCore(const PoolOptions& options, std::uint32_t seed) : options_(options), random_(seed) {}

void PoolCore::start(TimePoint now, Actions& actions) {
    pump(now, actions);
}

SlotPtr PoolCore::try_take(TimePoint now, const std::source_location& where, Actions& actions) {
    if (shut_down_ || !waiters_.empty())
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
        if (now < slot->expires)
            return slot;
        close(std::move(slot), actions);
    }
    return nullptr;
}

void PoolCore::lease(const SlotPtr& slot, TimePoint now, const std::source_location& where, Actions& actions) {
    actions.wake = std::min(actions.wake, after(now, options_.leak_report));
    slot->state = Slot::State::leased;
    slot->owes_rollback = false;
    slot->since = now;
    slot->leak_reported = false;
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

void PoolCore::pump(TimePoint now, Actions& actions) {
    serve(now, actions);
    plan_dials(now, actions);
}

void PoolCore::serve(TimePoint now, Actions& actions) {
    while (!waiters_.empty()) {
        SlotPtr slot = pop_idle(now, actions);
        if (!slot)
            return;
        Waiter waiter = std::move(waiters_.front());
        waiters_.pop_front();
        by_sink_.erase(waiter.sink.get());
        lease(slot, now, waiter.where, actions);
        actions.grants.push_back({std::move(waiter), std::move(slot)});
    }
}

void PoolCore::plan_dials(TimePoint now, Actions& actions) {
    if (shut_down_)
        return;
    const std::size_t room = options_.max_size - std::min(options_.max_size, size());
    const std::size_t missing = options_.min_size - std::min(options_.min_size, size());
    const std::size_t wanted = std::max(missing, waiters_.size() - std::min(waiters_.size(), dialing_));
    std::size_t count = std::min(room, wanted);
    if (dial_failures_ != 0) {
        // The server was away a moment ago: one probe at a time.
        if (dialing_ != 0 || count == 0)
            return;
        if (now < dial_after_) {
            actions.wake = std::min(actions.wake, dial_after_);
            return;
        }
        count = 1;
    }
    dialing_ += count;
    actions.dials += count;
}

void PoolCore::on_dialed(const SlotPtr& slot, TimePoint now, Actions& actions) {
    dialing_ -= std::min<std::size_t>(dialing_, 1); // none left when the dials were forgotten
    dial_failures_ = 0;
    dial_error_ = nullptr;
    ++connected_;
    if (options_.max_lifetime == no_deadline) {
        slot->expires = TimePoint::max();
    } else {
        // Connections that were made together must not end together.
        const auto spread = options_.max_lifetime.count() / 10;
        std::uniform_int_distribution<Duration::rep> jitter(0, std::max<Duration::rep>(spread, 0));
        slot->expires = after(now, options_.max_lifetime - Duration{jitter(random_)});
    }
    slots_.push_back(slot);
    make_available(slot, now, actions);
    pump(now, actions);
}

void PoolCore::on_dial_failed(bool permanent, std::exception_ptr error, TimePoint now, Actions& actions) {
    dialing_ -= std::min<std::size_t>(dialing_, 1); // none left when the dials were forgotten
    dial_error_ = std::move(error);
    ++dial_failures_;
    const auto doubled = first_pause * (1 << std::min<std::size_t>(dial_failures_ - 1, 4));
    const Duration pause = std::min<Duration>(doubled, longest_pause);
    std::uniform_int_distribution<Duration::rep> jitter(0, pause.count() / 4);
    dial_after_ = now + pause + Duration{jitter(random_)};
    if (permanent) {
        for (Waiter& waiter : take_waiters())
            actions.failures.push_back({std::move(waiter), Actions::Failure::Why::dial});
    }
    pump(now, actions);
}

void PoolCore::forget_dials() noexcept {
    dialing_ = 0;
}

void PoolCore::on_return(const SlotPtr& slot, Returned how, TimePoint now, Actions& actions) {
    if (slot->state != Slot::State::leased)
        return;
    switch (how) {
    case Returned::broken: discard(slot, actions); break;
    case Returned::busy:
        wait_clean(slot, now, actions);
        if (!std::exchange(slot->cancelling, true))
            actions.cancels.push_back(slot);
        break;
    case Returned::clean:
    case Returned::in_transaction:
        if (slot->cancelling) {
            // The request to cancel could still meet whoever has the connection next.
            wait_clean(slot, now, actions);
            slot->cancel_again = TimePoint::max();
            break;
        }
        slot->owes_rollback = how == Returned::in_transaction;
        make_available(slot, now, actions);
        break;
    }
    pump(now, actions);
}

void PoolCore::make_available(const SlotPtr& slot, TimePoint now, Actions& actions) {
    if (shut_down_ || now >= slot->expires) {
        close(slot, actions);
        pump(now, actions);
        return;
    }
    slot->state = Slot::State::idle;
    slot->since = now;
    idle_.push_back(slot);
    serve(now, actions);
    if (slot->state == Slot::State::idle && slot->owes_rollback)
        actions.cleans.push_back(slot);
    if (slot->expires != TimePoint::max() || options_.idle_timeout != no_deadline)
        actions.wake = std::min({actions.wake, slot->expires, after(now, options_.idle_timeout)});
}

void PoolCore::wait_clean(const SlotPtr& slot, TimePoint now, Actions& actions) {
    slot->state = Slot::State::cleaning;
    slot->since = now;
    slot->clean_by = after(now, options_.reset_timeout);
    slot->cancel_again = after(now, cancel_interval);
    actions.wake = std::min({actions.wake, slot->clean_by, slot->cancel_again});
}

bool PoolCore::begin_cleaning(const SlotPtr& slot, TimePoint now, Actions& actions) {
    if (slot->state != Slot::State::idle || !slot->owes_rollback)
        return false;
    std::erase(idle_, slot);
    wait_clean(slot, now, actions);
    slot->owes_rollback = false;
    slot->cancel_again = TimePoint::max();
    return true;
}

void PoolCore::on_cleaned(const SlotPtr& slot, Returned how, TimePoint now, Actions& actions) {
    if (slot->state != Slot::State::cleaning || how == Returned::busy)
        return;
    slot->cancelling = false;
    if (how == Returned::broken) {
        discard(slot, actions);
    } else {
        slot->owes_rollback = how == Returned::in_transaction;
        make_available(slot, now, actions);
    }
    pump(now, actions);
}

void PoolCore::discard(SlotPtr slot, Actions& actions) {
    ++discarded_;
    close(std::move(slot), actions);
}

void PoolCore::close(SlotPtr slot, Actions& actions) {
    slot->state = Slot::State::closed;
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

void PoolCore::expire_waiters(TimePoint now, Actions& actions) {
    for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
        if (now < waiter->deadline) {
            actions.wake = std::min(actions.wake, waiter->deadline);
            ++waiter;
            continue;
        }
        ++timed_out_;
        by_sink_.erase(waiter->sink.get());
        actions.failures.push_back({std::move(*waiter), Actions::Failure::Why::deadline});
        waiter = waiters_.erase(waiter);
    }
}

void PoolCore::expire_slots(TimePoint now, Actions& actions) {
    const std::vector<SlotPtr> slots = slots_;
    std::size_t size = slots_.size();
    for (const SlotPtr& slot : slots) {
        switch (slot->state) {
        case Slot::State::idle: {
            const TimePoint unused =
                size > options_.min_size ? after(slot->since, options_.idle_timeout) : TimePoint::max();
            const TimePoint end = std::min(slot->expires, unused);
            if (now >= end) {
                close(slot, actions);
                --size;
            } else {
                actions.wake = std::min(actions.wake, end);
            }
            break;
        }
        case Slot::State::cleaning:
            if (now >= slot->clean_by) {
                discard(slot, actions);
                --size;
                break;
            }
            if (now >= slot->cancel_again) {
                slot->cancel_again = after(now, cancel_interval);
                if (!std::exchange(slot->cancelling, true))
                    actions.cancels.push_back(slot);
            }
            actions.wake = std::min({actions.wake, slot->clean_by, slot->cancel_again});
            break;
        case Slot::State::leased: {
            const TimePoint leak = after(slot->since, options_.leak_report);
            if (slot->leak_reported)
                break;
            if (now >= leak) {
                slot->leak_reported = true;
                actions.leaks.push_back(slot);
            } else {
                actions.wake = std::min(actions.wake, leak);
            }
            break;
        }
        case Slot::State::closed: break;
        }
    }
}

void PoolCore::tick(TimePoint now, Actions& actions) {
    expire_waiters(now, actions);
    expire_slots(now, actions);
    pump(now, actions);
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
        const bool resting = slot->state == Slot::State::idle && !slot->owes_rollback;
        const bool parked = slot->state == Slot::State::idle && slot->owes_rollback;
        stats.idle += resting ? 1 : 0;
        stats.leased += slot->state == Slot::State::leased ? 1 : 0;
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
