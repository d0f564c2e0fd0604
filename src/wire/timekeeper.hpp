// Wakes an owner when its next deadline is due.
#pragma once

#include <corm/base/clock.hpp>

#include <functional>
#include <memory>

namespace corm::wire {

/// A thread that sleeps until the earliest deadline. A timer of Asio would be outstanding work: `io_context::run` would
/// not return until deadlines of requests that ended long ago have passed. Starts with the first deadline. Thread-safe.
class Timekeeper {
public:
    /// Called on the thread when a deadline is due; returns the next one, `TimePoint::max()` for none.
    using Tick = std::function<TimePoint(TimePoint now)>;

    explicit Timekeeper(Tick tick);
    /// Stops.
    ~Timekeeper();
    Timekeeper(const Timekeeper&) = delete;
    Timekeeper& operator=(const Timekeeper&) = delete;

    /// Ticks at `when` at the latest. Costs one comparison when an earlier tick is due anyway, which is nearly always:
    /// store the deadline where the tick finds it before calling this.
    void wake_by(TimePoint when) noexcept;
    /// No tick begins after this; waits for one that runs, unless called from it.
    void stop() noexcept;

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace corm::wire
