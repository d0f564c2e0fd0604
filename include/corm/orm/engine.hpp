// Engine: a database, its connection pool, and the defaults of its sessions.
#pragma once

#include <corm/base/error.hpp>
#include <corm/orm/options.hpp>
#include <corm/pool/options.hpp>
#include <corm/wire/task.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <optional>
#include <source_location>
#include <string_view>
#include <type_traits>

namespace corm::orm {

class AsyncSession;
struct EngineCore;

/// What `Engine::resolve` has found out.
enum class CommitOutcome {
    committed,
    rolled_back, ///< now or later: it is safe to do the work again
    /// The server cannot tell: the transaction's number is not known to the error, too old, of another server or of one
    /// that was started again since, or it is still under way.
    unknown,
};

/// A database behind a pool of connections. Thread-safe; sessions keep what they need of it alive. Nothing is dialed
/// before the first use, unless the pool has a minimum size.
class Engine {
public:
    /// Connections do their I/O on `executor`. `url` is a PostgreSQL URI or a keyword/value string; empty takes libpq's
    /// environment. Throws `MappingError` naming the keyword for one that is malformed, never showing its value.
    Engine(boost::asio::any_io_executor executor, std::string_view url, EngineOptions options = {});
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    /// Abandons: idle connections are closed, sessions in use keep theirs until they end. Does not wait for the server.
    ~Engine();

    /// Takes no further leases, waits for those that are out until `within`, then closes every connection. End sessions
    /// first: one that is still in a transaction, also one that has only read, keeps its lease and makes this wait.
    [[nodiscard]] Task<void> shutdown(Duration within = Duration{10'000});

    /// A session with `SessionOptions::reader`, for reads that share connections: no I/O, and no lease at any time.
    /// Include `corm/orm/async_session.hpp` or `corm/corm.hpp`.
    [[nodiscard]] AsyncSession reader(SessionOptions options = {}) const;

    /// Hears what is notified on these channels from the moment that this returns, by a connection beside the pool that
    /// all subscriptions of the engine share. One round trip, and a connect for the first. Tries again until the
    /// deadline while the server cannot be reached; `ConnectionError` at once if it refuses user or database, and
    /// `DatabaseError` from a standby, where nobody may listen. Throws `MappingError` for a name of more than 63 bytes,
    /// or with a NUL, and `Error` for no channel at all. Cancellation: every type, at any time.
    /// Include `corm/orm/subscription.hpp` or `corm/corm.hpp`.
    [[nodiscard]] Task<Subscription> listen(Channels channels, ListenOptions options = {},
                                            std::source_location where = std::source_location::current()) const;

    /// Waits for a lock of the server's session, held by a connection of the pool until the returned object ends.
    /// `within` (empty: the engine's deadline) covers both waits, for the connection and for the lock; `TimeoutError`.
    /// One round trip. Cancellation: every type, at any time; nothing stays locked.
    /// Include `corm/orm/advisory_lock.hpp` or `corm/corm.hpp`.
    [[nodiscard]] Task<AdvisoryLock> advisory_lock(AdvisoryKey key, LockShare share = LockShare::exclusive,
                                                   Duration within = {},
                                                   std::source_location where = std::source_location::current()) const;
    /// The same without waiting for the lock: empty if somebody else has it.
    [[nodiscard]] Task<std::optional<AdvisoryLock>>
    try_advisory_lock(AdvisoryKey key, LockShare share = LockShare::exclusive, Duration within = {},
                      std::source_location where = std::source_location::current()) const;

    [[nodiscard]] pool::PoolStats stats() const;
    [[nodiscard]] const EngineOptions& options() const noexcept;

    /// Runs `fn(session)`, a coroutine, in a session of its own and commits. While the server asks for it (40001,
    /// 40P01, at COMMIT too) everything is run again in a fresh session after a growing, jittered pause, unless it has
    /// committed. Any other error is thrown as it is, after the rollback; a lost COMMIT is `CommitOutcomeUnknown`, and
    /// never repeated. Throws `Error`, with nothing called or sent, for options of an autocommit session.
    /// Include `corm/orm/transaction.hpp` or `corm/corm.hpp`.
    template <class Function>
    [[nodiscard]] auto transaction(Function fn, TransactionOptions options = {},
                                   std::source_location where = std::source_location::current());

    /// What became of a COMMIT whose answer was lost: asks the server by `pg_xact_status`, on a connection of its own,
    /// in one round trip. While the transaction is still under way there, asks again until `within` (empty: the
    /// engine's deadline) has passed.
    ///
    /// Needs `identify_commits`. Throws `ConnectionError` and `TimeoutError` when the server cannot be asked.
    /// Cancellation: as operations of sessions.
    [[nodiscard]] Task<CommitOutcome> resolve(const CommitOutcomeUnknown& error, Duration within = {},
                                              std::source_location where = std::source_location::current()) const;

    /// For sessions.
    [[nodiscard]] const std::shared_ptr<EngineCore>& core() const noexcept { return core_; }

private:
    std::shared_ptr<EngineCore> core_;
};

} // namespace corm::orm
