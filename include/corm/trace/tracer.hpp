// The observer of everything that corm does.
#pragma once

#include <corm/base/sqlstate.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>

namespace corm::trace {

enum class Operation { connect, acquire, execute, flush, commit, rollback, retry };

[[nodiscard]] std::string_view to_string(Operation operation) noexcept;

/// An operation begins. Views are valid during the call only.
struct OperationStart {
    std::uint64_t id = 0; ///< the same in the finish; unique in the process
    Operation operation{};
    std::string_view subject; ///< entity, host or name of the call; never values
    std::source_location where;
};

struct OperationFinish {
    std::uint64_t id = 0;
    Operation operation{};
    std::string_view subject;
    std::source_location where;
    std::chrono::nanoseconds elapsed{};
    bool failed = false;
    SqlState sqlstate; ///< of the failure, when the server gave one
};

/// A statement was answered.
struct StatementFinish {
    std::string_view sql; ///< with `$n`; never values
    std::size_t parameters = 0;
    std::size_t parameter_bytes = 0;
    std::int64_t rows = 0;              ///< returned, or affected by a statement that returns none
    std::chrono::nanoseconds elapsed{}; ///< from sending to the last byte of its answer
    std::uint64_t round_trip = 0; ///< number of the Sync on its connection: equal for statements that share a trip
    int backend = 0;              ///< process id of the server's session
    std::source_location where;
    bool failed = false;
    SqlState sqlstate;
};

/// One session has sent the same statement more often than `EngineOptions::repetitions` allows.
struct Repetition {
    std::string_view what; ///< the statement or the entity, without values
    int times = 0;
    std::string_view report;    ///< a sentence with the places of the calls and what to do instead
    std::source_location where; ///< of the last one
};

/// A statement took longer than `EngineOptions::plans` allows, and this is how the server runs it.
struct SlowPlan {
    std::string_view sql;               ///< with `$n`
    std::string_view plan;              ///< as EXPLAIN writes it, in lines. It shows values
    std::chrono::nanoseconds elapsed{}; ///< of the round trip
    std::source_location where;
};

/// Receives one start and one finish per operation, and one call per statement. Every function may be called from
/// any thread of the engine's executor, several at once; none may throw or block. Empty by default, so override
/// what is wanted. The engine shares ownership of its tracer.
class Tracer {
public:
    virtual ~Tracer() = default;
    virtual void start(const OperationStart&) noexcept {}
    virtual void finish(const OperationFinish&) noexcept {}
    virtual void statement(const StatementFinish&) noexcept {}
    virtual void repetition(const Repetition&) noexcept {}
    virtual void plan(const SlowPlan&) noexcept {}
    /// A notice of the server, or something the pool thinks that an operator should know. Safe to log.
    virtual void notice(std::string_view /*text*/, SqlState) noexcept {}
};

} // namespace corm::trace
