// One operation of a session: a lease, one round trip, its results.
#pragma once

#include "orm/completion.hpp"
#include "orm/part.hpp"
#include "orm/savepoints.hpp"
#include "pool/pool.hpp"

#include <corm/base/clock.hpp>
#include <corm/base/error.hpp>
#include <corm/trace/span.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <span>
#include <vector>

namespace corm::orm {

class SessionCore;

/// How an operation treats the transaction.
struct OperationPlan {
    const char* name = "";
    std::source_location where;
    TimePoint deadline = TimePoint::max();
    trace::Operation kind = trace::Operation::execute;
    bool transactional = true; ///< begin a transaction if none is under way (sessions without autocommit)
    bool flushes = false;      ///< one of the parts writes the session's changes
    bool settles = false;      ///< what hooks change behind its flush is flushed as well
    bool commits = false;      ///< ends it with COMMIT
    bool rolls_back = false;   ///< ends it with ROLLBACK
    bool outlasts = false;     ///< its deadline is later than the server's own limit on a statement
    bool only_reads = false;   ///< takes no locks and changes nothing, so that nobody waits for the end of it
};

/// What is in flight for a session, as its handle sees it.
class Running {
public:
    virtual ~Running() = default;
    /// Cancels from outside: the session is destroyed.
    virtual void cancel(boost::asio::cancellation_type type) noexcept = 0;
};

/// A composed asynchronous operation. It is kept alive by whoever will call it back next, the pool or the connection,
/// and never by the coroutine that waits for it: destroying either frees everything.
///
/// Cancellation: terminal at any time; partial and total until the request was handed to the socket. The operation then
/// completes with operation_aborted (CommitOutcomeUnknown when a COMMIT is under way) while the pool cleans up behind
/// it.
class Operation final : public Running,
                        public wire::RequestSink,
                        public pool::LeaseSink,
                        public std::enable_shared_from_this<Operation> {
public:
    using Handler = CompletionHandler;

    Operation(std::shared_ptr<SessionCore> session, const OperationPlan& plan, Parts&& parts);
    /// The next step of the COPY that the last operation of the session has left open. `part` stands for the COPY: it
    /// gets an empty result as long as it is open.
    Operation(std::shared_ptr<SessionCore> session, const OperationPlan& plan, wire::CopyStep step,
              std::shared_ptr<Part> part);
    ~Operation() override;

    /// Starts; `handler` is called once, through `executor`, never from inside.
    void initiate(Handler handler, const boost::asio::any_io_executor& executor);
    void cancel(boost::asio::cancellation_type type) noexcept override;
    /// The server's time for these texts is remembered: lanes want to know whether they are quick.
    void measure(std::vector<std::uint64_t> texts) noexcept { measured_ = std::move(texts); }

    void on_lease(pool::Lease lease) noexcept override;
    void on_lease_failure(std::exception_ptr error) noexcept override;
    [[nodiscard]] bool gave_up() const noexcept override {
        const std::lock_guard lock{mutex_};
        return cancelled_;
    }
    void on_reply(wire::Reply reply) noexcept override;

private:
    enum class Stage { idle, acquiring, executing, done };

    void build();
    /// The transaction's number, as far as the reply or an earlier one has told it.
    [[nodiscard]] std::optional<TransactionId> identify(const wire::Reply& reply) const;
    [[nodiscard]] std::exception_ptr doubt(const wire::Reply& reply) const;
    /// What the transaction must be like after a request that succeeded; anything else was done behind our back.
    [[nodiscard]] std::exception_ptr check_transaction(const wire::Reply& reply) const;
    /// Precondition: the mutex is held, so that a cancellation finds either no request or a whole one.
    void send(pool::Lease lease);
    void look_at_time(wire::Reply& reply) noexcept;
    [[nodiscard]] std::exception_ptr digest(wire::Reply& reply);
    [[nodiscard]] std::exception_ptr explain(const wire::Reply& reply) const;
    [[nodiscard]] std::span<const SavepointCommand> savepoint_commands() const noexcept;
    [[nodiscard]] bool failed_in_part(const wire::Reply& reply) const noexcept;
    /// `inline_allowed`: called on the engine's executor, and not from inside of `initiate`.
    /// Precondition: this caller moved the stage to done.
    void finish(std::exception_ptr error, bool inline_allowed) noexcept;
    [[nodiscard]] bool advance(Stage from, Stage to) noexcept;

    std::shared_ptr<SessionCore> session_;
    OperationPlan plan_;
    Parts parts_;
    wire::Request request_;
    bool begins_ = false;
    bool configures_ = false; ///< applies the settings of the session, behind BEGIN
    bool lifts_ = false;      ///< the server's limit on a statement, behind that or by itself
    bool commits_ = false;
    bool wraps_ = false; ///< a reader's statements that are no good for a lane, in a transaction that only reads
    std::optional<wire::CopyStep> step_;
    std::vector<std::uint64_t> measured_;
    TimePoint sent_;
    std::optional<std::size_t> identified_at_; // the statement that asks for the transaction's number
    std::size_t ahead_ = 0;                    ///< statements in front of the parts: BEGIN, savepoints and CLOSE
    std::size_t closes_ = 0;                   ///< cursors that it closes
    std::size_t of_parts_ = 0;                 ///< statements of the parts

    mutable std::mutex mutex_; // guards stage_, cancelled_ and, while executing, the session's lease
    Stage stage_ = Stage::idle;
    bool cancelled_ = false;

    trace::Span span_;
    Waiting waiting_;
};

} // namespace corm::orm
