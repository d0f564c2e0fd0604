// object_session(ref): the session that an object belongs to.
#pragma once

#include <corm/orm/async_session.hpp>

#include <memory>

namespace corm::orm {

/// Refers to a session without keeping it alive: `co_await corm::object_session(user)->refresh(user)`. Empty when the
/// object belongs to none. Copyable; belongs to the session's task, and may be kept and dropped after the session.
class SessionHandle {
public:
    /// The calls of the session, for one expression.
    class Calls final : public SessionCalls {
    public:
        [[nodiscard]] const SessionCalls* operator->() const noexcept { return this; }

    private:
        friend class SessionHandle;
        explicit Calls(detail::Core core) noexcept : SessionCalls(std::move(core)) {}
    };

    SessionHandle() noexcept = default;
    explicit SessionHandle(const detail::Core& session) noexcept : session_(session) {}

    /// True while there is a session.
    [[nodiscard]] explicit operator bool() const noexcept;
    /// Throws `Error` when there is no session, or no longer.
    [[nodiscard]] Calls operator->() const;
    /// True if it refers to this session.
    [[nodiscard]] bool refers_to(const SessionCalls& session) const noexcept;

private:
    std::weak_ptr<SessionCore> session_;
};

/// The session that has this object: pending, persistent, or deleted in the transaction under way. No I/O.
template <class T>
[[nodiscard]] SessionHandle object_session(const Ref<T>& ref) noexcept {
    return SessionHandle{ref ? detail::owner_of(ref.instance()) : nullptr};
}

} // namespace corm::orm
