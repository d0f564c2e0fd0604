// AsyncSession: a unit of work over one connection at a time.
#pragma once

#include <corm/orm/advisory_key.hpp>
#include <corm/orm/engine.hpp>
#include <corm/orm/session_queries.hpp>

namespace corm::orm {

class AsyncSession;

namespace detail {
[[nodiscard]] Task<void> notify(Core core, std::string channel, std::string payload, std::source_location where);
[[nodiscard]] Task<void> advisory_lock(Core core, AdvisoryKey key, LockShare share, Duration within,
                                       std::source_location where);
[[nodiscard]] Task<bool> try_advisory_lock(Core core, AdvisoryKey key, LockShare share, Duration within,
                                           std::source_location where);
/// The session of `Engine::transaction`. Throws `Error` for an autocommit session.
[[nodiscard]] AsyncSession session_of(std::shared_ptr<EngineCore> engine, const SessionOptions& options,
                                      std::source_location where);
/// What `Engine::transaction` does behind its function: commits, unless that has ended the transaction itself.
[[nodiscard]] Task<void> end_scope(const AsyncSession& session, std::source_location where);
/// The function, or the end of its transaction, has failed: true if hooks are to be told, by `undo_hooked`.
[[nodiscard]] bool undoes_hooked(const AsyncSession& session) noexcept;
[[nodiscard]] Task<void> undo_hooked(const AsyncSession& session, std::source_location where);
/// The server asks for another attempt, and this one has committed nothing.
[[nodiscard]] bool may_run_again(const AsyncSession& session, const std::exception_ptr& failure) noexcept;
} // namespace detail

/// The calls of `AsyncSession` that write and end transactions; not a type of its own.
class SessionCalls : public SessionQueries {
public:
    /// Writes the changes: one round trip, none without changes. A row that somebody else changed (version column) or
    /// deleted is a `StaleDataError` naming entity and keys, and nothing is written.
    [[nodiscard]] Task<void> flush(Duration within = {},
                                   std::source_location where = std::source_location::current()) const {
        return detail::flush(core_, within, where);
    }
    /// Writes the changes and commits, in one round trip; none if nothing was done. Objects stay readable, see
    /// `ExpireOnCommit`. Throws `CommitOutcomeUnknown` when the connection is lost while the answer is awaited.
    [[nodiscard]] Task<void> commit(Duration within = {},
                                    std::source_location where = std::source_location::current()) const {
        return detail::commit(core_, within, where);
    }
    /// Ends the transaction and undoes its changes to the objects. One round trip; none after reads, whose ROLLBACK
    /// travels with the next use of the connection.
    [[nodiscard]] Task<void> rollback(Duration within = {},
                                      std::source_location where = std::source_location::current()) const {
        return detail::rollback(core_, within, where);
    }
    /// As `rollback`; then every object leaves the session, which may be used again.
    [[nodiscard]] Task<void> close(Duration within = {},
                                   std::source_location where = std::source_location::current()) const {
        return detail::close(core_, within, where);
    }

    /// Runs `fn()`, a coroutine, in a savepoint: released when it returns, rolled back when it throws, and the
    /// exception is thrown on. After that the transaction goes on, whatever it was that failed inside. What `fn`
    /// returns is returned. Round trips: those of `begin_nested`, of `fn` and of `Savepoint::release`; a rollback needs
    /// none.
    template <class Function>
    [[nodiscard]] auto nested(Function fn, std::source_location where = std::source_location::current()) const {
        static_assert(std::is_invocable_v<Function&>,
                      "corm: the function of nested() takes no argument and returns a corm::Task");
        using Result = typename detail::AwaitedType<std::invoke_result_t<Function&>>::type;
        return detail::nested<Result>(core_, std::move(fn), where);
    }
    /// Begins a savepoint, in another one if there is one already. Writes the changes first, also under
    /// `no_autoflush`: they are outside of it, and so is the failure to write them. One round trip, none without
    /// changes: SAVEPOINT travels with the next statement.
    [[nodiscard]] Task<Savepoint> begin_nested(Duration within = {},
                                               std::source_location where = std::source_location::current()) const {
        return detail::begin_nested(core_, within, where);
    }

