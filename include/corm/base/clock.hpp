// The clock of deadlines.
#pragma once

#include <chrono>

namespace corm {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Duration = std::chrono::milliseconds;

/// No deadline at all, asked for explicitly.
inline constexpr Duration no_deadline = Duration::max();

/// The moment `after` from now; `TimePoint::max()` for `no_deadline`, and for anything that the clock cannot hold.
[[nodiscard]] inline TimePoint deadline_in(Duration after) noexcept {
    const TimePoint now = Clock::now();
    return after < std::chrono::duration_cast<Duration>(TimePoint::max() - now) ? now + after : TimePoint::max();
}

} // namespace corm
