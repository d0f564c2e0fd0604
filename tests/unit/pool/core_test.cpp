#include "pool/core.hpp"

#include "pool/pool.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <random>

using namespace corm;
using namespace corm::pool;
using namespace std::chrono_literals;
using Returned = PoolCore::Returned;
using Why = Actions::Failure::Why;

namespace {

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

} // namespace

TEST_CASE("connections are dialed for waiters, up to max_size", "[pool][unit]") {
    Fixture f;
    Actions first, second, third;
    f.enqueue(first);
    f.enqueue(second);
    f.enqueue(third);
    CHECK(first.dials == 1);
    CHECK(second.dials == 1);
    CHECK(third.dials == 0);
    CHECK(f.core.stats().dialing == 2);
    CHECK(f.core.stats().waiting == 3);
}

TEST_CASE("waiters are served first in, first out", "[pool][unit]") {
    Fixture f;
    const auto a = f.enqueue(), b = f.enqueue(), c = f.enqueue();
    const Actions first = f.connect();
    REQUIRE(first.grants.size() == 1);
    CHECK(first.grants[0].waiter.sink == a);
    CHECK(f.connect().grants.at(0).waiter.sink == b);
    CHECK(f.take() == nullptr);
    const Actions returned = f.give_back(first.grants[0].slot);
    REQUIRE(returned.grants.size() == 1);
    CHECK(returned.grants[0].waiter.sink == c);
    CHECK(returned.grants[0].slot == first.grants[0].slot);
    CHECK(f.core.stats().acquired == 3);
}

TEST_CASE("nobody overtakes a waiter", "[pool][unit]") {
    Fixture f{{.max_size = 1}};
    const SlotPtr slot = f.leased();
    f.give_back(slot);
    CHECK(f.take() == slot);
    f.enqueue();
    CHECK(f.take() == nullptr);
}

TEST_CASE("a waiter fails at its deadline, one that is withdrawn never", "[pool][unit]") {
    Fixture f{{.max_size = 1}};
    const SlotPtr slot = f.leased();
    Actions actions;
    const auto late = f.enqueue(actions, 100ms);
    CHECK(actions.wake == f.now + 100ms);
    const auto gone = f.enqueue(100ms);
    Waiter taken;
    CHECK(f.core.withdraw(gone.get(), taken));
    CHECK(taken.sink == gone);
    CHECK_FALSE(f.core.withdraw(gone.get(), taken));
    CHECK(f.tick(99ms).failures.empty());
    const Actions due = f.tick(1ms);
    REQUIRE(due.failures.size() == 1);
    CHECK(due.failures[0].waiter.sink == late);
    CHECK(due.failures[0].why == Why::deadline);
    CHECK(f.core.stats().timed_out == 1);
    CHECK_FALSE(f.core.withdraw(late.get(), taken));
}

TEST_CASE("a full queue refuses at once", "[pool][unit]") {
    Fixture f{{.max_size = 1, .max_waiters = 2}};
    f.enqueue();
    f.enqueue();
    Actions actions;
    f.enqueue(actions);
    REQUIRE(actions.failures.size() == 1);
    CHECK(actions.failures[0].why == Why::queue_full);
}

TEST_CASE("failing dials are repeated with pauses, one at a time", "[pool][unit]") {
    Fixture f{{.max_size = 4}};
    for (int i = 0; i < 4; ++i)
        f.enqueue(60s);
    for (int i = 0; i < 3; ++i) {
        Actions failed;
        f.core.on_dial_failed(false, nullptr, f.now, failed);
        CHECK(failed.dials == 0);
        CHECK(failed.failures.empty());
    }
    Actions last;
    f.core.on_dial_failed(false, nullptr, f.now, last);
    CHECK(last.dials == 0);
    int dials = 0;
    for (int i = 0; i < 1000; ++i) {
        Actions due = f.tick(10ms);
        REQUIRE(due.dials <= 1);
        if (due.dials == 1) {
            ++dials;
            Actions again;
            f.core.on_dial_failed(false, nullptr, f.now, again);
            CHECK(again.wake > f.now);
        }
    }
    CHECK(dials >= 7);
    CHECK(dials <= 30);
    SECTION("and all at once when the server is back") {
        while (f.tick(10ms).dials == 0) {
        }
        CHECK(f.connect().dials == 3);
    }
}

TEST_CASE("a failure that waiting does not mend fails all waiters", "[pool][unit]") {
    Fixture f;
    f.enqueue();
    f.enqueue();
    f.enqueue();
    const auto error = std::make_exception_ptr(1);
    Actions actions;
    f.core.on_dial_failed(true, error, f.now, actions);
    CHECK(actions.failures.size() == 3);
    CHECK(f.core.dial_error() == error);
    CHECK(f.core.stats().waiting == 0);
}

