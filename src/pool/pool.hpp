// Connections shared by many sessions.
#pragma once

#include "pool/core.hpp"
#include "pool/errands.hpp"
#include "pool/hooks.hpp"
#include "wire/canceller.hpp"
#include "wire/connection.hpp"
#include "wire/dialer.hpp"

#include <corm/pool/options.hpp>
#include <corm/trace/tracer.hpp>
#include <corm/wire/config.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <exception>
#include <memory>
#include <mutex>
#include <source_location>
#include <string>

namespace corm::pool {

class Pool;

/// The right to use one connection. Returns it by destruction, in whatever state it is; the pool cleans it.
/// Movable; to be used by one task at a time; safe to destroy on any thread, and after the pool and its executor.
class Lease {
public:
    Lease() noexcept = default;
    Lease(Lease&& other) noexcept = default;
    Lease& operator=(Lease&& other) noexcept {
        if (this != &other) {
            release();
            pool_ = std::move(other.pool_);
            slot_ = std::move(other.slot_);
        }
        return *this;
    }
    ~Lease() { release(); }

    [[nodiscard]] explicit operator bool() const noexcept { return slot_ != nullptr; }
    [[nodiscard]] wire::Connection* operator->() const noexcept { return slot_->connection.get(); }
    void release() noexcept {
        if (pool_)
            give_back();
    }
    [[nodiscard]] const std::shared_ptr<wire::Connection>& connection() const noexcept { return slot_->connection; }
    /// It is kept for as long as there are reads, and no leak. The session is made anew for whoever comes next.
    void use_as_lane() const noexcept;
    /// It is held for as long as its owner likes, and is no leak.
    void keep() const noexcept;
    /// When the connection has reached its lifetime.
    [[nodiscard]] TimePoint expires() const noexcept { return slot_->expires; }

private:
    friend class Pool;
    void give_back() noexcept;
    Lease(std::shared_ptr<Pool> pool, SlotPtr slot) noexcept : pool_(std::move(pool)), slot_(std::move(slot)) {}

    std::shared_ptr<Pool> pool_;
    SlotPtr slot_;
};

/// Receives a lease or the reason why there is none: exactly one call, from a thread of the pool's executor, with no
/// lock held; never from inside `acquire`. Destroyed without a call when the context of the executor ends.
class LeaseSink {
public:
    virtual ~LeaseSink() = default;
    virtual void on_lease(Lease lease) noexcept = 0;
    virtual void on_lease_failure(std::exception_ptr error) noexcept = 0;
    /// It was cancelled while `withdraw` did not find it, and need not wait any more: `on_lease_failure` will do.
    [[nodiscard]] virtual bool gave_up() const noexcept { return false; }
};

/// Hears that a pool has been shut down: one call, like those of LeaseSink.
class ShutdownSink {
public:
    virtual ~ShutdownSink() = default;
    /// `cut`: leases that were not back at the deadline; their connections were closed.
    virtual void on_shut_down(std::size_t cut) noexcept = 0;
};

/// What keeps leases for others, as the pool sees it. Called with no lock held.
class LaneHost {
public:
    virtual ~LaneHost() = default;
    /// On the thread of the deadlines; returns when it wants to be called again.
    [[nodiscard]] virtual TimePoint tick(TimePoint now) noexcept = 0;
    /// A task waits for a lease, and no connection can be made for it.
    virtual void on_shortage() noexcept = 0;
};

/// A pool. Thread-safe. Neither it nor anything it keeps makes `io_context::run` wait, except tasks that wait for a
/// lease, requests, and the cleaning of connections.
///
/// Its threads (dialing, deadlines, cancels) start when they are needed. Sinks and the tracer are called with no lock
/// held.
class Pool final : public std::enable_shared_from_this<Pool>, private wire::ConnectionOwner, private wire::Guarded {
public:
    /// Opens `min_size` connections in the background. Throws `ConnectionError` when `config` is not valid.
    /// `tracer` and `hooks` may be null. `pq` is the seam for tests.
    [[nodiscard]] static std::shared_ptr<Pool> make(boost::asio::any_io_executor executor, const wire::Config& config,
                                                    const PoolOptions& options = {},
                                                    std::shared_ptr<trace::Tracer> tracer = {},
                                                    std::shared_ptr<Hooks> hooks = {},
                                                    std::shared_ptr<wire::Pq> pq = wire::real_pq());
    ~Pool() override;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// A connection that is idle now, or an empty lease (none idle, or others wait already). Never waits; a connection
    /// that has been idle for a while is asked by one system call whether it still lives.
    [[nodiscard]] Lease try_acquire(std::source_location where);
    /// Queues `sink`, first in first out. Fails with TimeoutError(Phase::acquire) at `deadline`, with QueueFullError
    /// when `max_waiters` wait, with ConnectionError when the pool is shut down, or dialing fails for a reason that
    /// waiting does not mend.
    void acquire(std::shared_ptr<LeaseSink> sink, TimePoint deadline, std::source_location where,
                 WaiterKind kind = WaiterKind::task);
    /// Takes a waiter out: true when its sink will not be called any more. A lease that was handed to it in the same
    /// moment comes back by its own destructor.
    bool withdraw(const LeaseSink* sink) noexcept;

