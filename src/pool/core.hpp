// Every decision of a pool, without I/O and without a clock.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/base/sqlstate.hpp>
#include <corm/pool/options.hpp>
#include <corm/trace/span.hpp>

#include <cstdint>
#include <exception>
#include <list>
#include <memory>
#include <random>
#include <source_location>
#include <unordered_map>
#include <vector>

namespace corm::wire {
class Connection;
}

namespace corm::pool {

class LeaseSink;

/// A connection's place in the pool.
struct Slot {
    enum class State { idle, leased, cleaning, closed };

    std::shared_ptr<wire::Connection> connection;
    State state = State::idle;
    bool unclean = false;    ///< parked: the server still holds its transaction, or what it left in its session
    TimePoint since;         ///< of the state
    TimePoint made;          ///< when it was connected
    TimePoint expires;       ///< end of its life, when idle
    Duration idle_timeout{}; ///< that of the options, spread
    TimePoint clean_by;      ///< when cleaning: closed if it is not clean by then
    TimePoint cancel_again;  ///< when cleaning: a cancel may have come too early
    bool cancelling = false; ///< a cancel request is on its way
    bool pinging = false;    ///< when cleaning: somebody waits for the answer
    bool answered = false;   ///< to a ping, at this moment
    bool to_prepare = false; ///< when cleaning: the hook has to run again behind the reset
    bool preparing = false;  ///< when cleaning: it is being decided about, or the hook runs
    bool leak_reported = false;
    bool lane = false;          ///< when leased: by a lane, for as long as there are reads
    std::source_location where; ///< who has the lease
};

using SlotPtr = std::shared_ptr<Slot>;

/// A cancel that comes between two statements is lost; it is repeated.
inline constexpr Duration cancel_interval{250};

/// `pause` after `now`; never for `no_deadline`.
[[nodiscard]] inline TimePoint after(TimePoint now, Duration pause) noexcept {
    // Compared in the coarser unit: `no_deadline` is more nanoseconds than there are.
    const auto left = std::chrono::duration_cast<Duration>(TimePoint::max() - now);
    return pause >= left ? TimePoint::max() : now + pause;
}

/// A lane may wait as well: for more than the lanes that there are, so that tasks are not short because of it.
enum class WaiterKind : std::uint8_t { task, lane };

/// Somebody who waits for a lease. `work` keeps the executor's context from running dry meanwhile.
struct Waiter {
    std::shared_ptr<LeaseSink> sink;
    TimePoint deadline;
    std::source_location where;
    std::shared_ptr<void> work;
    trace::Span span{}; ///< the acquire operation
    WaiterKind kind = WaiterKind::task;
};

/// What the shell has to do once the lock is released.
struct Actions {
    struct Grant {
        Waiter waiter;
        SlotPtr slot;
    };
    struct Failure {
        enum class Why { deadline, queue_full, shut_down, dial };
        Waiter waiter;
        Why why{};
    };
    std::vector<Grant> grants;
    std::vector<Failure> failures;
    std::vector<SlotPtr> closes;
    std::vector<SlotPtr> cleans;  ///< parked and unclean: send the ROLLBACK if nobody takes them first
    std::vector<SlotPtr> sends;   ///< cleaning: send what is owed, or an empty request, and wait for the answer
    std::vector<SlotPtr> cancels; ///< busy: cancel what runs
    std::vector<SlotPtr> leaks;
    std::size_t dials = 0;
    TimePoint wake = TimePoint::max();
};

/// Waiters, slots, limits and time. Not thread-safe: the pool's mutex guards it. Calls nobody.
class PoolCore {
public:
    /// `unclean`: what it owes may travel with the next request. `must_reset`: it may not be used before.
    enum class Returned { clean, unclean, must_reset, busy, broken };

    PoolCore(const PoolOptions& options, std::uint32_t seed);

    /// Opens `min_size` connections.
    void start(TimePoint now, Actions& actions);

    /// The connection that was idle last, or null: none, or others wait already. The slot is leased.
    [[nodiscard]] SlotPtr try_take(TimePoint now, const std::source_location& where, Actions& actions);
    /// Puts a waiter into the queue, or fails it.
    void enqueue(Waiter waiter, TimePoint now, Actions& actions);
    /// The lease that the waiter got was of no use: it is the first again.
    void put_back(Waiter waiter, TimePoint now, Actions& actions);
    /// The waiter, if it is still in the queue.
    [[nodiscard]] bool withdraw(const LeaseSink* sink, Waiter& taken) noexcept;