TEST_CASE("a broken connection makes room for a waiter", "[pool][unit]") {
    Fixture f{{.max_size = 1}};
    const SlotPtr slot = f.leased();
    f.enqueue();
    const Actions actions = f.give_back(slot, Returned::broken);
    CHECK(actions.closes.size() == 1);
    CHECK(actions.dials == 1);
    CHECK(f.core.stats().discarded == 1);
}

TEST_CASE("a connection in a transaction is cleaned unless somebody takes it first", "[pool][unit]") {
    Fixture f{{.max_size = 1}};
    const SlotPtr slot = f.leased();
    SECTION("a waiter has it with its ROLLBACK") {
        f.enqueue();
        const Actions actions = f.give_back(slot, Returned::unclean);
        CHECK(actions.grants.size() == 1);
        CHECK(actions.cleans.empty());
    }
    SECTION("parked") {
        CHECK(f.give_back(slot, Returned::unclean).cleans.size() == 1);
        SECTION("and taken") {
            CHECK(f.take() == slot);
            Actions actions;
            CHECK_FALSE(f.core.begin_cleaning(slot, f.now, actions));
        }
        SECTION("and cleaned") {
            Actions actions;
            CHECK(f.core.begin_cleaning(slot, f.now, actions));
            CHECK(f.core.stats().cleaning == 1);
            CHECK(f.take() == nullptr);
            f.core.on_cleaned(slot, Returned::clean, f.now, actions);
            CHECK(actions.closes.empty());
            CHECK(f.take() == slot);
        }
        SECTION("and not clean in time") {
            Actions actions;
            CHECK(f.core.begin_cleaning(slot, f.now, actions));
            const Actions due = f.tick(5s);
            CHECK(due.closes.size() == 1);
            CHECK(due.cancels.empty());
            CHECK(f.core.stats().discarded == 1);
        }
    }
}

TEST_CASE("a busy connection is cancelled, again and again, and closed in the end", "[pool][unit]") {
    Fixture f{{.max_size = 1}};
    const SlotPtr slot = f.leased();
    CHECK(f.give_back(slot, Returned::busy).cancels.size() == 1);
    CHECK(f.tick(300ms).cancels.empty()); // the first one is still on its way
    slot->cancelling = false;
    CHECK(f.tick(300ms).cancels.size() == 1);
    SECTION("settled: it goes on") {
        Actions actions;
        f.core.on_cleaned(slot, Returned::unclean, f.now, actions);
        CHECK(actions.cleans.size() == 1);
        CHECK(f.core.stats().cleaning == 1);
    }
    SECTION("never settled") {
        CHECK(f.tick(5s).closes.size() == 1);
        CHECK(f.core.size() == 0);
    }
}

TEST_CASE("idle and old connections are closed, min_size is kept", "[pool][unit]") {
    Fixture f{{.min_size = 1, .max_size = 3, .max_lifetime = 10min, .idle_timeout = 1min}};
    Actions started;
    f.core.start(f.now, started);
    CHECK(started.dials == 1);
    f.connect();
    f.enqueue();
    f.enqueue();
    const SlotPtr second = f.connect().grants.empty() ? f.take() : nullptr;
    f.give_back(f.core.slots().front());
    for (const SlotPtr& slot : std::vector<SlotPtr>(f.core.slots()))
        f.give_back(slot);
    REQUIRE(f.core.stats().idle == 2);
    CHECK(f.tick(53s).closes.empty());
    CHECK(f.tick(7s).closes.size() == 1); // spread by a tenth
    CHECK(f.core.stats().idle == 1);
    const Actions old = f.tick(10min);
    CHECK(old.closes.size() == 1);
    CHECK(old.dials == 1);
    CHECK(f.core.stats().discarded == 0);
}

TEST_CASE("lifetimes are spread", "[pool][unit]") {
    Fixture f{{.max_size = 50, .max_lifetime = 100s, .idle_timeout = no_deadline}};
    for (int i = 0; i < 50; ++i)
        f.enqueue();
    std::vector<SlotPtr> slots;
    for (int i = 0; i < 50; ++i)
        slots.push_back(f.connect().grants.at(0).slot);
    for (const SlotPtr& slot : slots)
        f.give_back(slot);
    const std::size_t early = f.tick(95s).closes.size();
    CHECK(early > 5);
    CHECK(early < 45);
    CHECK(f.tick(5s).closes.size() == 50 - early);
}

