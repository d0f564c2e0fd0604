// The clock of a run of one client program, and what it prints: "started" when the clock starts, and at the end one
// line of JSON with the result.
#pragma once

#include "schedule.hpp"

#include <malloc.h>

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <deque>
#include <mutex>

namespace bench {

using Clock = std::chrono::steady_clock;

/// Counts times in nanoseconds in constant memory: 32 buckets for each power of two, so 3 % wide.
class Histogram {
public:
    void add(std::chrono::nanoseconds time) noexcept {
        const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
        const int shift = std::max(static_cast<int>(std::bit_width(value)) - 6, 0);
        ++counts_[std::min(static_cast<std::size_t>(shift) * 32 + static_cast<std::size_t>(value >> shift),
                           counts_.size() - 1)];
        ++total_;
    }
    void add(const Histogram& other) noexcept {
        for (std::size_t i = 0; i < counts_.size(); ++i)
            counts_[i] += other.counts_[i];
        total_ += other.total_;
    }
    [[nodiscard]] bool empty() const noexcept { return total_ == 0; }
    /// In microseconds: at least this share of the times is not above it.
    [[nodiscard]] double quantile(double share) const noexcept {
        const double wanted = share * static_cast<double>(total_);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen > 0 && static_cast<double>(seen) >= wanted) {
                const std::size_t shift = i < 64 ? 0 : i / 32 - 1;
                return static_cast<double>(((i - shift * 32 + 1) << shift) - 1) / 1000;
            }
        }
        return 0;
    }

private:
    std::array<std::uint64_t, 1184> counts_{}; // up to 18 minutes
    std::uint64_t total_ = 0;
};

/// What a program prints.
struct Result {
    std::int64_t operations = 0; ///< while the clock ran
    double seconds = 0;          ///< that it ran
    double cpu = 0;              ///< seconds of this program meanwhile

    void print(const Histogram& latencies) const {
        const auto count = static_cast<double>(std::max<std::int64_t>(operations, 1));
        std::printf(R"({"operations": %lld, "rate": %.3f, "client_us": %.3f)", static_cast<long long>(operations),
                    static_cast<double>(operations) / seconds, cpu / count * 1e6);
        if (!latencies.empty())
            std::printf(R"(, "p50": %.2f, "p90": %.2f, "p99": %.2f, "p999": %.2f)", latencies.quantile(0.5),
                        latencies.quantile(0.9), latencies.quantile(0.99), latencies.quantile(0.999));
        std::puts("}");
        std::fflush(stdout);
    }
};

/// CPU seconds of this program so far.
inline double cpu_seconds() noexcept {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Whoever measures the server starts to do so.
inline void say_started() noexcept {
    std::puts("started");
    std::fflush(stdout);
}

/// Tells every task when to stop, and what came out of it; one for a program. Connecting and the first operation of
/// each task are not timed: they open connections and prepare statements. Tasks may be on several threads.
class Run {
public:
    explicit Run(const Arguments& arguments)
        : duration_(arguments.duration), waiting_(arguments.tasks), latencies_(arguments.latencies) {
        // glibc gives large blocks back to the kernel between two operations or does not, which depends on what lies
        // above them on the heap: a difference of a third that has nothing to do with either program.
        constexpr int all = 1 << 30;
        ::mallopt(M_TRIM_THRESHOLD, all);
        ::mallopt(M_MMAP_THRESHOLD, all);
    }

    [[nodiscard]] bool open() const noexcept {
        return !started() || Clock::now().time_since_epoch().count() < end_.load(std::memory_order_relaxed);
    }
    /// When an operation begins, if that matters.
    [[nodiscard]] Clock::time_point now() const noexcept { return latencies_ ? Clock::now() : Clock::time_point{}; }
    /// An operation of a task is complete. `first`: it was the first one of that task.
    void done(bool first, Clock::time_point began) {
        if (started()) {
            Counts& counts = mine();
            ++counts.operations;
            if (latencies_ && began >= start_)
                counts.latencies.add(Clock::now() - began);
        } else if (first && waiting_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            say_started();
            start_ = Clock::now();
            cpu_ = cpu_seconds();
            end_.store((start_ + duration_).time_since_epoch().count(), std::memory_order_release);
        }
    }
    /// Prints the result. Call it as soon as no task runs any more.
    void report() noexcept {
        Result result;
        result.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
        result.cpu = cpu_seconds() - cpu_;
        Histogram latencies;
        for (const Counts& counts : counts_) {
            result.operations += counts.operations;
            latencies.add(counts.latencies);
        }
        result.print(latencies);
    }

private:
    /// Of one thread: what all of them counted together would be slower.
    struct Counts {
        std::int64_t operations = 0; ///< while the clock ran
        Histogram latencies;
    };

    [[nodiscard]] bool started() const noexcept { return end_.load(std::memory_order_acquire) != 0; }
    [[nodiscard]] Counts& mine() {
        thread_local Counts* known = nullptr;
        if (known == nullptr) {
            const std::lock_guard lock(mutex_);
            known = &counts_.emplace_back();
        }
        return *known;
    }

    std::chrono::nanoseconds duration_;
    std::atomic<int> waiting_; // tasks that have not completed an operation yet
    bool latencies_;
    double cpu_ = 0;
    Clock::time_point start_{};
    std::atomic<Clock::rep> end_{0}; // 0: the clock does not run yet
    std::mutex mutex_;
    std::deque<Counts> counts_;
};

/// The operations of one task: `for (Turns turns{run}; turns.next();)` does one each time around.
class Turns {
public:
    explicit Turns(Run& run) : run_(run) {}

    /// The operation before is complete; false when there is to be no other.
    bool next() {
        if (number_++ > 0)
            run_.done(number_ == 2, began_);
        if (!run_.open())
            return false;
        began_ = run_.now();
        return true;
    }

private:
    Run& run_;
    std::int64_t number_ = 0;
    Clock::time_point began_{};
};

} // namespace bench
