// What went wrong, and the table of figures.
#pragma once

#include <array>
#include <cstddef>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

namespace corm::soak {

/// The figures that a soak has to hold, by their numbers in docs/soak.md.
enum Figure : std::size_t {
    money = 1,
    verdicts,
    unknowns,
    collateral,
    rest,
    memory,
    time_limits,
    fairness,
    recovery,
    throughput,
    surprises,
    wrong_victims,
};

/// Things that may not happen at all. Thread-safe.
class Findings {
public:
    /// Events go to the file, if one is named. Throws if it cannot be written.
    explicit Findings(const std::string& log);

    /// A figure is missed. `what` says how; of each figure the first ones are shown.
    void add(Figure figure, const std::string& what);
    /// Nothing wrong; for the log.
    void note(const std::string& what);

    [[nodiscard]] std::size_t count(Figure figure) const;
    /// The first of each figure, one per line.
    [[nodiscard]] std::string text() const;

private:
    struct Found {
        std::size_t count = 0;
        std::vector<std::string> first;
    };
    void write(const std::string& line);

    mutable std::mutex mutex_;
    std::array<Found, 13> found_;
    std::ofstream log_;
    double begun_;
};

/// The lines of the report.
class Table {
public:
    void add(Figure figure, const std::string& what, const std::string& value, const std::string& limit, bool held);
    /// True if every figure was held.
    [[nodiscard]] bool print() const;

private:
    struct Line {
        Figure figure;
        std::string what;
        std::string value;
        std::string limit;
        bool held;
    };
    std::vector<Line> lines_;
};

/// With so many digits behind the point.
[[nodiscard]] std::string rounded(double value, int digits);

} // namespace corm::soak
