// One request at a time on an established connection: what to send, what to wait for, what came back.
#pragma once

#include "wire/copy_fsm.hpp"
#include "wire/pq.hpp"
#include "wire/request.hpp"
#include "wire/statement_cache.hpp"
#include "wire/statement_epoch.hpp"
#include "wire/want.hpp"

#include <corm/base/diagnostics.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace corm::wire {

/// Sans-I/O: calls libpq on a socket that never blocks, and says what to wait for. Not thread-safe.
///
/// Statements are held back while more than a window of them (by number or bytes) is unanswered, so that neither side's
/// buffers grow without bound; the window moves on with flush requests, and the request still has one Sync.
///
/// A COPY stands between two pipelines: the statements ahead of it are ended by a Sync and answered, then it runs, and
/// what stands behind it is a pipeline of its own.
///
/// A prepared statement that the server cannot use any more (its table changed, somebody dropped it) is prepared anew:
/// where nothing of the request has taken effect, all of it is sent again, once. Otherwise it fails, and the next one
/// finds a clean slate.
class PipelineFsm {
public:
    /// `epoch` is shared by the connections of a pool, and may be null.
    PipelineFsm(ConnHandle conn, std::size_t cached_statements, std::shared_ptr<StatementEpoch> epoch = nullptr);
    PipelineFsm(const PipelineFsm&) = delete;
    PipelineFsm& operator=(const PipelineFsm&) = delete;

    /// Checks a request without sending anything. Throws `ConversionError` for what the protocol cannot carry.
    static void check(const Request& request);

    /// Sends the head of `request`, with ROLLBACK and a reset of the session in front if asked. When one of these
    /// fails, nothing of the request is run, and the connection is lost. Precondition: `done()`, `!lost()`.
    Want begin(Request request, bool rollback_first, bool reset_first = false);
    /// The socket became readable (or might be), or writable.
    Want on_readable();
    Want on_writable();

    /// A COPY is open, and waits for the caller.
    [[nodiscard]] bool paused() const noexcept { return copy_ && copy_->paused(); }
    /// The next step of it. Precondition: `paused()`.
    Want resume(CopyStep step);
    /// The answer so far. Precondition: `paused()`.
    [[nodiscard]] Reply take_paused_reply();

    /// Takes what an idle connection has received: notices, or its end. False when the connection is lost.
    bool read_idle_input();

    [[nodiscard]] bool done() const noexcept { return phase_ == Phase::idle; }
    [[nodiscard]] bool lost() const noexcept { return lost_; }
    /// The answer. Precondition: `done()` after a `begin`.
    [[nodiscard]] Reply take_reply();
    /// The answer when nobody waits any longer for the rest: `error` unless the outcome is known, or the outcome of a
    /// COMMIT is in doubt; `event` says what happened in that sentence. Gives up; the machine goes on until it is done.
    [[nodiscard]] Reply reply_early(std::exception_ptr error, std::string_view event);
    /// Nobody waits for the outcome: it is not sent again, a COMMIT that is held back is not sent at all, nor a Sync
    /// that would be one without a ROLLBACK in front; a COPY ends without its rows, and nothing behind it is sent.
    void give_up() noexcept {
        given_up_ = true;
        if (copy_)
            copy_->give_up();
    }
    /// A result has grown beyond its cap: the reply is known, and what is left is to be cancelled.
    [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }
    /// So many statements of the request have succeeded, as far as the server has told; 0 if they are apart.
    [[nodiscard]] std::size_t answered() const noexcept { return request_.apart ? 0 : results_.size(); }
    /// A COMMIT is under way, and nothing has shown yet what became of it.
    [[nodiscard]] bool outcome_unknown() const noexcept;

    [[nodiscard]] TransactionStatus status() const noexcept;
    /// Why the connection was lost, for callers that come later.
    [[nodiscard]] std::exception_ptr loss(std::source_location where) const;
    [[nodiscard]] SqlState loss_state() const noexcept { return loss_cause_.sqlstate; }
    /// Treats the connection as lost: the owner closes it.
    void lose() noexcept { lost_ = true; }

    /// Sends a goodbye and closes the socket.
    void close() noexcept;

    [[nodiscard]] ConnHandle& handle() noexcept { return conn_; }
    [[nodiscard]] const Request& request() const noexcept { return request_; }
    /// Takes the request that is done.
    [[nodiscard]] Request take_request() noexcept { return std::move(request_); }
    [[nodiscard]] std::uint64_t round_trips() const noexcept { return round_trips_; }
    [[nodiscard]] std::uint64_t statements_sent() const noexcept { return statements_sent_; }
    [[nodiscard]] const StatementCache& cache() const noexcept { return cache_; }
    /// Notices since the last call, oldest first; a flood keeps the last 64.
    [[nodiscard]] std::vector<Diagnostics> take_notices() noexcept { return std::exchange(notices_, {}); }
    /// Notifications that have come, oldest first. libpq keeps them until they are taken.
    [[nodiscard]] std::vector<Notification> take_notifications();
    /// What the server answered for the last request, by statement: for the tracer. Valid until the next `begin`.
    struct Answered {
        std::int64_t rows = 0;
        bool failed = false;
        bool skipped = true;
        SqlState sqlstate;
    };
    void keep_answers(bool keep) noexcept { keep_answers_ = keep; }
    [[nodiscard]] const std::vector<Answered>& answers() const noexcept { return answers_; }

private:
    enum class Phase { idle, running };
    enum class Kind : std::uint8_t { close, prefix, parse, execute, undo, sync };
    struct Expected {
        Kind kind{};
        bool answered = false;
        bool by_row = false; ///< its rows come one by one
        std::uint32_t statement = 0;
        StatementCache::Entry* entry = nullptr;
    };

