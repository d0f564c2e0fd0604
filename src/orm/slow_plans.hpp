// The plans of statements that took long.
#pragma once

#include "wire/request.hpp"

#include <corm/base/clock.hpp>
#include <corm/orm/options.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>

namespace corm::orm {

struct EngineCore;

/// Decides which plans are asked for. Thread-safe.
class SlowPlans {
public:
    explicit SlowPlans(const PlanOptions& options) noexcept : options_(options) {}

    [[nodiscard]] bool wanted() const noexcept { return options_.slower_than > Duration{}; }
    /// It took so long that its plan is of interest.
    // Compared in the coarser unit: `no_deadline` is more nanoseconds than there are.
    [[nodiscard]] bool is_slow(Clock::duration took) const noexcept {
        return wanted() && std::chrono::ceil<Duration>(took) > options_.slower_than;
    }

    /// Asks for the plans of those of the statements that have one and are due, and returns at once. `session`: of
    /// whose operation they are. Never throws: a plan is lost then.
    static void ask(const std::shared_ptr<EngineCore>& engine, const SessionOptions& session,
                    std::span<wire::Statement> statements, Clock::duration took,
                    const std::source_location& where) noexcept;

private:
    /// True if nobody asks at this moment.
    [[nodiscard]] bool begin() noexcept;
    void end() noexcept;
    [[nodiscard]] bool is_due(std::uint64_t text, TimePoint now);

    const PlanOptions options_;
    std::mutex mutex_; // guards what follows
    bool asking_ = false;
    std::map<std::uint64_t, TimePoint> not_before_; // hashes of texts
};

} // namespace corm::orm
