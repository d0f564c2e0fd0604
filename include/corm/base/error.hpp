// Every exception of corm.
#pragma once

#include <corm/base/diagnostics.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace corm {

/// Base of every exception that corm throws, except cancellation, which is
/// `boost::system::system_error` with `boost::asio::error::operation_aborted`.
///
/// `what()` is safe to log: it names entities, primary keys, columns, constraints and conditions, never passwords,
/// parameters or other row values. Copies share their text; copying does not throw.
class Error : public std::runtime_error {
public:
    explicit Error(const std::string& what, std::source_location where = {})
        : std::runtime_error(what), where_(where) {}

    /// The call in the user's code that failed; line 0 when it is not known.
    [[nodiscard]] const std::source_location& where() const noexcept { return where_; }

    /// True when nothing of the operation can have taken effect on the server, so that running it again is safe.
    [[nodiscard]] virtual bool safe_to_retry() const noexcept { return false; }

private:
    std::source_location where_;
};

/// A connection could not be made, or broke. Where the server gave a reason, `diagnostics()` holds it.
class ConnectionError : public Error {
public:
    ConnectionError(const std::string& what, Diagnostics diagnostics, bool safe_to_retry,
                    std::source_location where = {})
        : Error(what, where), diagnostics_(std::make_shared<const Diagnostics>(std::move(diagnostics))),
          safe_(safe_to_retry) {}

    [[nodiscard]] const Diagnostics& diagnostics() const noexcept { return *diagnostics_; }
    [[nodiscard]] const SqlState& sqlstate() const noexcept { return diagnostics_->sqlstate; }
    [[nodiscard]] bool safe_to_retry() const noexcept override { return safe_; }

private:
    std::shared_ptr<const Diagnostics> diagnostics_;
    bool safe_;
};

/// As many tasks as the pool allows wait for a connection already. Thrown at once, so that an overloaded program can
/// turn work away instead of piling it up.
class QueueFullError : public Error {
public:
    using Error::Error;
    [[nodiscard]] bool safe_to_retry() const noexcept override { return true; }
};

/// The part of an operation that a deadline ended.
enum class Phase { acquire, connect, execute, commit, shutdown };

[[nodiscard]] std::string_view to_string(Phase phase) noexcept;

/// A deadline passed. With Phase::commit it is known that nothing was committed; where that is not known, it is
/// `CommitOutcomeUnknown` instead.
class TimeoutError : public Error {
public:
    TimeoutError(const std::string& what, Phase phase, std::source_location where = {})
        : Error(what, where), phase_(phase) {}

    [[nodiscard]] Phase phase() const noexcept { return phase_; }
    [[nodiscard]] bool safe_to_retry() const noexcept override {
        return phase_ == Phase::acquire || phase_ == Phase::connect || phase_ == Phase::commit;
    }

private:
    Phase phase_;
};

/// The server refused a statement.
class DatabaseError : public Error {
public:
    /// Composes the safe text from the diagnostics: condition, schema, table, column and constraint.
    explicit DatabaseError(Diagnostics diagnostics, std::source_location where = {});

    [[nodiscard]] const Diagnostics& diagnostics() const noexcept { return *diagnostics_; }
    [[nodiscard]] const SqlState& sqlstate() const noexcept { return diagnostics_->sqlstate; }
    [[nodiscard]] const std::string& constraint() const noexcept { return diagnostics_->constraint; }
    /// A prepared statement of corm's could not be used any more: its table changed, or somebody dropped it. It is
    /// prepared anew. Seen only inside of a transaction, which has to be run again; elsewhere corm repeats the request.
    [[nodiscard]] bool is_stale_plan() const noexcept { return diagnostics_->stale_plan; }
    /// Running the whole transaction again may succeed: 40001, 40P01, and a stale plan.
    [[nodiscard]] bool is_retryable() const noexcept { return sqlstate().is_retryable() || is_stale_plan(); }

private:
    std::shared_ptr<const Diagnostics> diagnostics_;
};

