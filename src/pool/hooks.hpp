// What the program adds to the making of connections. Implemented above the pool.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/wire/task.hpp>

#include <memory>
#include <string>

namespace corm::wire {
class Connection;
}

namespace corm::pool {

/// Coroutines that the pool runs on its executor, off the path of requests; they are cancelled when the pool ends, and
/// their time is limited. Called by several dials at once.
class Hooks {
public:
    virtual ~Hooks() = default;

    /// False: dials use the password of the configuration.
    [[nodiscard]] virtual bool gives_password() const noexcept = 0;
    /// The password for one dial. It is neither kept nor shown.
    [[nodiscard]] virtual Task<std::string> password() = 0;

    /// False: new connections are used as they are.
    [[nodiscard]] virtual bool prepares() const noexcept = 0;
    /// Makes a connection ready: when it is new, and again after its session was reset. One that throws ends it.
    [[nodiscard]] virtual Task<void> prepare(std::shared_ptr<wire::Connection> connection, TimePoint deadline) = 0;
};

} // namespace corm::pool