    void on_dialed(const SlotPtr& slot, TimePoint now, Actions& actions);
    /// `permanent`: all waiters fail with `error`. Otherwise the next try comes after a pause, one at a time.
    void on_dial_failed(bool permanent, std::exception_ptr error, TimePoint now, Actions& actions);
    /// The server ended a session, or refused one, with this code. One that crashed or goes down takes the others with
    /// it: they are replaced, or asked before their next use, and dialing begins with a single probe.
    void on_lost(SqlState code, TimePoint now, Actions& actions);
    /// The dials under way will not report any more.
    void forget_dials() noexcept;
    /// A lease came back.
    void on_return(const SlotPtr& slot, Returned how, TimePoint now, Actions& actions);
    /// The shell begins to clean a parked slot: false when somebody took it meanwhile.
    [[nodiscard]] bool begin_cleaning(const SlotPtr& slot, TimePoint now, Actions& actions);
    /// A cleaning slot is clean, owes a ROLLBACK, or is broken.
    void on_cleaned(const SlotPtr& slot, Returned how, TimePoint now, Actions& actions);

    /// Everything that is due.
    void tick(TimePoint now, Actions& actions);

    /// Fails waiters, closes what is idle; leases may still come back.
    void shut_down(TimePoint now, Actions& actions);
    [[nodiscard]] bool is_shut_down() const noexcept { return shut_down_; }
    /// Nothing is open and nothing is being opened.
    [[nodiscard]] bool is_empty() const noexcept { return slots_.empty() && dialing_ == 0; }

    [[nodiscard]] std::exception_ptr dial_error() const noexcept { return dial_error_; }
    [[nodiscard]] const std::vector<SlotPtr>& slots() const noexcept { return slots_; }
    [[nodiscard]] std::vector<Waiter> take_waiters() noexcept;
    [[nodiscard]] PoolStats stats() const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return slots_.size() + dialing_; }
    /// A task waits, and no connection can be made for it.
    [[nodiscard]] bool is_short() const noexcept;

private:
    void pump(TimePoint now, Actions& actions);
    void serve(TimePoint now, Actions& actions);
    void plan_dials(TimePoint now, Actions& actions);
    void make_available(const SlotPtr& slot, TimePoint now, Actions& actions);
    void close(SlotPtr slot, Actions& actions);
    void discard(SlotPtr slot, Actions& actions);
    void lease(const SlotPtr& slot, TimePoint now, const std::source_location& where, Actions& actions);
    void wait_clean(const SlotPtr& slot, TimePoint now, Actions& actions, Duration cancel_in = no_deadline);
    [[nodiscard]] SlotPtr pop_idle(TimePoint now, Actions& actions);
    [[nodiscard]] bool is_old(const Slot& slot, TimePoint now) const noexcept;
    [[nodiscard]] bool is_suspect(const Slot& slot, TimePoint now) const noexcept;
    void reset(const SlotPtr& slot, Actions& actions);
    void ping(const SlotPtr& slot, TimePoint now, Actions& actions);
    void close_suspects(TimePoint now, Actions& actions);
    [[nodiscard]] Duration spread(Duration limit);
    void expire_waiters(TimePoint now, Actions& actions);
    void expire_slots(TimePoint now, Actions& actions);

    const PoolOptions options_;
    std::mt19937 random_;
    std::vector<SlotPtr> slots_;
    std::vector<SlotPtr> idle_; // the last one returned at the back
    std::list<Waiter> waiters_;
    std::unordered_map<const LeaseSink*, std::list<Waiter>::iterator> by_sink_;
    std::size_t dialing_ = 0;
    std::size_t pinging_ = 0;
    std::size_t dial_failures_ = 0;               // in a row
    bool probing_ = false;                        // the server may be away: one dial at a time until one succeeds
    TimePoint stale_before_ = TimePoint::min();   // connections made before this are closed
    TimePoint suspect_before_ = TimePoint::min(); // connections idle since before this are asked first
    TimePoint dial_after_ = TimePoint::min();
    std::exception_ptr dial_error_;
    bool shut_down_ = false;
    std::uint64_t acquired_ = 0;
    std::uint64_t timed_out_ = 0;
    std::uint64_t connected_ = 0;
    std::uint64_t discarded_ = 0;
};

} // namespace corm::pool
