// One connection to the server, driven by its sans-I/O machine.
#pragma once

#include "wire/gate.hpp"
#include "wire/pipeline_fsm.hpp"
#include "wire/request.hpp"
#include "wire/timekeeper.hpp"

#include <corm/trace/tracer.hpp>
#include <corm/wire/notification.hpp>
#include <corm/wire/session_reset.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/system/error_code.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace corm::wire {

class Connection;

/// Hears of connections that settle with nobody waiting for the reply: after `abandon`, or after a deadline.
class ConnectionOwner {
public:
    virtual ~ConnectionOwner() = default;
    /// The connection is not busy any more. Called with no lock held.
    virtual void on_settled(Connection& connection) noexcept = 0;
    /// The deadline of a COMMIT has passed: to be cancelled, so that the answer comes. Called with no lock held.
    virtual void on_overdue(Connection& connection) noexcept = 0;
    /// Of a connection that is watched: notifications have come, or it was lost. Called with no lock held.
    virtual void on_news(Connection& /*connection*/) noexcept {}
};

/// What all the connections of a pool share.
struct ConnectionContext {
    std::shared_ptr<Gate> gate;
    std::shared_ptr<Timekeeper> timekeeper; ///< its tick must call `expire`; null: no deadlines
    std::weak_ptr<ConnectionOwner> owner;
    std::shared_ptr<trace::Tracer> tracer; ///< may be null
    std::size_t statement_cache = 256;
    std::shared_ptr<StatementEpoch> epoch{}; ///< may be null
    /// How long the answer to a COMMIT is waited for behind its deadline, once it has been cancelled.
    Duration commit_grace{};
    SessionReset reset = SessionReset::automatic;
};

/// An established connection. Held by shared_ptr. Every function may be called from any thread; the connection
/// serialises itself. At most one request at a time, from the holder of the lease.
///
/// Sinks and the owner are called with no lock held. No function blocks. If the context of the executor ends, the
/// socket is closed and the sink is destroyed without a call.
class Connection final : public std::enable_shared_from_this<Connection>, private Guarded {
public:
    /// Takes over a connection that `ConnectFsm` has made. Throws `ConnectionError` if it is lost already.
    /// Call it on the executor.
    [[nodiscard]] static std::shared_ptr<Connection> make(ConnHandle handle, ConnectionContext context);
    ~Connection() override;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Starts `request`; `sink` gets the reply. Precondition: no request is under way. What the connection owes, a
    /// ROLLBACK or a reset of the session, travels in front in the same round trip, and its answer is not part of the
    /// reply. A request without statements sends just that, and is a ping when nothing is owed.
    ///
    /// At the request's deadline the reply is TimeoutError; the request itself goes on, as after `abandon`. If a COMMIT
    /// is under way then, it is cancelled and its answer awaited for the grace: it is the reply, whatever it is.
    /// Without one the reply is CommitOutcomeUnknown.
    void start(Request request, std::shared_ptr<RequestSink> sink);

    /// The next step of the COPY that the last reply has left open: `sink` gets the reply. Until the COPY has ended
    /// there is no other request; a deadline is that of the step, and passes as that of a request. Who wants no more
    /// steps gives the lease back.
    void resume(CopyStep step, TimePoint deadline, std::source_location where, std::shared_ptr<RequestSink> sink);

    /// The caller no longer waits: the sink will not be called any more (it is dropped), and the reply is what is known
    /// now, or `reason`, or CommitOutcomeUnknown. Nothing when the reply is on its way already or nothing is under way.
    /// The request goes on on the server until the pool has cancelled and drained it; a COMMIT that is still held back
    /// is not sent any more.
    std::optional<Reply> abandon(std::exception_ptr reason) noexcept;

    /// True once bytes of the current request were handed to the socket (partial and total cancellation look at this).
    [[nodiscard]] bool sent() const noexcept;

    /// A COPY is open and waits for its next step.
    [[nodiscard]] bool copying() const noexcept;
    /// A request is under way, abandoned or not.
    [[nodiscard]] bool busy() const noexcept;
    [[nodiscard]] TransactionStatus status() const noexcept;
    /// The connection is of no more use; `status` says so as well while a request is under way.
    [[nodiscard]] bool lost() const noexcept;
    /// Process id of the server's session.
    [[nodiscard]] int backend() const noexcept { return backend_; }

    /// Defers a ROLLBACK to the front of the next request.
    void rollback_first() noexcept;
    /// The session is not what others expect: it is reset behind this lease, whatever `SessionReset` says.
    void session_changed() noexcept;
    [[nodiscard]] bool owes_rollback() const noexcept;
    /// The session may not be as it was: it is reset in front of the next request.
    [[nodiscard]] bool owes_reset() const noexcept;

