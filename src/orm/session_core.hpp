// The state of a session that its operations share.
#pragma once

#include "orm/cursors.hpp"
#include "orm/engine_core.hpp"
#include "orm/operation.hpp"
#include "orm/savepoints.hpp"
#include "orm/settings.hpp"
#include "uow/unit_of_work.hpp"

#include <corm/base/error.hpp>
#include <corm/wire/task.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace corm::orm {

class Repetitions;
class RunningHook;

/// Held by the session's handle and by each of its operations. One task at a time, which the guard enforces; a
/// destroyed handle may cancel from another thread.
class SessionCore final : public uow::Scope, public std::enable_shared_from_this<SessionCore> {
public:
    static std::shared_ptr<SessionCore> create(std::shared_ptr<EngineCore> engine, SessionOptions options);
    SessionCore(std::shared_ptr<EngineCore> engine, SessionOptions options);
    ~SessionCore() override;

    /// What an operation does, for hooks that may not do it.
    enum class Use : std::uint8_t { statement, flush, end };
    /// Marks the session as busy for its lifetime.
    class Busy {
    public:
        Busy(std::shared_ptr<SessionCore> session, const char* name, std::source_location where,
             Use use = Use::statement);
        Busy(const Busy&) = delete;
        Busy& operator=(const Busy&) = delete;
        ~Busy();

    private:
        std::shared_ptr<SessionCore> session_;
    };

    /// Throws `ConcurrentUseError` while an operation is in flight: `name` and `where` are what the caller attempts.
    /// Hooks are a part of it; one of a row may but edit that.
    void require_quiet(const char* name, std::source_location where, const uow::Instance* edited = nullptr);
    /// Throws `Error` in a hook, which may not end the transaction.
    void require_no_hook(const char* name, std::source_location where) const;
    /// Throws what ended the transaction, until `rollback`.
    void require_usable() const;
    void on_edit(const std::shared_ptr<uow::Instance>& instance) override;
    void on_leave(const std::shared_ptr<uow::Instance>& instance) override;
    void on_link(const std::shared_ptr<uow::Instance>& instance) override;
    void on_relink(const std::shared_ptr<uow::Instance>& instance) override;
    [[nodiscard]] std::shared_ptr<uow::Instance> find(const mapping::Mapper& mapper,
                                                      std::string_view key) const override {
        return uow.find(mapper, key);
    }
    [[nodiscard]] bool autoflush() const noexcept { return options.autoflush && autoflush_off == 0; }
    /// True if `flush_ahead` may have something to do.
    [[nodiscard]] bool flushes_ahead() const { return engine->options.hooks != nullptr || uow.has_relations(); }

    /// Runs the parts in one round trip, and the hooks of objects that they have loaded. The caller holds a `Busy`.
    Task<void> run(const OperationPlan& plan, Parts&& parts);
    /// The next step of an open COPY, for which `part` stands. The caller has held its `Busy` since the COPY was begun,
    /// and behind an error there is no next step.
    Task<void> step(const OperationPlan& plan, wire::CopyStep step, std::shared_ptr<Part> part);
    /// Of a call: its own, or else the session's, or the engine's.
    [[nodiscard]] Duration limit(Duration call) const noexcept;
    [[nodiscard]] TimePoint deadline(Duration call) const noexcept { return deadline_in(limit(call)); }

    [[nodiscard]] OperationPlan operation(const char* name, Duration within, std::source_location where) const noexcept;

    /// A request failed: what it means for transaction and objects. `reached` says whether the server may have seen it.
    void request_failed(const OperationPlan& plan, const std::exception_ptr& error, bool reached);
    /// After a statement failed: the innermost savepoint is there to be rolled back to.
    [[nodiscard]] bool can_roll_back_to_savepoint() const noexcept;
    /// What happened in the innermost savepoint is undone; the session waits for its rollback. The request has closed
    /// so many cursors.
    void savepoint_failed(const std::exception_ptr& error, std::size_t closes);
    /// The savepoint's depth. Throws what ended its transaction, or `Error` for a handle that has ended.
    [[nodiscard]] std::size_t require_savepoint(Savepoints::Serial serial, const char* name,
                                                std::source_location where) const;
    /// Undoes and ends a savepoint; the server hears of it with the next request.
    void roll_back_to(std::size_t depth);
    /// As `roll_back_to`, when no operation is in flight any more; nothing if it has ended.
    void drop_savepoint(Savepoints::Serial serial) noexcept;
    /// Keeps a savepoint and those within it as a part of what is around it.
    void release_to(std::size_t depth);
    /// The stream of this cursor is gone: it is closed when no operation is in flight any more.
    void drop_cursor(const std::shared_ptr<Cursor>& cursor) noexcept;
    /// The transaction ended with COMMIT or without having begun.
    void committed();
    void rolled_back();
    /// Gives the connection back, in whatever state it is.
    void release() noexcept { lease.release(); }
    /// The handle is gone: ends the operation in flight, gives the connection back.
    void abandon() noexcept;
    /// Remembers the operation in flight, for `abandon`; false when that was called before.
    [[nodiscard]] bool in_flight(const std::shared_ptr<Running>& operation);

