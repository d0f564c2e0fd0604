// What the client programs share: their command line, the sizes of the tables and the choice of rows.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

/// Rows of the tables that tools/bench makes.
inline constexpr std::int64_t accounts = 1'000'000; ///< pgbench_accounts at scale 10
inline constexpr std::int64_t items = 100'000;      ///< bench_items, edited by units of work
inline constexpr std::int64_t orders = 100'000;     ///< bench_orders, six columns, only read
inline constexpr std::int64_t customers = 5'000;    ///< of the orders, 20 for each
inline constexpr std::int64_t balances = 100'000;   ///< bench_balances, between which transfers move money
inline constexpr int unit_rows = 10;                ///< loaded and edited by one unit of work
inline constexpr int page_rows = 20;                ///< of one customer, which `query_20` reads
inline constexpr int read_rows = 10'000;
inline constexpr int copied_rows = 1'000'000; ///< that `copy_in_1m` copies into bench_copied

/// PROGRAM WORKLOAD URL SECONDS TASKS [--connections N] [--latencies] [--spin MICROSECONDS] [--threads N] [--engines]
struct Arguments {
    std::string_view workload;
    std::string url;
    std::chrono::nanoseconds duration{};
    int tasks = 0;
    int connections = 0; ///< of all tasks together; one for each up to 32 unless it is given
    bool latencies = false;
    // Of bench-corm.
    std::chrono::microseconds spin{0}; ///< it polls for so long before it sleeps
    int threads = 1;                   ///< that run the tasks
    bool engines = false;              ///< each thread has an engine and an io_context of its own

    static Arguments parse(int argc, char** argv) {
        if (argc < 5)
            throw std::invalid_argument{
                std::string{"usage: "} + argv[0] +
                " WORKLOAD URL SECONDS TASKS [--connections N] [--latencies] [--spin MICROSECONDS] [--threads N] "
                "[--engines]"};
        Arguments arguments{argv[1], argv[2], {}, std::atoi(argv[4])};
        arguments.duration = std::chrono::nanoseconds{static_cast<std::int64_t>(std::atof(argv[3]) * 1e9)};
        arguments.connections = std::min(arguments.tasks, 32);
        for (int i = 5; i < argc; ++i) {
            const std::string_view option = argv[i];
            if (option == "--latencies")
                arguments.latencies = true;
            else if (option == "--connections" && i + 1 < argc)
                arguments.connections = std::atoi(argv[++i]);
            else if (option == "--spin" && i + 1 < argc)
                arguments.spin = std::chrono::microseconds{std::atoi(argv[++i])};
            else if (option == "--threads" && i + 1 < argc)
                arguments.threads = std::atoi(argv[++i]);
            else if (option == "--engines")
                arguments.engines = true;
            else
                throw std::invalid_argument{"unknown option " + std::string{option}};
        }
        if (arguments.duration.count() <= 0 || arguments.tasks < 1 || arguments.connections < 1 ||
            arguments.threads < 1)
            throw std::invalid_argument{"SECONDS, TASKS, connections and threads must be positive"};
        if (arguments.spin.count() != 0 && arguments.threads != 1)
            throw std::invalid_argument{"--spin is for one thread"};
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

/// One unit of money from the first row to the second: any two of all rows, so that tasks meet now and then.
inline std::pair<std::int64_t, std::int64_t> transfer(Random& random) {
    const std::int64_t from = random.row(balances);
    const std::int64_t to = random.row(balances - 1);
    return {from, to < from ? to : to + 1};
}

} // namespace bench
