// Connections that many read at once.
#pragma once

#include "pool/lane_batch.hpp"
#include "pool/pool.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace corm::pool {

/// Reads that lease nothing: whatever waits when the loop turns goes out together, over a few connections of the pool
/// that are kept for it. Thread-safe. No lock is held across a system call, and none is taken to submit a read.
///
/// Reads that failed by themselves are told so; those that only travelled behind them are sent again, each under a Sync
/// of its own. A read whose deadline passes, or that is cancelled, costs the others nothing. When a connection is lost,
/// exactly the reads that were on it fail.
///
/// Its state is touched by one turn at a time, which runs on the executor after whoever asked for it has returned.
class Lanes final : public LaneHost, public std::enable_shared_from_this<Lanes>, private wire::Guarded {
public:
    [[nodiscard]] static std::shared_ptr<Lanes> make(std::shared_ptr<Pool> pool);
    ~Lanes() override;
    Lanes(const Lanes&) = delete;
    Lanes& operator=(const Lanes&) = delete;

    /// Destroyed without a call when the context of the executor ends.
    void submit(LaneReadPtr read) noexcept;
    /// A read that was submitted has ceased to wait.
    void ceased() noexcept;
    /// Reads that wait fail; what is under way goes on to its end. Connections go back to the pool.
    void shut_down() noexcept;

    /// Reads that were answered, and requests that were sent for them.
    [[nodiscard]] std::uint64_t reads() const noexcept { return reads_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t requests() const noexcept { return requests_.load(std::memory_order_relaxed); }

private:
    class Lane;
    using LanePtr = std::shared_ptr<Lane>;
    using Queue = std::deque<LaneReadPtr>;

    explicit Lanes(std::shared_ptr<Pool> pool);

    TimePoint tick(TimePoint now) noexcept override;
    void on_shortage() noexcept override;
    void context_gone(std::vector<std::shared_ptr<void>>& dropped) noexcept override;

    void schedule() noexcept;
    void post_turn();
    void turn() noexcept;
    void work();
    void admit();
    void tidy();
    void assign();
    void send(const LanePtr& lane, Queue& queue, std::size_t count, bool apart);
    void open_another();
    void expire(TimePoint now);
    void cut_unwanted();
    void find_stuck(TimePoint now);
    void tell(const LaneReadPtr& read, std::exception_ptr error) noexcept;
    /// Null: the pool is shut down.
    void fail_waiting(const std::exception_ptr& error);
    void check_at(std::atomic<TimePoint::rep>& due, TimePoint when) noexcept;
    [[nodiscard]] std::size_t most_lanes() const noexcept;
    [[nodiscard]] std::size_t most_connections() const noexcept;
    [[nodiscard]] Duration stuck_after() const noexcept;
    [[nodiscard]] std::size_t fair_share() const noexcept;
    [[nodiscard]] bool is_waiting() const noexcept { return !waiting_.empty() || !again_.empty(); }

    const std::shared_ptr<Pool> pool_;
    const PoolOptions& options_;
    const bool holds_syncs_;
    LaneInbox inbox_;
    LaneInbox back_;                      // to be sent again
    std::atomic<std::uint32_t> turns_{0}; // asked for since the last one began
    std::atomic<bool> closed_{false};
    std::atomic<bool> short_{false};   // somebody waits for a lease
    std::atomic<bool> ceased_{false};  // some reads no longer wait
    std::atomic<bool> expired_{false}; // some deadline has passed
    std::atomic<bool> stuck_{false};   // some batch may be out for too long
    std::atomic<TimePoint::rep> next_deadline_;
    std::atomic<TimePoint::rep> next_rest_;  // of a lane that nobody uses
    std::atomic<TimePoint::rep> next_stuck_; // of a batch that is out
    std::atomic<std::uint64_t> reads_{0};
    std::atomic<std::uint64_t> requests_{0};

    // Of the turn.
    Queue waiting_;
    Queue again_;
    std::vector<LanePtr> lanes_;
    int failed_opens_ = 0;     // in a row
    bool open_failed_ = false; // in this turn, and there are other lanes
};

} // namespace corm::pool
