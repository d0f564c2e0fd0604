// When PoolCore makes connections, and what it takes the end of one for.
#include "pool/core.hpp"

#include <algorithm>
#include <utility>

namespace corm::pool {
namespace {

// Between two tries at a server that does not answer: doubled from the first to the second.
constexpr Duration first_pause{100};
constexpr Duration longest_pause{1'000};

} // namespace

void PoolCore::plan_dials(TimePoint now, Actions& actions) {
    if (shut_down_)
        return;
    const std::size_t room = options_.max_size - std::min(options_.max_size, size());
    const std::size_t missing = options_.min_size - std::min(options_.min_size, size());
    const std::size_t on_the_way = dialing_ + pinging_;
    const std::size_t wanted = std::max(missing, waiters_.size() - std::min(waiters_.size(), on_the_way));
    std::size_t count = std::min(room, wanted);
    if (probing_) {
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
    probing_ = false;
    dial_error_ = nullptr;
    ++connected_;
    slot->made = now;
    slot->expires = after(now, spread(options_.max_lifetime));
    slot->idle_timeout = spread(options_.idle_timeout);
    slots_.push_back(slot);
    make_available(slot, now, actions);
    pump(now, actions);
}

void PoolCore::on_dial_failed(bool permanent, std::exception_ptr error, TimePoint now, Actions& actions) {
    dialing_ -= std::min<std::size_t>(dialing_, 1); // none left when the dials were forgotten
    dial_error_ = std::move(error);
    ++dial_failures_;
    probing_ = true;
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

void PoolCore::on_lost(SqlState code, TimePoint now, Actions& actions) {
    if (code == sqlstate::crash_shutdown || code == sqlstate::cannot_connect_now) {
        stale_before_ = now;
        for (const SlotPtr& slot : std::vector<SlotPtr>(idle_)) {
            if (is_old(*slot, now))
                discard(slot, actions);
        }
    } else if (code == sqlstate::admin_shutdown) {
        // Said to every session of a server that shuts down, but also to a single one that somebody terminated.
        suspect_before_ = now;
    } else {
        return;
    }
    probing_ = true;
    pump(now, actions);
}

// Connections that were made together must not end together.
Duration PoolCore::spread(Duration limit) {
    if (limit == no_deadline)
        return limit;
    std::uniform_int_distribution<Duration::rep> jitter(0, std::max<Duration::rep>(limit.count() / 10, 0));
    return limit - Duration{jitter(random_)};
}

void PoolCore::forget_dials() noexcept {
    dialing_ = 0;
}

} // namespace corm::pool
