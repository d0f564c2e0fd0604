// What the server has answered so far.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace atlas {

/// Counters that every thread may increment.
struct Metrics {
    std::array<std::atomic<std::uint64_t>, 600> by_status{};
    std::atomic<std::uint64_t> requests{};
    std::atomic<std::uint64_t> stale_when_read{};      ///< If-Match named an older version than the row had
    std::atomic<std::uint64_t> stale_when_committed{}; ///< somebody else was quicker between read and commit
};

} // namespace atlas
