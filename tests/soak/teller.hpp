// One task of a soak: it makes transfers, reads, fails and is cancelled, and notes what it believes to have done.
#pragma once

#include "journal.hpp"
#include "monitor.hpp"
#include "options.hpp"
#include "saboteur.hpp"

#include <corm/corm.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/describe/class.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <optional>
#include <random>
#include <string>
#include <tuple>

namespace corm::soak {

struct Account {
    std::int64_t id = 0;
    std::int64_t balance = 0;
    std::int32_t version = 0;
};
BOOST_DESCRIBE_STRUCT(Account, (), (id, balance, version))

constexpr auto corm_mapping(corm::type<Account>) {
    return corm::table<Account>("accounts").primary_key<&Account::id>().version<&Account::version>();
}

struct Transfer {
    std::int64_t token = 0;
    std::int64_t source = 0;
    std::int64_t target = 0;
    std::int64_t amount = 0;
};
BOOST_DESCRIBE_STRUCT(Transfer, (), (token, source, target, amount))

constexpr auto corm_mapping(corm::type<Transfer>) {
    return corm::table<Transfer>("ledger").primary_key<&Transfer::token>();
}

using Reading = std::tuple<std::int64_t, std::string>; ///< of a large table

/// What all tellers share.
struct Bank {
    const Options& options;
    Journal& journal;
    Monitor& monitor;
    Findings& findings;
    Saboteur& saboteur;
    Engine* engine = nullptr;
    bool only_transfers = false; ///< in key order, nobody is cancelled: what throughput is measured by
    std::atomic<bool> closing{false};

    std::atomic<std::uint64_t> attempts{0};
    std::atomic<std::uint64_t> cancelled{0}; ///< by the soak
    std::atomic<std::uint64_t> lost{0};      ///< connections, and deadlines that passed
    std::atomic<std::uint64_t> retryable{0}; ///< 40001, 40P01, stale plans
    std::atomic<std::uint64_t> aborted{0};   ///< attempts that were cancelled and ended so
};

/// Lets operations that wait for a connection or for locks take this long, and others that long.
inline constexpr Duration patient{5'000}, brisk{1'000};

/// Lives until its coroutine has ended, on one strand.
class Teller {
public:
    Teller(Bank& bank, unsigned number, boost::asio::any_io_executor strand);

    /// Tries one thing after the other until the bank closes.
    Task<> work();
    /// Since when the operation under way is going on; 0 without one. Any thread.
    [[nodiscard]] std::int64_t busy_since_ns() const noexcept { return busy_since_ns_; }

private:
    enum class Script { transfer, unordered, serializable, read, abandoned_read, duplicate, swallowed_failure };
    class Step;

    [[nodiscard]] Script choose();
    void plan_cancel(Script script);
    Task<> attempt(Script script);
    Task<> run(Script script);
    void strike();
    /// Notes what an attempt came to.
    Task<> judge(Script script, std::exception_ptr error);
    Task<std::optional<CommitOutcome>> resolve(CommitOutcomeUnknown error);
    [[nodiscard]] Verdict classify(const DatabaseError& error);

    Task<> transfer();
    Task<> locked_transfer();
    Task<> unordered_transfer();
    Task<> serializable_transfer();
    Task<> read();
    Task<> abandoned_read();
    Task<> duplicate();
    Task<> swallowed_failure();
    /// Changes both, adds the line, flushes and commits.
    Task<> move(Ref<Account> source, Ref<Account> target, Duration within);
    void open(SessionOptions options = {});
    [[nodiscard]] AsyncSession& session();

    Bank& bank_;
    std::mt19937 random_;
    boost::asio::any_io_executor strand_;
    boost::asio::steady_timer fuse_; ///< of the cancellation
    std::atomic<std::int64_t> busy_since_ns_{0};

    // Of the attempt under way.
    std::optional<AsyncSession> session_;
    std::optional<boost::asio::cancellation_signal> signal_;
    std::int64_t token_ = 0; ///< 0: it does not write
    std::uint64_t serial_ = 0;
    int step_ = 0;
    int cancel_at_step_ = 0; ///< 0: not at all
    bool destroy_ = false;   ///< the session, instead of a cancellation
    bool committing_ = false;
    TimePoint struck_at_{};
};

} // namespace corm::soak
