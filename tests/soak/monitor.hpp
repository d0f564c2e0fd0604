// Measures a soak from outside of the tasks: the loop, the pool's queue, dials, and operations in progress.
#pragma once

#include "findings.hpp"
#include "histogram.hpp"

#include <corm/corm.hpp>
#include <corm/trace/tracer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace corm::soak {

/// Also the tracer of the engine under test. Thread-safe.
class Monitor final : public trace::Tracer {
public:
    explicit Monitor(Findings& findings) : findings_(findings) {}

    void start(const trace::OperationStart& event) noexcept override;
    void finish(const trace::OperationFinish& event) noexcept override;
    void notice(std::string_view text, SqlState state) noexcept override;

    /// Ticks every millisecond on the executor that awaits it, until `stop`.
    Task<> watch_loop();
    void stop() noexcept { stopped_ = true; }
    void go_on() noexcept { stopped_ = false; }

    /// An operation with this limit has taken so long.
    void took(const char* operation, Clock::duration limit, Clock::duration elapsed);
    void resumed(Clock::duration since_cancel) { cancel_to_resume.add(microseconds(since_cancel)); }

    /// Counts dials until `server_is_up`.
    void server_is_down() noexcept;
    void server_is_up() noexcept;
    /// Something was committed: the first time since `server_is_up`, that is how long the recovery took.
    void committed() noexcept;

    [[nodiscard]] static double microseconds(Clock::duration time) {
        return std::chrono::duration<double, std::micro>(time).count();
    }

    Histogram loop_stall;       ///< us by which a tick was late, less what the processor was late
    Histogram cancel_to_resume; ///< us
    Histogram overdue;          ///< us behind the deadline, less what the loop was late
    Histogram wait;             ///< us in the pool's queue
    Histogram wait_in_leases;   ///< leases given to others meanwhile
    std::atomic<std::uint64_t> recoveries{0};
    std::atomic<std::int64_t> slowest_recovery_us{0};
    std::atomic<std::uint64_t> dials_in_outages{0};
    std::atomic<std::int64_t> most_dials_at_once{0}; ///< of outages
    std::atomic<std::int64_t> outage_us{0};          ///< in which dials were counted

private:
    void late(Clock::duration by);
    [[nodiscard]] Clock::duration recently_late() const noexcept;

    Findings& findings_;
    std::atomic<bool> stopped_{false};
    std::atomic<std::int64_t> late_now_ns_{0}, late_before_ns_{0}; ///< the worst of this second and of the last one
    TimePoint second_{};

    std::mutex mutex_;                                          // guards arrivals_
    std::unordered_map<std::uint64_t, std::uint64_t> arrivals_; ///< of those who wait: leases given by then
    std::atomic<std::uint64_t> leases_{0};

    std::atomic<std::int64_t> dialing_{0};
    std::atomic<std::int64_t> down_since_ns_{0}; ///< 0: up
    std::atomic<std::int64_t> up_since_ns_{0};   ///< 0: nothing to measure
};

} // namespace corm::soak
