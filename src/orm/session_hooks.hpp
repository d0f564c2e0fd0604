// Running the hooks of an engine.
#pragma once

#include "orm/session_core.hpp"
#include "uow/plan.hpp"

#include <corm/orm/session_hooks.hpp>

#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

namespace corm::orm {

/// What a hook may do with its session.
enum class HookRights : std::uint8_t {
    row,         ///< edit one object
    row_written, ///< read
    statements,  ///< anything but flush and end the transaction
    flush,       ///< anything but end the transaction
    memory,      ///< nothing that needs the server
};

/// A hook that is running: its session's operation is in flight, and the hook uses the session all the same.
class RunningHook {
public:
    /// `name`: "before_flush".
    RunningHook(SessionCore& session, HookRights rights, std::string_view name, const uow::Instance* row = nullptr);
    RunningHook(const RunningHook&) = delete;
    RunningHook& operator=(const RunningHook&) = delete;
    /// Cancels what the hook has left in flight.
    ~RunningHook();
    /// The hook has returned. Throws `ConcurrentUseError` if it has left an operation in flight.
    void end();

    // For the session, whose mutex is held.
    /// An operation that it began is in flight.
    [[nodiscard]] bool waits() const noexcept { return waits_; }
    /// Throw `Error` for what the hook may not do.
    void require_use(const char* name, std::source_location where, SessionCore::Use use) const;
    void require_allowed(const char* name, std::source_location where, const uow::Instance* edited) const;
    void begin_operation() noexcept { waits_ = true; }
    void end_operation() noexcept;

private:
    [[noreturn]] void refuse(const char* name, std::source_location where, const std::string& instead) const;
    [[nodiscard]] std::string describe() const;

    SessionCore& session_;
    RunningHook* outer_;
    HookRights rights_;
    std::string_view name_;
    const uow::Instance* row_;
    const char* busy_with_;
    std::source_location busy_where_;
    bool waits_ = false;
};

/// The hooks of an engine, by what they are called for.
class HookCalls {
public:
    [[nodiscard]] static bool see_loaded(const EngineCore& engine);
    /// True if a flush has to end before what follows it.
    [[nodiscard]] static bool follow_flushes(const SessionHooks& hooks);
    [[nodiscard]] static bool concern_rows(const SessionHooks& hooks);

    /// Nothing without such hooks. The caller holds a `Busy`.
    static Task<void> run(const detail::Core& core, SessionEvent event);
    static Task<void> run(const detail::Core& core, RowEvent event, std::span<const detail::Handle> objects);
    static Task<void> after_flush(const detail::Core& core, const FlushedObjects& flushed);

private:
    template <class Test>
    [[nodiscard]] static bool any_of_rows(const SessionHooks& hooks, Test test);
};

/// A flush of a session whose engine has hooks. What is left afterwards can be written at once, together with what
/// follows; a commit finds nothing.
[[nodiscard]] Task<void> flush_hooked(const detail::Core& core, const OperationPlan& operation,
                                      const uow::PlanMode& flush);

/// As `SessionCore::run`, with hooks of objects that it loads.
[[nodiscard]] Task<void> run_and_show(detail::Core core, OperationPlan plan, Parts parts);

} // namespace corm::orm
