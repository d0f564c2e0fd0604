// Advisory locks beyond a transaction.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/orm/advisory_key.hpp>
#include <corm/orm/engine.hpp>
#include <corm/wire/task.hpp>

#include <memory>
#include <source_location>

namespace corm::orm {

namespace detail {
struct HeldLock;
}

/// An advisory lock of a server's session, and the connection of the pool that holds it:
///
/// ```cpp
/// corm::AdvisoryLock lock = co_await engine.advisory_lock("nightly report");
/// ```
///
/// The destructor unlocks: the connection goes back to the pool, which resets its session before anybody else uses it
/// and soon in any case. `release` waits for it. A connection that is lost takes its lock with it at once, and nobody
/// is told: ask `held`, or `check` before what must not be done twice, and let the database have the last word.
///
/// It takes one of `PoolOptions::max_size` for as long as it lives: a program that holds all of them and then waits for
/// another waits for ever. Movable; one task at a time. It may outlive its engine, and holds the lock until it is gone
/// itself, but behind the end of the engine no deadline counts. `Engine::shutdown` takes the lock away at its deadline.
class AdvisoryLock {
public:
    explicit AdvisoryLock(std::shared_ptr<detail::HeldLock> held) noexcept;
    AdvisoryLock(AdvisoryLock&&) noexcept;
    AdvisoryLock& operator=(AdvisoryLock&&) noexcept;
    ~AdvisoryLock();

    /// False when the connection is known to be lost, and after `release`. One system call.
    [[nodiscard]] bool held() const noexcept;
    /// Asks the server. Throws `ConnectionError` if the connection is lost, and `TimeoutError`. Any failure, and a
    /// cancellation, gives the lock up. One round trip.
    [[nodiscard]] Task<void> check(Duration within = {},
                                   std::source_location where = std::source_location::current()) const;
    /// Unlocks and gives the connection back. Errors as `check`: somebody else may have held the lock meanwhile. No I/O
    /// if it is not held. One round trip.
    [[nodiscard]] Task<void> release(Duration within = {},
                                     std::source_location where = std::source_location::current()) const;

private:
    std::shared_ptr<detail::HeldLock> held_;
};

} // namespace corm::orm