/// A constraint was violated (SQLSTATE class 23).
class IntegrityError : public DatabaseError {
public:
    using DatabaseError::DatabaseError;
};

/// Builds `IntegrityError` or `DatabaseError`, whichever the SQLSTATE asks for, as an exception pointer.
[[nodiscard]] std::exception_ptr make_database_error(Diagnostics diagnostics, std::source_location where = {});

/// A result grew beyond `max_rows` or `max_bytes`. Its statement was cancelled and failed, and its transaction is over,
/// also where it ran in a savepoint; one that writes in an autocommit session may have taken effect before. Read such
/// results as a stream, or ask for fewer rows.
class ResultTooLarge : public Error {
public:
    ResultTooLarge(const std::string& what, std::string sql, std::source_location where = {})
        : Error(what, where), sql_(std::make_shared<const std::string>(std::move(sql))) {}

    /// The text of the statement.
    [[nodiscard]] const std::string& sql() const noexcept { return *sql_; }

private:
    std::shared_ptr<const std::string> sql_;
};

/// No row with this key, or a query that must yield exactly one row did not.
class NotFoundError : public Error {
public:
    using Error::Error;
};

/// Rows were changed or deleted by somebody else since they were loaded.
class StaleDataError : public Error {
public:
    StaleDataError(const std::string& what, std::string entity, std::vector<std::string> keys,
                   std::source_location where = {})
        : Error(what, where), entity_(std::move(entity)),
          keys_(std::make_shared<const std::vector<std::string>>(std::move(keys))) {}

    [[nodiscard]] const std::string& entity() const noexcept { return entity_; }
    /// The keys of the stale rows, as text.
    [[nodiscard]] const std::vector<std::string>& keys() const noexcept { return *keys_; }

private:
    std::string entity_;
    std::shared_ptr<const std::vector<std::string>> keys_;
};

/// Something was read that has not been loaded; the text names the call that loads it.
class NotLoadedError : public Error {
public:
    using Error::Error;
};

/// Two operations of one session at once; the text names both and their places.
class ConcurrentUseError : public Error {
public:
    using Error::Error;
};

/// Names a transaction, as `pg_xact_status` knows it.
struct TransactionId {
    std::uint64_t xid = 0;
    /// When the server was started that gave it, in microseconds since 2000: one that crashed may give it again.
    std::int64_t server_start = 0;

    friend bool operator==(const TransactionId&, const TransactionId&) = default;
};

/// The connection was lost, cancelled or timed out while a COMMIT was under way: it may or may not have happened.
/// Never repeat the work blindly; `Engine::resolve` asks the server what happened.
class CommitOutcomeUnknown : public Error {
public:
    explicit CommitOutcomeUnknown(const std::string& what, std::optional<TransactionId> transaction = {},
                                  std::source_location where = {})
        : Error(what, where), transaction_(transaction) {}

    /// The transaction. Empty without `identify_commits`, and when the connection was lost before its number arrived.
    [[nodiscard]] const std::optional<TransactionId>& transaction() const noexcept { return transaction_; }

private:
    std::optional<TransactionId> transaction_;
};

/// The mapping is wrong, or does not fit the database or the request.
class MappingError : public Error {
public:
    using Error::Error;
};

/// A value cannot be represented on the other side: narrowing, overflow, NULL, an unknown label, NUL in text.
class ConversionError : public Error {
public:
    /// `problem` without the place: "NULL cannot be read into int32".
    explicit ConversionError(const std::string& problem, std::source_location where = {})
        : Error(problem, where), problem_(problem) {}
    /// The same problem with its place in front: "users.age: ...".
    ConversionError(const ConversionError& inner, std::string_view table, std::string_view column,
                    std::source_location where = {});

    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
    [[nodiscard]] const std::string& table() const noexcept { return table_; }
    [[nodiscard]] const std::string& column() const noexcept { return column_; }

private:
    std::string problem_;
    std::string table_;
    std::string column_;
};

} // namespace corm