    /// From now on the server is heard between requests as well, and its owner told. It keeps `io_context::run` from
    /// returning until it is closed. Notifications of a connection that nobody watches are dropped.
    void watch();
    /// Those that have come so far, oldest first. Who calls this under one lock gets them in their order.
    [[nodiscard]] std::vector<Notification> take_notifications() noexcept;

    /// For the pool.

    /// In what state a lease leaves the connection. `unclean`: it owes a ROLLBACK, a reset, or both. A sink that still
    /// waits is dropped.
    enum class Rest { clean, unclean, busy, broken };
    [[nodiscard]] Rest rest() noexcept;
    /// What ran so far is no longer a reason for a reset: it made the session what it has to be.
    void accept_changes() noexcept;
    /// False when the server has gone: reads what an idle connection has received. One system call, and none at all
    /// for a connection that was in use a moment ago.
    [[nodiscard]] bool alive() noexcept;
    /// When the request under way times out; `TimePoint::max()` for never, or when nobody waits for it.
    [[nodiscard]] TimePoint deadline() const noexcept { return TimePoint{TimePoint::duration{deadline_.load()}}; }
    /// Ends the wait for a request whose deadline is not after `now`.
    void expire(TimePoint now) noexcept;
    /// The deadline has passed, and the answer to a COMMIT is awaited.
    [[nodiscard]] bool overdue() const noexcept;
    /// A handle that cancels what runs now; null when the connection is lost.
    [[nodiscard]] std::unique_ptr<CancelHandle> make_cancel() noexcept;
    /// Why the server ended the session, if it said so.
    [[nodiscard]] SqlState loss() const noexcept;
    /// Closes the socket. Whoever waits gets `reason`, unless the outcome of the request is known or in doubt.
    void close(std::exception_ptr reason) noexcept;

    [[nodiscard]] std::uint64_t round_trips() const noexcept { return round_trips_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t statements() const noexcept { return statements_.load(std::memory_order_relaxed); }
    /// Of them, those that were prepared before.
    [[nodiscard]] std::uint64_t cache_hits() const noexcept { return cache_hits_.load(std::memory_order_relaxed); }
    /// Statements that are prepared now.
    [[nodiscard]] std::size_t cached() const noexcept { return cached_.load(std::memory_order_relaxed); }

private:
    struct Waiter;
    struct Ending;

    Connection(ConnHandle handle, ConnectionContext context);

    void context_gone(std::vector<std::shared_ptr<void>>& dropped) noexcept override;
    void on_ready(bool readable, const boost::system::error_code& error) noexcept;
    void go_on() noexcept;
    void proceed(Want want, Ending& ending);
    void wait(bool readable);
    void settle(Ending& ending);
    void pause(Ending& ending);
    void tell_early(Ending& ending, std::exception_ptr error, std::string_view event) noexcept;
    void lose_in(Ending& ending, std::exception_ptr error) noexcept;
    void deliver(Ending&& ending) noexcept;
    void deliver_later(Ending&& ending) noexcept;
    void refuse(std::shared_ptr<RequestSink> sink, std::exception_ptr error) noexcept;
    void trace_statements(const Ending& ending) const noexcept;
    bool check_idle_input();
    void hear(Ending& ending) noexcept;
    void hear_idle(const boost::system::error_code& error, Ending& ending) noexcept;
    void let_go(Ending& ending) noexcept;

    const ConnectionContext context_;
    int backend_ = 0;
    std::atomic<TimePoint::rep> deadline_;
    std::atomic<std::uint64_t> round_trips_{0};
    std::atomic<std::uint64_t> statements_{0};
    std::atomic<std::uint64_t> cache_hits_{0};
    std::atomic<std::size_t> cached_{0};

    mutable std::mutex mutex_; // guards everything below
    PipelineFsm fsm_;
    std::optional<boost::asio::posix::stream_descriptor> descriptor_; // beside libpq's own, see watch_socket
    std::shared_ptr<RequestSink> sink_;
    bool reading_ = false;
    bool writing_ = false;
    bool sent_ = false;
    bool watched_ = false;
    std::vector<Notification> notifications_; // of a watched one
    bool overdue_ = false;                    // the deadline has passed, the answer to a COMMIT is awaited
    bool owes_rollback_ = false;
    bool owes_reset_ = false;
    bool dirty_ = false; // since the last reset something ran that may have changed the session
    TimePoint last_used_;
    TimePoint started_;
};

} // namespace corm::wire
