// Sends cancel requests, which block, away from every executor.
#pragma once

#include "wire/pq.hpp"

#include <cstddef>
#include <functional>
#include <memory>

namespace corm::wire {

/// Threads for calls of `CancelHandle::send`, which last for as long as the network takes: a few, so that one server
/// that cannot be reached does not hold up every request. They start when they are needed. Thread-safe.
class Canceller {
public:
    static constexpr std::size_t max_threads = 4;

    Canceller();
    /// Stops.
    ~Canceller();
    Canceller(const Canceller&) = delete;
    Canceller& operator=(const Canceller&) = delete;

    /// Sends the request and then calls `done`, on a thread. After `stop` nothing is sent, and `done` is called at
    /// once.
    void submit(std::unique_ptr<CancelHandle> handle, std::function<void()> done);
    /// Calls `done` of what waits. Requests that are stuck in the network are left behind after a moment, with their
    /// threads: libpq offers no way to interrupt them before version 17, and they touch nothing but their own handles.
    void stop() noexcept;

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace corm::wire
