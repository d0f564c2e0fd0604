// What the two client programs share: their command line, the clock of a run and its result.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {

/// Rows of the tables that tools/bench makes.
inline constexpr std::int64_t accounts = 1'000'000; ///< pgbench_accounts at scale 10
inline constexpr std::int64_t items = 100'000;      ///< bench_items
inline constexpr int unit_rows = 10;                ///< loaded and edited by one unit of work
inline constexpr int inserted_rows = 1'000;
inline constexpr int read_rows = 10'000;

/// PROGRAM WORKLOAD URL SECONDS TASKS; the workload may be followed by a colon and how many rows it inserts.
struct Arguments {
    std::string_view workload;
    std::string url;
    std::chrono::nanoseconds duration{};
    int tasks = 0;
    int rows = inserted_rows;

    static Arguments parse(int argc, char** argv) {
        if (argc != 5)
            throw std::invalid_argument{std::string{"usage: "} + argv[0] + " WORKLOAD URL SECONDS TASKS"};
        Arguments arguments{argv[1], argv[2], {}, std::atoi(argv[4])};
        if (const std::size_t colon = arguments.workload.find(':'); colon != std::string_view::npos) {
            arguments.rows = std::atoi(argv[1] + colon + 1);
            arguments.workload = arguments.workload.substr(0, colon);
        }
        arguments.duration = std::chrono::nanoseconds{static_cast<std::int64_t>(std::atof(argv[3]) * 1e9)};
        if (arguments.duration.count() <= 0 || arguments.tasks < 1 || arguments.rows < 1)
            throw std::invalid_argument{"SECONDS, TASKS and rows must be positive"};
        return arguments;
    }
};

/// xorshift: the choice of a row must cost nothing.
class Random {
public:
    explicit Random(int seed) : state_(0x9E3779B97F4A7C15ULL * (static_cast<std::uint64_t>(seed) + 1)) {}
    /// From 1 to `count`.
    std::int64_t row(std::int64_t count) noexcept {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return static_cast<std::int64_t>(state_ % static_cast<std::uint64_t>(count)) + 1;
    }

private:
    std::uint64_t state_;
};

/// The rows of one unit of work: ascending, distinct, and of one task alone, so that no task waits for another's lock.
inline std::array<std::int64_t, unit_rows> unit_keys(Random& random, int task, int tasks) {
    const std::int64_t rows = items / tasks;
    const std::int64_t band = rows / unit_rows;
    std::array<std::int64_t, unit_rows> keys{};
    for (int i = 0; i < unit_rows; ++i)
        keys[static_cast<std::size_t>(i)] = (i * band + random.row(band) - 1) * tasks + task + 1;
    return keys;
}

/// Tells every task when to stop, and what came out of it. Connecting and the first operation of each task are not
/// timed: they open connections and prepare statements. CPU is measured from outside, so it counts every operation.
class Run {
public:
    Run(std::chrono::nanoseconds duration, int tasks) : duration_(duration), waiting_(tasks) {}

    [[nodiscard]] bool open() const noexcept { return waiting_ > 0 || Clock::now() < end_; }
    /// An operation of a task is complete. `first`: it was the first one of that task.
    void done(bool first) noexcept {
        ++all_;
        if (first && --waiting_ == 0) {
            start_ = Clock::now();
            end_ = start_ + duration_;
            before_ = all_;
        }
    }
    /// Prints the result as one line of JSON. Call it as soon as no task runs any more.
    void report() const {
        const std::chrono::duration<double> took = Clock::now() - start_;
        std::printf("{\"operations\": %lld, \"rate\": %.3f}\n", static_cast<long long>(all_),
                    static_cast<double>(all_ - before_) / took.count());
    }

private:
    using Clock = std::chrono::steady_clock;
    std::chrono::nanoseconds duration_;
    int waiting_;
    std::int64_t all_ = 0;
    std::int64_t before_ = 0;
    Clock::time_point start_{};
    Clock::time_point end_{};
};

} // namespace bench
