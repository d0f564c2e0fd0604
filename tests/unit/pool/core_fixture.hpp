// A pool's core without a pool.
#pragma once

#include "pool/pool.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <vector>

namespace corm::test {

using namespace corm::pool;
using namespace std::chrono_literals;
using Returned = PoolCore::Returned;
using Why = Actions::Failure::Why;

struct NoSink final : LeaseSink {
    void on_lease(Lease) noexcept override {}
    void on_lease_failure(std::exception_ptr) noexcept override {}
};

/// A core with a clock that is moved by hand.
struct Fixture {
    PoolCore core;
    TimePoint now{};

    explicit Fixture(const PoolOptions& options = {.max_size = 2}) : core(options, 1) {}

    std::shared_ptr<LeaseSink> enqueue(Actions& actions, Duration patience = 1s) {
        auto sink = std::make_shared<NoSink>();
        core.enqueue({sink, now + patience, {}, nullptr, {}}, now, actions);
        return sink;
    }
    std::shared_ptr<LeaseSink> enqueue(Duration patience = 1s) {
        Actions ignored;
        return enqueue(ignored, patience);
    }
    /// A dial that was asked for succeeds.
    Actions connect() {
        Actions actions;
        core.on_dialed(std::make_shared<Slot>(), now, actions);
        return actions;
    }
    Actions give_back(const SlotPtr& slot, Returned how = Returned::clean) {
        Actions actions;
        core.on_return(slot, how, now, actions);
        return actions;
    }
    SlotPtr take() {
        Actions actions;
        return core.try_take(now, {}, actions);
    }
    Actions tick(Duration later) {
        now += later;
        Actions actions;
        core.tick(now, actions);
        return actions;
    }
    SlotPtr leased() {
        enqueue();
        return connect().grants.at(0).slot;
    }
};

} // namespace corm::test
