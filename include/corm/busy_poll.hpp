// An event loop that polls before it sleeps.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>

namespace corm {

/// Runs `context` as `context.run()` does, but looks for events for `spin` before it sleeps: a processor that sleeps
/// takes tens of microseconds to wake up, on virtual machines more, which is most of what a single query takes. Keeps
/// the thread's processor busy meanwhile, so `spin` should be about the time of a round trip (100us), and the processor
/// the thread's own. Returns how many handlers ran. Any number of threads may run a context, in this way or in the
/// other.
///
/// Measured for one task, `get` after `get`: docs/performance.md.
inline std::size_t run_busy(boost::asio::io_context& context, std::chrono::microseconds spin) {
    using Clock = std::chrono::steady_clock;
    std::size_t ran = 0;
    Clock::time_point until = Clock::now() + spin;
    while (!context.stopped()) {
        if (const std::size_t now = context.poll(); now != 0) {
            ran += now;
            until = Clock::now() + spin;
        } else if (Clock::now() >= until && !context.stopped()) {
            ran += context.run_one();
            until = Clock::now() + spin;
        }
    }
    return ran;
}

} // namespace corm
