#include "monitor.hpp"

#include "support/processor_wait.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace corm::soak {
namespace {

using namespace std::chrono_literals;

/// After the beginning of an outage the tasks find out, one dial each. Then there may be probes only.
constexpr auto finding_out = 200ms;

std::int64_t now_ns() {
    return Clock::now().time_since_epoch() / 1ns;
}

void raise_to(std::atomic<std::int64_t>& most, std::int64_t value) noexcept {
    std::int64_t before = most;
    while (before < value && !most.compare_exchange_weak(before, value)) {
    }
}

} // namespace

void Monitor::start(const trace::OperationStart& event) noexcept {
    if (event.operation == trace::Operation::acquire) {
        const std::lock_guard lock(mutex_);
        arrivals_.emplace(event.id, leases_);
    } else if (event.operation == trace::Operation::connect) {
        const std::int64_t now = ++dialing_;
        const std::int64_t since = down_since_ns_;
        if (since != 0 && now_ns() - since > finding_out / 1ns) {
            ++dials_in_outages;
            raise_to(most_dials_at_once, now);
        }
    }
}

void Monitor::finish(const trace::OperationFinish& event) noexcept {
    if (event.operation == trace::Operation::connect)
        --dialing_;
    if (event.operation != trace::Operation::acquire)
        return;
    const std::lock_guard lock(mutex_);
    const auto arrived = arrivals_.extract(event.id);
    if (event.failed || arrived.empty())
        return;
    wait.add(std::chrono::duration<double, std::micro>(event.elapsed).count());
    wait_in_leases.add(static_cast<double>(leases_ - arrived.mapped()));
    ++leases_;
}

void Monitor::notice(std::string_view text, SqlState state) noexcept {
    findings_.note("notice " + std::string{state.code()} + ": " + std::string{text});
}

Task<> Monitor::watch_loop() {
    const test::ProcessorWait waited;
    boost::asio::steady_timer timer{co_await boost::asio::this_coro::executor};
    while (!stopped_) {
        const TimePoint due = Clock::now() + 1ms;
        const auto waited_before = waited();
        timer.expires_at(due);
        co_await timer.async_wait(boost::asio::use_awaitable);
        const Clock::duration by = std::max<Clock::duration>(Clock::now() - due, 0ns);
        late(by);
        const Clock::duration own = std::max<Clock::duration>(by - (waited() - waited_before), 0ns);
        loop_stall.add(microseconds(own));
        if (own > 25ms)
            findings_.note("the loop stood still for " + rounded(microseconds(own) / 1000, 1) + " ms");
    }
}

void Monitor::late(Clock::duration by) {
    const TimePoint now = Clock::now();
    if (now - second_ > 1s) {
        second_ = now;
        late_before_ns_ = late_now_ns_.exchange(0);
    }
    raise_to(late_now_ns_, by / 1ns);
}

Clock::duration Monitor::recently_late() const noexcept {
    return std::chrono::nanoseconds{std::max<std::int64_t>(late_now_ns_, late_before_ns_)};
}

void Monitor::took(const char* operation, Clock::duration limit, Clock::duration elapsed) {
    const Clock::duration behind = elapsed - limit;
    if (behind <= 0ns)
        return;
    overdue.add(microseconds(std::max<Clock::duration>(behind - recently_late(), 0ns)));
    findings_.note(std::string{operation} + " took " + rounded(microseconds(elapsed) / 1000, 1) + " ms, which is " +
                   rounded(microseconds(behind) / 1000, 1) + " ms behind its deadline");
}

void Monitor::server_is_down() noexcept {
    up_since_ns_ = 0;
    down_since_ns_ = now_ns();
}

void Monitor::server_is_up() noexcept {
    const std::int64_t now = now_ns();
    outage_us += std::max<std::int64_t>(0, now - down_since_ns_.exchange(0) - finding_out / 1ns) / 1000;
    up_since_ns_ = now;
}

void Monitor::committed() noexcept {
    const std::int64_t since = up_since_ns_.load(std::memory_order_relaxed);
    std::int64_t expected = since;
    if (since == 0 || !up_since_ns_.compare_exchange_strong(expected, 0))
        return;
    ++recoveries;
    raise_to(slowest_recovery_us, (now_ns() - since) / 1000);
}

} // namespace corm::soak