TEST_CASE("a lease that is held for long is reported once", "[pool][unit]") {
    Fixture f;
    const SlotPtr slot = f.leased();
    CHECK(f.tick(59s).leaks.empty());
    CHECK(f.tick(1s).leaks.size() == 1);
    CHECK(f.tick(60s).leaks.empty());
}

TEST_CASE("shutting down", "[pool][unit]") {
    Fixture f{{.max_size = 2}};
    const SlotPtr held = f.leased();
    const SlotPtr idle = f.leased();
    f.give_back(idle);
    const auto waiting = [&] {
        Actions actions;
        f.core.shut_down(f.now, actions);
        return actions;
    };
    Actions queued;
    const Actions actions = waiting();
    CHECK(actions.closes.size() == 1);
    CHECK_FALSE(f.core.is_empty());
    f.enqueue(queued);
    REQUIRE(queued.failures.size() == 1);
    CHECK(queued.failures[0].why == Why::shut_down);
    CHECK(f.take() == nullptr);
    CHECK(f.give_back(held).closes.size() == 1);
    CHECK(f.core.is_empty());
}

// Any order of events: nothing is counted twice, nothing is lost, the limits hold.
TEST_CASE("the books balance whatever happens", "[pool][unit]") {
    std::mt19937 random{7};
    Fixture f{{.min_size = 1,
               .max_size = 4,
               .max_waiters = 8,
               .max_lifetime = 2s,
               .idle_timeout = 500ms,
               .reset_timeout = 300ms}};
    std::vector<SlotPtr> held;
    std::vector<std::shared_ptr<LeaseSink>> sinks;
    std::size_t dials = 0, waiting = 0;
    const auto apply = [&](Actions actions) {
        dials += actions.dials;
        waiting -= actions.grants.size();
        for (auto& each : actions.grants)
            held.push_back(each.slot);
        for (auto& each : actions.failures)
            waiting -= each.why == Why::deadline || each.why == Why::dial ? 1 : 0;
    };
    Actions start;
    f.core.start(f.now, start);
    apply(std::move(start));
    for (int step = 0; step < 50'000; ++step) {
        Actions actions;
        switch (random() % 8) {
        case 0:
        case 1: {
            const std::size_t before = f.core.stats().waiting;
            auto sink = std::make_shared<NoSink>();
            f.core.enqueue({sink, f.now + Duration{random() % 400}, {}, nullptr, {}}, f.now, actions);
            const bool refused = !actions.failures.empty() && actions.failures[0].why == Why::queue_full;
            REQUIRE(refused == (before == 8));
            waiting += refused ? 0 : 1;
            sinks.push_back(sink);
            break;
        }
        case 2:
            if (!sinks.empty()) {
                Waiter taken;
                waiting -= f.core.withdraw(sinks[random() % sinks.size()].get(), taken) ? 1 : 0;
            }
            break;
        case 3:
            if (dials > 0) {
                --dials;
                if (random() % 3 == 0)
                    f.core.on_dial_failed(random() % 5 == 0, nullptr, f.now, actions);
                else
                    f.core.on_dialed(std::make_shared<Slot>(), f.now, actions);
            }
            break;
        case 4:
        case 5:
            if (!held.empty()) {
                const SlotPtr slot = held.back();
                held.pop_back();
                f.core.on_return(slot, static_cast<Returned>(random() % 4), f.now, actions);
            }
            break;
        case 6:
            for (const SlotPtr& slot : std::vector<SlotPtr>(f.core.slots())) {
                if (slot->state == Slot::State::cleaning && random() % 2 == 0)
                    f.core.on_cleaned(slot, random() % 4 == 0 ? Returned::broken : Returned::clean, f.now, actions);
                else if (slot->unclean && random() % 2 == 0)
                    static_cast<void>(f.core.begin_cleaning(slot, f.now, actions));
            }
            break;
        case 7:
            f.now += Duration{random() % 100};
            f.core.tick(f.now, actions);
            break;
        }
        apply(std::move(actions));
        if (SlotPtr slot = random() % 4 == 0 ? f.take() : nullptr)
            held.push_back(slot);
        const PoolStats stats = f.core.stats();
        REQUIRE(stats.idle + stats.leased + stats.cleaning + stats.dialing == f.core.size());
        REQUIRE(f.core.size() <= 4);
        REQUIRE(stats.leased == held.size());
        REQUIRE(stats.dialing == dials);
        REQUIRE(stats.waiting == waiting);
        REQUIRE((waiting == 0 || stats.idle == 0));
    }
}
