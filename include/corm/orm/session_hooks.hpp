// Functions of the program that run at points of every session of an engine.
#pragma once

#include <corm/orm/hooks.hpp>
#include <corm/orm/session_handle.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace corm::orm {

/// What a flush has written, for `SessionHooks::after_flush`. Good until the hook returns.
class FlushedObjects {
public:
    template <class T>
    [[nodiscard]] std::vector<Ref<T>> inserted() const {
        return detail::refs_of<T>(inserted_);
    }
    template <class T>
    [[nodiscard]] std::vector<Ref<T>> updated() const {
        return detail::refs_of<T>(updated_);
    }
    template <class T>
    [[nodiscard]] std::vector<Ref<T>> deleted() const {
        return detail::refs_of<T>(deleted_);
    }

private:
    friend class HookedFlush;
    std::vector<detail::Handle> inserted_;
    std::vector<detail::Handle> updated_;
    std::vector<detail::Handle> deleted_;
};

enum class SessionEvent : std::uint8_t { before_flush, before_commit, after_commit, after_rollback };
enum class RowEvent : std::uint8_t {
    load,
    before_insert,
    before_update,
    before_delete,
    after_insert,
    after_update,
    after_delete,
};

[[nodiscard]] std::string_view to_string(SessionEvent event) noexcept;
[[nodiscard]] std::string_view to_string(RowEvent event) noexcept;

/// The hooks of an engine, for `EngineOptions::hooks`. Each is a coroutine that returns a `corm::Task<void>`, or a
/// plain function that returns nothing; those of one point run one after the other, in the order in which they were
/// given. They run in the task of the session, within its operation and under its deadline and cancellation; what one
/// throws comes out of the operation. Every session of the engine calls them, on every thread: give those of sessions
/// before the engine is used. Those of rows may be given at any time, from any thread, and concern what begins
/// afterwards. References that a hook is given are good until it has returned; it must not be one of a
/// destroyed object, so captures live as long as the engine and its sessions.
///
/// * `before_flush`: ahead of changes, if there are any. May read, add, edit, link and remove.
/// * `before_insert`, `before_update`, `before_delete`: for each object, behind `before_flush`. May edit its columns.
/// * `after_insert`, `after_update`, `after_delete`: for each object, behind the rows of the flush. May read it.
/// * `after_flush`: last thing of a flush. As `before_flush`; its changes are left to the next flush, while a commit
///   and the begin of a savepoint flush again.
/// * `before_commit`: first thing in `commit`. May do everything but end the transaction.
/// * `after_commit`, `after_rollback`: behind `commit`, and `rollback` or `close`. Nothing that needs the server.
/// * `load`: for each object that was made from a row, before the operation returns it. May edit it.
///
/// What a hook may not do throws `Error` and says what to do instead. Queries of a hook do not write changes first.
///
/// Round trips: none by themselves. With hooks behind a flush its statements do not travel with the query or the COMMIT
/// that follows: one more.
class SessionHooks {
public:
    SessionHooks();
    SessionHooks(const SessionHooks&) = delete;
    SessionHooks& operator=(const SessionHooks&) = delete;
    ~SessionHooks();

    using SessionHook = AsyncFunction<void(const SessionHandle&)>;
    using FlushHook = AsyncFunction<void(const SessionHandle&, const FlushedObjects&)>;
    using RowHook = AsyncFunction<void(const detail::Handle&)>;

