// The state of a session that its operations share.
#pragma once

#include "orm/engine_core.hpp"
#include "orm/operation.hpp"
#include "uow/unit_of_work.hpp"

#include <corm/base/error.hpp>
#include <corm/wire/task.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <string>

namespace corm::orm {

/// Held by the session's handle and by each of its operations. One task at a time, which the guard enforces; a
/// destroyed handle may cancel from another thread.
class SessionCore final : public uow::Scope, public std::enable_shared_from_this<SessionCore> {
public:
    static std::shared_ptr<SessionCore> create(std::shared_ptr<EngineCore> engine, SessionOptions options);
    SessionCore(std::shared_ptr<EngineCore> engine, SessionOptions options);

    /// Marks the session as busy for its lifetime.
    class Busy {
    public:
        Busy(std::shared_ptr<SessionCore> session, const char* name, std::source_location where);
        Busy(const Busy&) = delete;
        Busy& operator=(const Busy&) = delete;
        ~Busy();

    private:
        std::shared_ptr<SessionCore> session_;
    };

    /// Throws `ConcurrentUseError` while an operation is in flight: `name` and `where` are what the caller attempts.
    void require_quiet(const char* name, std::source_location where);
    /// Throws what ended the transaction, until `rollback`.
    void require_usable() const;
    void on_edit(const std::shared_ptr<uow::Instance>& instance) override;
    void on_leave(const std::shared_ptr<uow::Instance>& instance) override;
    [[nodiscard]] bool autoflush() const noexcept { return options.autoflush && autoflush_off == 0; }

    /// Runs the parts in one round trip. The caller holds a `Busy`.
    Task<void> run(const OperationPlan& plan, Parts&& parts);
    [[nodiscard]] TimePoint deadline(Duration call) const noexcept;

    /// A request failed: what it means for transaction and objects. `reached` says whether the server may have seen it.
    void request_failed(const OperationPlan& plan, const std::exception_ptr& error, bool reached);
    /// The transaction ended with COMMIT or without having begun.
    void committed();
    void rolled_back();
    /// Gives the connection back, in whatever state it is.
    void release() noexcept { lease.release(); }
    /// The handle is gone: ends the operation in flight, gives the connection back.
    void abandon() noexcept;
    /// Remembers the operation in flight, for `abandon`; false when that was called before.
    [[nodiscard]] bool in_flight(const std::shared_ptr<Operation>& operation);

    /// COMMITs are to carry the transaction's number.
    [[nodiscard]] bool identifies_commits() const noexcept {
        return options.identify_commits.value_or(engine->options.identify_commits);
    }
    /// One shared text for each kind of transaction in the program.
    [[nodiscard]] const std::shared_ptr<const std::string>& begin_text() const;

    std::shared_ptr<EngineCore> engine;
    SessionOptions options;
    uow::UnitOfWork uow;
    pool::Lease lease;
    int autoflush_off = 0; ///< scopes of `no_autoflush` that are open
    bool in_transaction = false;
    bool only_read = true;                    ///< nothing in this transaction that somebody could wait for
    std::optional<TransactionId> transaction; ///< its number, as far as it has been asked for
    std::exception_ptr failure;               ///< why the session needs a rollback

private:
    friend class Busy;
    void end_transaction() noexcept;
    /// Precondition: the mutex is held.
    void check_quiet(const char* name, std::source_location where) const;

    mutable std::mutex mutex_;      // guards what follows
    std::atomic<bool> busy_{false}; // read without the mutex to see that nothing is in flight
    bool abandoned_ = false;
    const char* busy_with_ = "";
    std::source_location busy_where_;
    std::weak_ptr<Operation> operation_;
};

} // namespace corm::orm