    /// Closes idle connections, fails waiters, and waits for leases until `deadline`; then their connections are closed
    /// under them. `sink` may be null. May be called again: the earlier deadline counts, and all sinks are called.
    void shut_down(TimePoint deadline, std::shared_ptr<ShutdownSink> sink);
    /// The same without waiting: leases may be used to their end, deadlines included, and their connections are closed
    /// on return. Joins the threads but that of the deadlines.
    void abandon() noexcept;

    /// Makes a connection beside those of the pool, which neither counts nor keeps it, and does not run the hook for
    /// new ones on it. `done` is called once, on the executor, with no lock held; it is destroyed without a call when
    /// the pool is shut down or the context ends before.
    void dial_apart(wire::Dialer::Done done);

    /// To be called once.
    void set_lanes(std::weak_ptr<LaneHost> lanes) noexcept;
    /// A task waits for a lease, and no connection can be made for it.
    [[nodiscard]] bool is_short() const noexcept;
    /// Ticks at `when` at the latest.
    void wake_by(TimePoint when) noexcept { timekeeper_->wake_by(when); }
    /// Why somebody whose deadline passed got no connection.
    [[nodiscard]] std::exception_ptr acquire_timeout(const std::source_location& where) const;
    [[nodiscard]] std::exception_ptr queue_full(const std::source_location& where) const;
    [[nodiscard]] static std::exception_ptr is_shut_down(const std::source_location& where);

    [[nodiscard]] PoolStats stats() const;
    [[nodiscard]] const PoolOptions& options() const noexcept { return options_; }
    [[nodiscard]] const std::shared_ptr<wire::Gate>& gate() const noexcept { return gate_; }
    [[nodiscard]] const boost::asio::any_io_executor& executor() const noexcept { return gate_->executor(); }
    [[nodiscard]] const std::shared_ptr<trace::Tracer>& tracer() const noexcept { return tracer_; }

private:
    friend class Lease;
    struct Granted;
    struct CleanSink;

    Pool(std::shared_ptr<wire::Gate> gate, wire::ConnectPlan plan, const PoolOptions& options,
         std::shared_ptr<trace::Tracer> tracer, std::shared_ptr<Hooks> hooks, std::shared_ptr<wire::Pq> pq,
         std::string place);
    void open();

    void context_gone(std::vector<std::shared_ptr<void>>& dropped) noexcept override;
    void on_settled(wire::Connection& connection) noexcept override;
    void on_overdue(wire::Connection& connection) noexcept override;
    void give_back(const SlotPtr& slot) noexcept;
    void perform(Actions&& actions) noexcept;
    void grant(Actions::Grant grant);
    void fail(Actions::Failure failure);
    void report_shortage() noexcept;
    [[nodiscard]] std::exception_ptr dial_failure(const std::source_location& where, bool timed_out) const;
    using DialSpan = std::shared_ptr<trace::Span>;
    [[nodiscard]] DialSpan dial_span() const;
    void dial();
    void dial(wire::Dialer::Done done);
    void on_dialed(const DialSpan& span, wire::Dialed dialed) noexcept;
    void on_dial_failed(const DialSpan& span, bool permanent, std::exception_ptr error) noexcept;
    void adopt(const DialSpan& span, wire::ConnHandle handle) noexcept;
    void admit(const DialSpan& span, const SlotPtr& slot) noexcept;
    void prepare(const SlotPtr& slot, TimePoint deadline, const Errands::Done& done) noexcept;
    [[nodiscard]] PoolCore::Returned to_core(const wire::Connection& connection,
                                             wire::Connection::Rest rest) const noexcept;
    SqlState report_loss(const wire::Connection& connection) const noexcept;
    void cancel(const SlotPtr& slot);
    void on_cancelled(const SlotPtr& slot) noexcept;
    void clean(const SlotPtr& slot) noexcept;
    void on_cleaned(const SlotPtr& slot) noexcept;
    void on_cleaned(const SlotPtr& slot, PoolCore::Returned how) noexcept;
    void prepare_again(const SlotPtr& slot, TimePoint deadline) noexcept;
    void send(const SlotPtr& slot) noexcept;
    void close(const SlotPtr& slot) noexcept;
    TimePoint tick(TimePoint now) noexcept;
    void check_shut_down() noexcept;
    void stop_threads() noexcept;
    [[nodiscard]] SlotPtr find(const wire::Connection& connection) const noexcept;

    const std::shared_ptr<wire::Gate> gate_;
    const std::shared_ptr<trace::Tracer> tracer_;
    const PoolOptions options_;
    const std::string place_; // where connections go, for the tracer
    const std::shared_ptr<wire::StatementEpoch> epoch_ = std::make_shared<wire::StatementEpoch>();
    const bool single_host_;
    const std::shared_ptr<Hooks> hooks_;
    Errands errands_;
    std::shared_ptr<wire::Timekeeper> timekeeper_;
    wire::Dialer dialer_;
    wire::Canceller canceller_;

    mutable std::mutex mutex_; // guards everything below
    std::weak_ptr<LaneHost> lanes_;
    PoolCore core_;
    bool abandoned_ = false;
    TimePoint shut_down_by_ = TimePoint::max();
    std::size_t cut_ = 0;
    std::vector<std::shared_ptr<ShutdownSink>> shutdown_sinks_;
    std::uint64_t closed_round_trips_ = 0;
    std::uint64_t closed_statements_ = 0;
    std::uint64_t closed_cache_hits_ = 0;
};

} // namespace corm::pool
