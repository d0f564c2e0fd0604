// Options of engines, sessions and transactions.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/fwd.hpp>
#include <corm/orm/hooks.hpp>
#include <corm/pool/options.hpp>
#include <corm/trace/tracer.hpp>
#include <corm/uow/expire.hpp>
#include <corm/wire/transport.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace corm::orm {

/// What `explain` asks the server for.
struct ExplainOptions {
    bool analyze = false; ///< runs the query and says what each step took
    bool verbose = false;
    bool json = false; ///< as JSON instead of text
};

using uow::ExpireOnCommit;

/// PostgreSQL documentation, 13.2.
enum class Isolation : std::uint8_t {
    server_default,
    read_committed,
    repeatable_read,
    serializable,
};

struct SessionOptions {
    ExpireOnCommit expire_on_commit = ExpireOnCommit::stale;
    Isolation isolation = Isolation::server_default;
    bool read_only = false;
    bool deferrable = false; ///< of serializable read-only transactions
    /// No BEGIN: each operation is a transaction of its own and takes a connection for its own time only. There are no
    /// savepoints then, a lock ends with the operation that takes it, and a session that is given any of the three
    /// options above throws `Error`.
    bool autocommit = false;
    /// Reads only, each statement by itself, and holds no connection: reads of all readers of the engine travel
    /// together over the few connections of its lanes (`PoolOptions::lanes`). Reads by primary key do so always,
    /// queries once their text is known to be quick, raw SQL if it is marked `pure()`; everything else runs on a
    /// connection of its own in a transaction that the server lets read only. Implies `autocommit`; a flush of changes
    /// throws `Error`, and so do `isolation`, `deferrable` and `settings`.
    bool reader = false;
    /// Of a reader: reads by primary key that leave in the same turn of the loop become one statement for all sessions.
    bool join_reads = true;
    /// Queries send unflushed changes first, in the same round trip.
    bool autoflush = true;
    /// As `EngineOptions::identify_commits`, which counts when this is empty.
    std::optional<bool> identify_commits{};
    /// Server settings of each transaction, for tenants and row security: `{{"role", "clerk"}, {"app.tenant", "7"}}`.
    /// They travel with BEGIN, in their order, and end with the transaction. In autocommit sessions they go ahead of
    /// every operation.
    std::vector<std::pair<std::string, std::string>> settings{};
    /// Of each operation: waiting for a connection, connecting, executing and committing. `Duration{}` takes the
    /// engine's; `no_deadline` waits for ever.
    Duration deadline{};
    /// The most rows that one result may have, and the most bytes of memory that it may take, of queries, of raw SQL
    /// and of relations that are read; 0: any number. Empty: the engine's. A larger one is `ResultTooLarge` as soon as
    /// it is, and the connection is usable afterwards. Streams, whose batches are small, know no caps. A query with a
    /// cap is slower by some 0.2 us for each row, and keeps out of the lanes of readers.
    std::optional<std::size_t> max_rows{};
    std::optional<std::size_t> max_bytes{};

    /// These options with one more setting, for options that are made inside of an awaited expression: g++ 12 destroys
    /// texts twice that braces give to a member there.
    [[nodiscard]] SessionOptions with_setting(std::string name, std::string value) &&;
};

/// For `merge`.
struct MergeOptions {
    /// False: detached objects without changes are taken for their rows as they are, and no statement is sent.
    bool load = true;
    /// False: the values go over whatever version the row has.
    bool check_version = true;
    Duration within{}; ///< the deadline of this call, instead of the session's
};

/// Looks for N+1: the same statement, with other values, many times in one session. Costs a look-up for each statement
/// while it is on; made for development and tests.
struct RepetitionOptions {
    int limit = 0;       ///< how often a session may send the same; 0: nobody looks
    bool throws = false; ///< an `Error` instead of a word to the tracer, before the statement is sent
};

/// Asks for the plans of statements that took long, and tells them to `Tracer::plan`. The plan is that of now, by
/// EXPLAIN without running the statement, on another connection of the pool with the settings of the session: one at a
/// time, each in a transaction that reads only and within five seconds. It shows values of the statement.
///
/// Statements of the round trip that took long, those of streams and lanes excepted, and those that failed; the time is
/// that of the trip, waits for locks included.
struct PlanOptions {
    Duration slower_than{};       ///< 0: no plans
    Duration again_after{60'000}; ///< the plan of the same text is not asked for more often
};

struct EngineOptions {
    pool::PoolOptions pool{};
    /// Of each operation of sessions that set none.
    Duration deadline{30'000};
    /// Shared; called from every thread of the executor.
    std::shared_ptr<trace::Tracer> tracer{};
    std::string application_name{"corm"};
    /// `CommitOutcomeUnknown` carries the number of the transaction, which `Engine::resolve` takes. Costs one more
    /// statement in the round trip of the first flush or the commit of a transaction. PostgreSQL 13 or later.
    bool identify_commits = false;
    /// How well connections by TCP have to be protected.
    wire::Transport transport = wire::Transport::checked;
    /// Server settings that every session starts with, and that a reset brings back: `{{"search_path", "app"}}`.
    std::vector<std::pair<std::string, std::string>> settings{};
    /// Of results of sessions that say nothing else: see `SessionOptions`. 0: any number.
    std::size_t max_rows = 0;
    std::size_t max_bytes = 0;
    /// Instead of the password of the URL. Called for every dial, on the executor, off the path of requests; cancelled
    /// after `PoolOptions::connect_timeout`. Whatever it throws makes the dial fail, and is not shown.
    PasswordProvider password{};
    /// Runs on every new connection, and again when its session was reset. If it throws, the connection is not used.
    ConnectHook on_connect{};
    RepetitionOptions repetitions{};
    PlanOptions plans{};
    pool::EventOptions events{};
    /// For development and tests. The first time that rows of a raw statement are read into a type, the server is asked
    /// which of their columns are columns of tables that may be NULL there: `MappingError` for those whose member
    /// cannot be, before a NULL ever comes. One round trip more for each text and type. Of expressions, views and the
    /// far side of outer joins the server does not tell; streams are not looked at.
    bool check_raw_results = false;
    /// Functions that run at points of every session: see `SessionHooks`. Shared by all of them, on all their threads.
    std::shared_ptr<const SessionHooks> hooks{};
};

/// How an advisory lock is held: by one alone, or by all who share it.
enum class LockShare : std::uint8_t { exclusive, shared };

/// For `Engine::listen`.
struct ListenOptions {
    /// Notifications that may wait to be read; what comes beyond is counted in a `Gap`. Each is of up to 8 kB.
    std::size_t queue = 1'000;
    Duration within{}; ///< until it listens; empty: the engine's deadline
};

/// For `Engine::transaction`.
struct TransactionOptions {
    SessionOptions session{};
    /// How often the whole function is run, the first time included, while the server asks for a retry (40001, 40P01).
    int max_attempts = 10;
    Duration first_backoff{2}; ///< doubled at every attempt, with jitter
    Duration max_backoff{500};

    /// As `SessionOptions::with_setting`:
    /// `co_await engine.transaction(fn, corm::TransactionOptions{.max_attempts = 3}.with_setting("app.tenant", name))`.
    [[nodiscard]] TransactionOptions with_setting(std::string name, std::string value) &&;
};

} // namespace corm::orm