    Want start(bool rollback_first, bool reset_first);
    Want step();
    bool send_more();
    bool send_prefix(bool rollback_first, bool reset_first);
    bool send_command(const char* sql, Kind kind = Kind::prefix);
    bool send_reset();
    bool close_evicted();
    bool send_sync();
    bool send_sync_between();
    bool send_statement(std::size_t index);
    bool window_full() noexcept;
    void expect(Kind kind, std::size_t statement = 0, StatementCache::Entry* entry = nullptr);
    void receive();
    void end_pipeline();
    void start_copy();
    /// Sends what can be sent, of a COPY or a pipeline.
    Want go_on();
    Want after_copy(Want want);
    void end_copy();
    void on_copied(Result result);
    void on_result(Expected& expected, pg_result* result);
    void on_row(const Expected& expected, const Result& row);
    void check_cap(const Expected& expected, std::size_t rows, std::size_t bytes);
    void on_success(Expected& expected, Result result);
    void on_error(Expected& expected, Diagnostics diagnostics);
    void answered(const Expected& expected);
    void forget(StatementCache::Entry* entry);
    void forget_all() noexcept;
    void prepare_anew() noexcept;
    [[nodiscard]] bool may_send_again(const Expected& failed) const noexcept;
    void end_request();
    void fail(std::exception_ptr error, bool in_statement);
    void fail_statement(std::size_t index, std::exception_ptr error);
    [[nodiscard]] const std::source_location& place_of(const Statement& statement) const noexcept {
        return statement.where.line() != 0 ? statement.where : request_.where;
    }
    void set_lost(Diagnostics cause);
    void finish() noexcept;
    [[nodiscard]] bool begins_transaction() const noexcept;
    [[nodiscard]] bool committed() const noexcept;
    [[nodiscard]] std::exception_ptr make_doubt(std::string_view event) const;
    [[nodiscard]] bool safe_to_retry() const noexcept;
    static void receive_notice(void* self, const pg_result* notice) noexcept;

    ConnHandle conn_;
    StatementCache cache_;
    std::shared_ptr<StatementEpoch> epoch_;
    std::uint64_t seen_epoch_ = 0;
    bool deallocate_ = false; // the server's prepared statements are of no use: none is used until they are dropped
    bool forgets_ = false;    // the cache is emptied at the end of the request
    Phase phase_ = Phase::idle;
    bool lost_ = false;
    Diagnostics loss_cause_;

    Request request_;
    bool prefix_failed_ = false;
    bool prefix_apart_ = false;  // the request is not behind a prefix that fails
    bool user_prepared_ = false; // the program has used PREPARE since the last reset
    bool in_transaction_before_ = false;
    std::uint64_t number_ = 0;  // of the request: what the cache may not evict
    std::size_t next_ = 0;      // the statement to send next
    std::size_t commit_at_ = 0; // the COMMIT; the number of statements when the Sync commits
    bool commit_sent_ = false;
    bool given_up_ = false; // nobody waits for the outcome
    bool send_again_ = false;
    bool sent_again_ = false;
    bool synced_ = false;         // so is its pipeline, as far as the next COPY
    std::optional<CopyFsm> copy_; // runs the statement at `next_`
    bool output_pending_ = false;
    bool holding_ = false;
    std::size_t unanswered_ = 0;
    std::size_t unanswered_bytes_ = 0;

    std::vector<Expected> expected_; // a queue that is emptied from `expected_head_`, reused by every request
    std::size_t expected_head_ = 0;

    std::vector<Result> results_;
    CappedRows capped_; // of the statement whose rows come one by one
    bool overflowed_ = false;
    std::vector<std::exception_ptr> errors_; // of statements that are apart
    std::exception_ptr error_;
    bool failed_in_statement_ = false;
    bool in_doubt_ = false;
    bool commit_acknowledged_ = false;
    bool failed_before_commit_ = false;

    std::vector<const char*> values_; // arguments of libpq calls, kept for their capacity
    std::vector<int> lengths_;
    std::vector<int> formats_;
    std::vector<Oid> oids_;

    std::vector<Diagnostics> notices_;
    std::vector<Answered> answers_;
    bool keep_answers_ = false;
    std::uint64_t round_trips_ = 0; // Syncs, and those of COPYs
    std::uint64_t statements_sent_ = 0;
};

} // namespace corm::wire
