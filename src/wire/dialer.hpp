// Makes connections on a thread of its own.
#pragma once

#include "wire/connect_fsm.hpp"
#include "wire/connect_plan.hpp"
#include "wire/pq.hpp"

#include <corm/base/clock.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace corm::wire {

/// What became of one call of `Dialer::dial`.
struct Dialed {
    ConnHandle handle; ///< empty when it failed
    std::exception_ptr error;
    DialFailure failure = DialFailure::transient;
};

/// A thread that resolves names and connects, because both can block: resolvers ask servers, and a hostile server makes
/// the client compute a password proof for seconds. All dials run at once; each tries its addresses one after the
/// other, each within its own time limit. The thread starts with the first dial. Thread-safe.
class Dialer {
public:
    using Done = std::function<void(Dialed)>;

    Dialer(std::shared_ptr<Pq> pq, ConnectPlan plan, Duration connect_timeout);
    /// Stops.
    ~Dialer();
    Dialer(const Dialer&) = delete;
    Dialer& operator=(const Dialer&) = delete;

    /// Connects to the first address that answers and calls `done`, on the thread, with no lock held. A server that
    /// refuses user, password or database ends the search. `password` stands in for that of the plan.
    void dial(Done done, std::optional<std::string> password = {});
    /// Breaks off all dials without calling anyone, and ends the thread. A resolver that is stuck is left behind with
    /// it: nothing can interrupt it, and it touches nothing of its owner.
    void stop() noexcept;

private:
    struct State;
    std::shared_ptr<State> state_;
};

} // namespace corm::wire
