// One connection of the lanes.
#pragma once

#include "pool/lanes.hpp"

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <vector>

namespace corm::pool {

/// Opens itself, carries one batch of reads at a time, and tells them what came of it.
///
/// Whoever changes its state from `idle` has it for himself; so has whoever is called back by the connection.
class Lanes::Lane final : public LeaseSink, public wire::RequestSink, public std::enable_shared_from_this<Lane> {
public:
    /// It waits for a connection, and then for the server to make that read-only.
    enum class State : std::uint8_t { opening, preparing, idle, busy, failed, closed };

    explicit Lane(std::weak_ptr<Lanes> owner) noexcept : owner_(std::move(owner)) {}

    [[nodiscard]] State state() const noexcept { return state_.load(std::memory_order_acquire); }
    [[nodiscard]] bool holds_connection() const noexcept {
        const State now = state();
        return now == State::preparing || now == State::idle || now == State::busy;
    }
    /// Takes an idle one; false when it is something else by now.
    [[nodiscard]] bool claim(State as) noexcept {
        State expected = State::idle;
        return state_.compare_exchange_strong(expected, as, std::memory_order_acq_rel);
    }
    void open(Pool& pool, const std::source_location& where);
    /// Not opened any more: false if the connection is on its way already.
    [[nodiscard]] bool withdraw(Pool& pool) noexcept;

    // These are for whoever has claimed it.

    /// Memory of an earlier batch.
    [[nodiscard]] LaneBatch take_spare() noexcept;
    /// False when the connection was lost while it was idle.
    [[nodiscard]] bool alive() noexcept { return lease_->alive(); }
    void send(LaneBatch&& batch, wire::Request&& request);
    /// There was nothing to send.
    void unclaim() noexcept { state_.store(State::idle, std::memory_order_release); }
    /// Gives the connection back.
    void close() noexcept;
    /// Nobody waits for what it is doing: gives it up.
    void cut_if_unwanted() noexcept;

    /// Calls `see` for each read that is under way; not to call out.
    template <class See>
    void each_read(See see) {
        const std::lock_guard lock(mutex_);
        for (const LaneReadPtr& read : batch_.members)
            see(read);
    }
    /// The context has ended, and no answer will come: gives up the reads that are under way.
    void drop_reads(std::vector<LaneReadPtr>& dropped);

    /// Why it has failed. `final`: there is no use in trying again.
    struct Failure {
        std::exception_ptr error;
        bool final = false;
    };
    [[nodiscard]] Failure take_failure() noexcept { return std::move(failure_); }
    /// Since when it is idle.
    [[nodiscard]] TimePoint idle_since() const noexcept { return TimePoint{TimePoint::duration{idle_since_.load()}}; }
    /// When its connection has reached its lifetime.
    [[nodiscard]] TimePoint expires() const noexcept { return lease_.expires(); }

    [[nodiscard]] bool has_served() const noexcept { return sent_ != TimePoint{}; }
    /// When its batch was sent. Of the turn.
    [[nodiscard]] TimePoint sent() const noexcept { return sent_; }

    void on_lease(Lease lease) noexcept override;
    void on_lease_failure(std::exception_ptr error) noexcept override;
    void on_reply(wire::Reply reply) noexcept override;

    // Of the turn.
    bool wanted_back = false; ///< others wait for a connection
    bool stuck = false;       ///< its batch takes so long that another lane stands in for it

private:
    void start(wire::Request&& request);
    void on_prepared(const wire::Reply& reply) noexcept;
    void fail(std::exception_ptr error, bool final) noexcept;
    void rest(TimePoint now) noexcept;

    const std::weak_ptr<Lanes> owner_;
    std::atomic<State> state_{State::opening};
    std::atomic<TimePoint::rep> idle_since_{0};
    Lease lease_;
    bool prepared_ = false;
    Failure failure_;
    TimePoint sent_;

    std::mutex mutex_; // guards what follows: others look for reads that are late
    LaneBatch batch_;
    LaneBatch spare_;
};

} // namespace corm::pool
