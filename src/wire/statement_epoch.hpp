// Tells the connections of a pool that tables have changed.
#pragma once

#include <corm/base/clock.hpp>

#include <atomic>
#include <cstdint>

namespace corm::wire {

/// Counts changes of tables, as far as a connection has met one: what one of them finds, the others need not find
/// again, statement by statement. Thread-safe.
class StatementEpoch {
public:
    [[nodiscard]] std::uint64_t now() const noexcept { return epoch_.load(std::memory_order_acquire); }

    /// A prepared statement was found stale: every connection prepares its statements anew. At most once a second, so
    /// that a table which only one connection sees (a temporary one) does not keep the others from their caches.
    void advance(TimePoint at) noexcept {
        constexpr std::chrono::seconds pause{1};
        TimePoint::rep last = last_.load(std::memory_order_relaxed);
        const bool soon = last != 0 && at - TimePoint{TimePoint::duration{last}} < pause;
        if (!soon && last_.compare_exchange_strong(last, at.time_since_epoch().count()))
            epoch_.fetch_add(1, std::memory_order_acq_rel);
    }

private:
    std::atomic<std::uint64_t> epoch_{0};
    std::atomic<TimePoint::rep> last_{0};
};

} // namespace corm::wire