    /// COMMITs are to carry the transaction's number.
    [[nodiscard]] bool identifies_commits() const noexcept {
        return options.identify_commits.value_or(engine->options.identify_commits);
    }
    /// One shared text for each kind of transaction in the program.
    [[nodiscard]] const std::shared_ptr<const std::string>& begin_text() const;

    enum class Scoped : std::uint8_t { none, open, ended };
    /// The session of `Engine::transaction`: `committed` and `rolled_back` end it for good.
    void enter_scope() noexcept { scoped = Scoped::open; }
    /// The function has returned; false if it has ended the transaction itself.
    [[nodiscard]] bool leave_scope() noexcept { return std::exchange(scoped, Scoped::none) != Scoped::ended; }
    /// Throws `Error` behind the end of such a transaction.
    void require_scope() const {
        if (scoped == Scoped::ended) [[unlikely]]
            throw_scope_ended();
    }
    /// The scope of `Engine::transaction` that its function has left to it.
    [[nodiscard]] bool in_open_scope() const noexcept { return scoped == Scoped::open; }
    [[nodiscard]] bool abandoned() const;
    /// A rollback would have something to undo, here or on the server.
    [[nodiscard]] bool has_work() const {
        return in_transaction || failure || !savepoints.empty() || uow.has_changes();
    }

    std::shared_ptr<EngineCore> engine;
    SessionOptions options;
    /// Names and values for each transaction; null if there are none.
    std::unique_ptr<const types::Parameters> settings;
    const wire::ResultCap cap; ///< of results that nothing else bounds
    uow::UnitOfWork uow;
    std::unique_ptr<Repetitions> repetitions; ///< null unless the engine looks for them
    pool::Lease lease;
    Savepoints savepoints; ///< those of `uow` have the same depths
    /// Of streams; null until there is one.
    std::unique_ptr<Cursors> cursors;
    int autoflush_off = 0; ///< scopes of `no_autoflush` that are open
    bool in_transaction = false;
    bool net_lifted = false; ///< for the whole of it: the server limits no statement of the transaction
    Scoped scoped = Scoped::none;
    bool has_committed = false;               ///< once at least
    bool flushed_ahead = false;               ///< by hooks: what they changed since is left to the next flush
    bool only_read = true;                    ///< nothing in this transaction that somebody could wait for
    std::optional<TransactionId> transaction; ///< its number, as far as it has been asked for
    std::exception_ptr failure;               ///< why the session needs a rollback

private:
    friend class Busy;
    friend class RunningHook;
    friend Task<void> run_and_show(std::shared_ptr<SessionCore> core, OperationPlan plan, Parts parts);
    Task<void> start(const OperationPlan& plan, Parts&& parts);
    void end_transaction(bool failed = false) noexcept;
    /// What ends streams now: the operation in flight.
    [[nodiscard]] StreamEnd stream_end(StreamEnd::How how) const noexcept;
    /// Precondition: the mutex is held.
    void check_quiet(const char* name, std::source_location where) const;
    void undo_dropped(Savepoints::Serial serial) noexcept;
    void end_scope() noexcept {
        if (scoped == Scoped::open)
            scoped = Scoped::ended;
    }
    [[noreturn]] static void throw_scope_ended();

    mutable std::mutex mutex_; // guards what follows
    /// Operations in flight: more than one if a hook began the last. Read without the mutex to see that there is none.
    std::atomic<int> busy_{0};
    bool abandoned_ = false;
    std::vector<Savepoints::Serial> dropped_;              // while an operation was in flight
    std::vector<std::shared_ptr<Cursor>> dropped_cursors_; // likewise
    const char* busy_with_ = "";
    std::source_location busy_where_;
    RunningHook* hook_ = nullptr; ///< the innermost
    std::weak_ptr<Running> operation_;
};

} // namespace corm::orm