    template <class Function>
    SessionHooks& before_flush(Function hook) {
        return on(SessionEvent::before_flush, std::move(hook));
    }
    /// `hook(session, flushed)`.
    template <class Function>
    SessionHooks& after_flush(Function hook) {
        static_assert(
            std::is_constructible_v<FlushHook, Function>,
            "corm: a hook after a flush takes a const corm::SessionHandle& and a const corm::FlushedObjects&, "
            "and returns a corm::Task<void> or nothing");
        if constexpr (std::is_constructible_v<FlushHook, Function>)
            after_flush_.emplace_back(std::move(hook));
        return *this;
    }
    template <class Function>
    SessionHooks& before_commit(Function hook) {
        return on(SessionEvent::before_commit, std::move(hook));
    }
    /// What it throws comes out of `commit`, which has happened.
    template <class Function>
    SessionHooks& after_commit(Function hook) {
        return on(SessionEvent::after_commit, std::move(hook));
    }
    /// Also when `Engine::transaction` gives up, for each attempt. Not for a session that is only destroyed.
    template <class Function>
    SessionHooks& after_rollback(Function hook) {
        return on(SessionEvent::after_rollback, std::move(hook));
    }

    /// `hooks->before_update<User>([](corm::Ref<User> user) { user.edit().changed_at = now(); })`.
    template <class T, class Function>
    SessionHooks& load(Function hook) {
        return on<T>(RowEvent::load, std::move(hook));
    }
    template <class T, class Function>
    SessionHooks& before_insert(Function hook) {
        return on<T>(RowEvent::before_insert, std::move(hook));
    }
    template <class T, class Function>
    SessionHooks& before_update(Function hook) {
        return on<T>(RowEvent::before_update, std::move(hook));
    }
    template <class T, class Function>
    SessionHooks& before_delete(Function hook) {
        return on<T>(RowEvent::before_delete, std::move(hook));
    }
    template <class T, class Function>
    SessionHooks& after_insert(Function hook) {
        return on<T>(RowEvent::after_insert, std::move(hook));
    }
    template <class T, class Function>
    SessionHooks& after_update(Function hook) {
        return on<T>(RowEvent::after_update, std::move(hook));
    }
    template <class T, class Function>
    SessionHooks& after_delete(Function hook) {
        return on<T>(RowEvent::after_delete, std::move(hook));
    }

    template <class Function>
    SessionHooks& on(SessionEvent event, Function hook) {
        static_assert(std::is_constructible_v<SessionHook, Function>,
                      "corm: a hook of a session takes a const corm::SessionHandle&, and returns a corm::Task<void> or "
                      "nothing");
        if constexpr (std::is_constructible_v<SessionHook, Function>)
            of_sessions_[static_cast<std::size_t>(event)].emplace_back(std::move(hook));
        return *this;
    }
    template <class T, class Function>
    SessionHooks& on(RowEvent event, Function hook) {
        return on<T>(event, mapping::mapper_of<T>(), std::move(hook));
    }
    /// Rows of one table, for tables that were mapped at run time: `hooks->on<corm::Record>(event, mapper, hook)`.
    /// Keeps no mapper alive, unless the hook does; the hook is let go with the first use of these hooks after the
    /// mapper's end.
    template <class T, class Function>
    SessionHooks& on(RowEvent event, const std::shared_ptr<const mapping::Mapper>& mapper, Function hook) {
        static_assert(
            detail::HookFunction<Function, void, Ref<T>>,
            "corm: a hook of rows takes a corm::Ref of their type, and returns a corm::Task<void> or nothing");
        if (mapper == nullptr || mapper->type() != typeid(T))
            refuse(event, mapper.get());
        if constexpr (detail::HookFunction<Function, void, Ref<T>>)
            add(event, mapper, [function = std::move(hook)](const detail::Handle& instance) mutable {
                return detail::call_hook(function, Ref<T>{instance});
            });
        return *this;
    }

    /// How many hooks of rows there are, of mappers that are in use.
    [[nodiscard]] std::size_t row_hooks() const;

private:
    friend class HookCalls;
    class RowHooks;
    [[noreturn]] static void refuse(RowEvent event, const mapping::Mapper* mapper);
    void add(RowEvent event, const std::shared_ptr<const mapping::Mapper>& mapper, RowHook hook);

    std::array<std::vector<SessionHook>, 4> of_sessions_;
    std::vector<FlushHook> after_flush_;
    std::unique_ptr<RowHooks> of_rows_;
};

} // namespace corm::orm
