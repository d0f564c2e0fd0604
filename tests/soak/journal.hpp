// What the tasks believe to have done, and what the database says.
#pragma once

#include "admin.hpp"
#include "findings.hpp"

#include <corm/orm/engine.hpp>

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace corm::soak {

constexpr std::int64_t accounts = 100;
constexpr std::int64_t opening_balance = 1'000'000;
/// Of the line that is in the ledger from the start, so that another one with it fails.
constexpr std::int64_t taken_token = 1;

/// Makes tables and the role `corm_soak`, without which the limit of a role's connections would not count.
void open_bank(Admin& admin);

enum class Verdict { acknowledged, failed, unknown };

/// One line for each transfer that was tried. Thread-safe.
class Journal {
public:
    explicit Journal(Findings& findings) : findings_(findings) {}

    /// The key of a transfer in the ledger, never given twice. What becomes of it has to be noted before the audit.
    [[nodiscard]] std::int64_t next_token();
    /// `outcome`: what the server said about an unknown one.
    void note(std::int64_t token, Verdict verdict, std::optional<orm::CommitOutcome> outcome = {});

    /// Compares the lines since the last call with the ledger, and the balances with all of it. Only while nobody
    /// works.
    void audit(Admin& admin);

    struct Totals {
        std::uint64_t acknowledged = 0;
        std::uint64_t failed = 0;
        std::uint64_t unknown = 0;
        std::uint64_t unknown_committed = 0;
        std::uint64_t unresolved = 0; ///< the server could not tell either
    };
    [[nodiscard]] Totals totals() const;

private:
    struct Line {
        std::int64_t token;
        Verdict verdict;
        std::optional<orm::CommitOutcome> outcome;
    };
    void compare(const Line& line, bool present);

    Findings& findings_;
    mutable std::mutex mutex_;
    std::int64_t last_token_ = 1'000;
    std::unordered_set<std::int64_t> open_; ///< tokens of which nothing was noted yet
    std::vector<Line> lines_;
    std::int64_t audited_ = 1'000;
    std::uint64_t present_ = 0;
    Totals totals_;
};

} // namespace corm::soak
