// A tracer that writes lines.
#pragma once

#include <corm/trace/tracer.hpp>

#include <chrono>
#include <cstddef>
#include <string_view>

namespace corm::trace {

/// What a `LogTracer` writes.
struct LogOptions {
    bool statements = true;                 ///< one line per statement
    bool operations = false;                ///< one line per finished operation: connect, acquire, flush, ...
    bool repetitions = true;                ///< one line per statement that a session repeats too often
    bool plans = true;                      ///< the plans that `EngineOptions::plans` asks for
    bool notices = true;                    ///< one line per notice of the server or the pool
    std::chrono::nanoseconds slower_than{}; ///< statements and operations that took less are left out; failures never
    std::size_t sql_limit = 500;            ///< characters of a statement; the rest is "..."
};

/// Where lines go: called with one line, without its end, from any thread and several at once.
/// Must not throw, and must be quick: it is called on the threads of the engine.
using LineWriter = void (*)(void* context, std::string_view line) noexcept;

/// Writes the line to standard error, in one call.
void write_to_stderr(void* context, std::string_view line) noexcept;

/// One line per event, for a log. Shows the text of statements with their `$n`, and of parameters only how many there
/// are and how many bytes: never values, but in the plans of slow statements, if those are asked for. A statement looks
/// like this, with its round trip and the place of the call:
///
///     execute 0.42 ms rows=3 trip=17 backend=4711 orders.cpp:42 parameters=1 (8 bytes): SELECT ... WHERE id = $1
class LogTracer final : public Tracer {
public:
    /// `context` is handed to `writer` and must live as long as this.
    explicit LogTracer(LogOptions options = {}, LineWriter writer = &write_to_stderr, void* context = nullptr) noexcept
        : options_(options), writer_(writer), context_(context) {}

    void finish(const OperationFinish& event) noexcept override;
    void statement(const StatementFinish& event) noexcept override;
    void repetition(const Repetition& event) noexcept override;
    void plan(const SlowPlan& event) noexcept override;
    void notice(std::string_view text, SqlState state) noexcept override;

private:
    const LogOptions options_;
    const LineWriter writer_;
    void* const context_;
};

} // namespace corm::trace
