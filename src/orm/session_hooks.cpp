#include "orm/session_hooks.hpp"

#include "base/place.hpp"
#include "orm/row_hooks.hpp"

#include <corm/base/error.hpp>

#include <algorithm>

namespace corm::orm {
namespace {

HookRights rights_of(SessionEvent event) noexcept {
    switch (event) {
    case SessionEvent::before_flush: return HookRights::statements;
    case SessionEvent::before_commit: return HookRights::flush;
    case SessionEvent::after_commit:
    case SessionEvent::after_rollback: break;
    }
    return HookRights::memory;
}

bool is_behind(RowEvent event) noexcept {
    return event == RowEvent::after_insert || event == RowEvent::after_update || event == RowEvent::after_delete;
}

} // namespace

std::string_view to_string(SessionEvent event) noexcept {
    constexpr std::string_view names[] = {"before_flush", "before_commit", "after_commit", "after_rollback"};
    return names[static_cast<std::size_t>(event)];
}

std::string_view to_string(RowEvent event) noexcept {
    constexpr std::string_view names[] = {"load",         "before_insert", "before_update", "before_delete",
                                          "after_insert", "after_update",  "after_delete"};
    return names[static_cast<std::size_t>(event)];
}

RunningHook::RunningHook(SessionCore& session, HookRights rights, std::string_view name, const uow::Instance* row)
    : session_(session), rights_(rights), name_(name), row_(row) {
    const std::scoped_lock lock{session_.mutex_};
    outer_ = std::exchange(session_.hook_, this);
    busy_with_ = session_.busy_with_;
    busy_where_ = session_.busy_where_;
    // A flush of their own would not be told from the one that they are a part of.
    if (rights_ == HookRights::statements)
        ++session_.autoflush_off;
}

RunningHook::~RunningHook() {
    if (rights_ == HookRights::statements)
        --session_.autoflush_off;
    std::shared_ptr<Running> left;
    {
        const std::scoped_lock lock{session_.mutex_};
        session_.hook_ = outer_;
        if (waits_)
            left = session_.operation_.lock();
    }
    if (left)
        left->cancel(boost::asio::cancellation_type::terminal);
}

void RunningHook::end() {
    const std::scoped_lock lock{session_.mutex_};
    if (waits_)
        throw ConcurrentUseError(describe() + " has returned while " + session_.busy_with_ + " of its session at " +
                                     corm::detail::place_of(session_.busy_where_) +
                                     " is in flight; co_await it in the hook",
                                 session_.busy_where_);
}

std::string RunningHook::describe() const {
    return "the " + std::string{name_} + " hook" + (row_ != nullptr ? " of " + row_->describe() : "");
}

void RunningHook::refuse(const char* name, std::source_location where, const std::string& instead) const {
    throw Error(std::string{name} + " was called by " + describe() + ", " + instead, where);
}

void RunningHook::require_use(const char* name, std::source_location where, SessionCore::Use use) const {
    require_allowed(name, where, nullptr);
    if (rights_ == HookRights::memory)
        refuse(name, where,
               "behind the end of the transaction, where no other one may begin; do it behind the call that ended it, "
               "or in a session of its own");
    if (use == SessionCore::Use::end)
        refuse(name, where, "whose operation goes on with the transaction; throw to have the caller roll it back");
    if (use == SessionCore::Use::flush && rights_ == HookRights::statements)
        refuse(name, where,
               "while its flush is under way, which writes what the hook changes (before it) or leaves it "
               "to the next (behind it)");
}

void RunningHook::require_allowed(const char* name, std::source_location where, const uow::Instance* edited) const {
    if (rights_ == HookRights::row && edited != row_)
        refuse(name, where,
               "which may edit the columns of its own object and nothing else; do it in a before_flush hook");
    if (rights_ == HookRights::row_written)
        refuse(name, where,
               "whose row is written, so that nothing would come of it; do it in a before_flush hook, or in one "
               "after_flush for the next flush");
}

void RunningHook::end_operation() noexcept {
    waits_ = false;
    session_.busy_with_ = busy_with_;
    session_.busy_where_ = busy_where_;
}

template <class Test>
bool HookCalls::any_of_rows(const SessionHooks& hooks, Test test) {
    const auto rows = hooks.of_rows_->list();
    return std::any_of(rows->begin(), rows->end(), [&test](const auto& hook) { return test(hook.event); });
}

bool HookCalls::see_loaded(const EngineCore& engine) {
    const auto& hooks = engine.options.hooks;
    return hooks && any_of_rows(*hooks, [](RowEvent event) { return event == RowEvent::load; });
}

bool HookCalls::follow_flushes(const SessionHooks& hooks) {
    return !hooks.after_flush_.empty() || any_of_rows(hooks, is_behind);
}

bool HookCalls::concern_rows(const SessionHooks& hooks) {
    return !hooks.after_flush_.empty() || any_of_rows(hooks, [](RowEvent event) { return event != RowEvent::load; });
}

Task<void> HookCalls::run(const detail::Core& core, SessionEvent event) {
    const std::shared_ptr<const SessionHooks> hooks = core->engine->options.hooks;
    if (!hooks)
        co_return;
    const SessionHandle session{core};
    for (const SessionHooks::SessionHook& hook : hooks->of_sessions_[static_cast<std::size_t>(event)]) {
        RunningHook running{*core, rights_of(event), to_string(event)};
        co_await hook(session);
        running.end();
    }
}

Task<void> HookCalls::run(const detail::Core& core, RowEvent event, std::span<const detail::Handle> objects) {
    const std::shared_ptr<const SessionHooks> hooks = core->engine->options.hooks;
    const auto rows = hooks->of_rows_->list();
    for (const detail::Handle& instance : objects) {
        for (const SessionHooks::RowHooks::Hook& hook : *rows) {
            if (hook.event != event || hook.of != &instance->mapper())
                continue;
            RunningHook running{*core, is_behind(event) ? HookRights::row_written : HookRights::row, to_string(event),
                                instance.get()};
            co_await hook.call(instance);
            running.end();
        }
    }
}

Task<void> HookCalls::after_flush(const detail::Core& core, const FlushedObjects& flushed) {
    const std::shared_ptr<const SessionHooks> hooks = core->engine->options.hooks;
    const SessionHandle session{core};
    for (const SessionHooks::FlushHook& hook : hooks->after_flush_) {
        RunningHook running{*core, HookRights::statements, "after_flush"};
        co_await hook(session, flushed);
        running.end();
    }
}

} // namespace corm::orm