    /// Sends a notification with the transaction: whoever listens to the channel hears it once that has committed, and
    /// once if the transaction says it twice. In autocommit sessions at once. One round trip, with BEGIN in it.
    /// Throws `MappingError` for a channel that is empty, longer than 63 bytes or no text, and `ConversionError` for a
    /// payload of more than 7,999 bytes or with a NUL; nothing is sent then.
    [[nodiscard]] Task<void> notify(std::string_view channel, std::string_view payload = {},
                                    std::source_location where = std::source_location::current()) const {
        return detail::notify(core_, std::string{channel}, std::string{payload}, where);
    }
    /// Waits for an advisory lock that ends with the transaction. One round trip, with BEGIN in it. Throws
    /// `TimeoutError` at the deadline, which ends the transaction, as a row lock that does not come; `Error` in
    /// autocommit sessions, where it would end at once.
    [[nodiscard]] Task<void> advisory_lock(AdvisoryKey key, LockShare share = LockShare::exclusive,
                                           Duration within = {},
                                           std::source_location where = std::source_location::current()) const {
        return detail::advisory_lock(core_, std::move(key), share, within, where);
    }
    /// The same without waiting: false if somebody else has it, and the transaction goes on.
    [[nodiscard]] Task<bool> try_advisory_lock(AdvisoryKey key, LockShare share = LockShare::exclusive,
                                               Duration within = {},
                                               std::source_location where = std::source_location::current()) const {
        return detail::try_advisory_lock(core_, std::move(key), share, within, where);
    }

    /// True while a transaction is under way on the server, or a savepoint is open.
    [[nodiscard]] bool in_transaction() const noexcept { return detail::in_transaction(core_); }
    /// True while a savepoint is open.
    [[nodiscard]] bool in_nested_transaction() const noexcept { return detail::in_nested_transaction(core_); }

    /// Gives the connection up, closed, with the transaction, whose changes to the objects are undone: for a connection
    /// that is no longer trusted. The session may be used again. No I/O.
    void invalidate(std::source_location where = std::source_location::current()) const {
        detail::invalidate(core_, where);
    }

protected:
    friend class SessionHandle;
    using SessionQueries::SessionQueries;
    SessionCalls(SessionCalls&&) noexcept = default;
    SessionCalls& operator=(SessionCalls&&) noexcept = default;
    ~SessionCalls() = default;
};

/// A unit of work: an identity map of the objects it has loaded or been given, and the transaction in which it reads
/// and writes them. Construction does no I/O and takes no connection; the first statement begins a transaction, which
/// holds one until `commit`, `rollback`, `close` or destruction.
///
/// Thread safety: one task at a time, on any thread. A second operation meanwhile throws `ConcurrentUseError`; several
/// queries at once are one `pipeline`. Movable; destroying it during an operation cancels that operation.
///
/// Errors of every operation: `DatabaseError` and `IntegrityError` from the server, `ConnectionError`, `TimeoutError`
/// at the deadline (options, or `within`). After an error in a transaction the transaction is over and its changes to
/// the objects are undone; later operations report the same error until `rollback`. In a savepoint, all that is true
/// of the innermost savepoint alone if the server refused a statement, and its rollback is enough.
///
/// Cancellation of every operation: terminal at any time; partial and total until the request was sent, not at all
/// afterwards. It ends with `boost::system::system_error(operation_aborted)`, a commit that was sent with
/// `CommitOutcomeUnknown`. Afterwards only `rollback` and `close` are useful; without either, destruction does the
/// same. Reads of a reader (`SessionOptions::reader`) that travel in a lane are cancelled by every type at any time,
/// and the session goes on as before.
class AsyncSession : public SessionCalls {
public:
    explicit AsyncSession(const Engine& engine, const SessionOptions& options = {});
    AsyncSession(std::shared_ptr<EngineCore> engine, const SessionOptions& options);
    AsyncSession(AsyncSession&&) noexcept = default;
    AsyncSession& operator=(AsyncSession&& other) noexcept;
    ~AsyncSession();

private:
    friend AsyncSession detail::session_of(std::shared_ptr<EngineCore> engine, const SessionOptions& options,
                                           std::source_location where);
    friend Task<void> detail::end_scope(const AsyncSession& session, std::source_location where);
    friend bool detail::undoes_hooked(const AsyncSession& session) noexcept;
    friend Task<void> detail::undo_hooked(const AsyncSession& session, std::source_location where);
    friend bool detail::may_run_again(const AsyncSession& session, const std::exception_ptr& failure) noexcept;
};

} // namespace corm::orm
