// Coroutines of the program that the pool runs in the background.
#pragma once

#include "wire/gate.hpp"

#include <corm/base/clock.hpp>
#include <corm/wire/task.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace corm::pool {

/// Runs coroutines that nobody awaits, each on a strand of its own and within a time limit. Thread-safe. Once the
/// context of the executor has ended, nothing is called any more.
class Errands {
public:
    using Coroutine = std::function<Task<void>()>;
    using Done = std::function<void(const std::exception_ptr& error)>;

    explicit Errands(std::shared_ptr<wire::Gate> gate) : gate_(std::move(gate)) {}
    /// Stops.
    ~Errands() { stop(); }
    Errands(const Errands&) = delete;
    Errands& operator=(const Errands&) = delete;

    /// Runs `coroutine` and calls `done` once, on the executor, with no lock held. At the deadline `done` gets a
    /// TimeoutError(Phase::connect) and the coroutine a terminal cancellation, whether it ends then or not. False, with
    /// nothing called, after `stop` and when the context has ended.
    [[nodiscard]] bool start(Coroutine coroutine, TimePoint deadline, Done done);
    /// Cancels what runs: `done` gets operation_aborted at once.
    void stop() noexcept;

private:
    struct Errand;

    const std::shared_ptr<wire::Gate> gate_;
    std::mutex mutex_;
    bool stopped_ = false;
    std::vector<std::weak_ptr<Errand>> running_;
};

} // namespace corm::pool
