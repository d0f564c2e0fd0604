// What a test spends in calls that block, on a loop that it shares with the code under test.
#pragma once

#include <chrono>

namespace corm::test {

/// Adds its lifetime to the time of its thread.
class BlockedTime {
public:
    BlockedTime() = default;
    BlockedTime(const BlockedTime&) = delete;
    BlockedTime& operator=(const BlockedTime&) = delete;
    ~BlockedTime() { total_ += std::chrono::steady_clock::now() - begun_; }

    /// Of this thread so far.
    [[nodiscard]] static std::chrono::nanoseconds total() noexcept { return total_; }

private:
    static inline thread_local std::chrono::nanoseconds total_{0};
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

} // namespace corm::test
