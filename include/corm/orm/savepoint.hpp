// A handle to a savepoint.
#pragma once

#include <corm/orm/detail/erased.hpp>

#include <cstdint>
#include <memory>
#include <source_location>

namespace corm::orm {

/// A part of a transaction that can be undone by itself: `corm::Savepoint savepoint = co_await
/// session.begin_nested();`. Belongs to the session's task, and does not keep the session alive.
///
/// A handle dropped while the savepoint is open rolls back: the objects at once, the server ahead of the session's next
/// statement. The end of the savepoint around it, `commit`, `rollback` or `close` of the session, and the loss of the
/// transaction end it as well.
class Savepoint {
public:
    Savepoint(const detail::Core& session, std::uint64_t serial) noexcept : session_(session), serial_(serial) {}
    Savepoint(Savepoint&& other) noexcept = default;
    Savepoint& operator=(Savepoint&& other) noexcept;
    ~Savepoint();

    /// Writes the changes and keeps what was done as a part of the transaction around it (SQLAlchemy: `commit`). One
    /// round trip, none without changes: RELEASE travels with the session's next statement. Throws as
    /// `AsyncSession::flush`, and `Error` for one that has ended. Cancellation as of every operation of a session.
    [[nodiscard]] Task<void> release(Duration within = {},
                                     std::source_location where = std::source_location::current()) const;
    /// Undoes what was done since, in the objects at once, and lets the transaction go on after an error. Edited
    /// attributes get their values back, objects added since become transient, deleted ones return; what was flushed,
    /// edited or read since is stale, all else stays fresh. One round trip, none if the server has not heard of the
    /// savepoint. If the server refuses, the whole transaction is over. Throws `Error` for one that has ended.
    [[nodiscard]] Task<void> rollback(Duration within = {},
                                      std::source_location where = std::source_location::current()) const;

    /// Neither released nor rolled back, nor ended with what is around it.
    [[nodiscard]] bool is_open() const noexcept;

private:
    void drop() noexcept;

    std::weak_ptr<SessionCore> session_;
    std::uint64_t serial_;
};

namespace detail {

[[nodiscard]] Task<Savepoint> begin_nested(Core core, Duration within, std::source_location where);

} // namespace detail
} // namespace corm::orm
