// What PoolCore does when time passes.
#include "pool/core.hpp"

#include <algorithm>
#include <utility>

namespace corm::pool {

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
    bool silent = false;
    for (const SlotPtr& slot : slots) {
        switch (slot->state) {
        case Slot::State::idle: {
            const TimePoint unused =
                size > options_.min_size ? after(slot->since, slot->idle_timeout) : TimePoint::max();
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
                silent = silent || slot->pinging;
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
            if (slot->leak_reported || slot->lane)
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
    if (silent)
        close_suspects(now, actions);
}

void PoolCore::tick(TimePoint now, Actions& actions) {
    expire_waiters(now, actions);
    expire_slots(now, actions);
    pump(now, actions);
}

} // namespace corm::pool
