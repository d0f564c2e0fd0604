// Sends cancel requests, which block, away from every executor.
#pragma once

#include "wire/pq.hpp"

#include <functional>
#include <memory>

namespace corm::wire {

/// A thread for calls of `CancelHandle::send`. Starts with the first one. Thread-safe.
class Canceller {
public:
    Canceller();
    /// Stops.
    ~Canceller();
    Canceller(const Canceller&) = delete;
    Canceller& operator=(const Canceller&) = delete;

    /// Sends the request and then calls `done`, on the thread. After `stop`, neither happens.
    void submit(std::unique_ptr<CancelHandle> handle, std::function<void()> done);
    /// Drops what waits. A request that is stuck in the network is left behind after a moment, with its thread: libpq
    /// offers no way to interrupt it before version 17, and it touches nothing but its own handle.
    void stop() noexcept;

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace corm::wire
