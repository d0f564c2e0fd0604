// Quantiles in constant memory.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace corm::soak {

/// Counts values of one or more in buckets of 5 %. Thread-safe.
class Histogram {
public:
    void add(double value) noexcept {
        const double bucket = value <= 1 ? 0 : std::ceil(std::log(value) / std::log(growth));
        ++counts_[std::min(static_cast<std::size_t>(bucket), counts_.size() - 1)];
        ++count_;
        double before = largest_;
        while (before < value && !largest_.compare_exchange_weak(before, value)) {
        }
    }

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] double largest() const noexcept { return largest_; }
    /// At least this share of the values is not above the result; 0 without values.
    [[nodiscard]] double quantile(double share) const noexcept {
        const double wanted = share * static_cast<double>(count_);
        double seen = 0;
        for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
            seen += static_cast<double>(counts_[bucket]);
            if (seen > 0 && seen >= wanted)
                return std::min(std::pow(growth, static_cast<double>(bucket)), largest());
        }
        return largest();
    }

private:
    static constexpr double growth = 1.05;

    std::array<std::atomic<std::uint64_t>, 512> counts_{};
    std::atomic<std::uint64_t> count_{0};
    std::atomic<double> largest_{0};
};

} // namespace corm::soak
