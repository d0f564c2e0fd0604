#include "core_fixture.hpp"

using namespace corm;
using namespace corm::test;

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

TEST_CASE("F16: waiters are served first in, first out", "[pool][unit][F16]") {
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

TEST_CASE("F16: a waiter fails at its deadline, one that is withdrawn never", "[pool][unit][F16]") {
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

TEST_CASE("F18: a full queue refuses at once", "[pool][unit][F18]") {
    Fixture f{{.max_size = 1, .max_waiters = 2}};
    f.enqueue();
    f.enqueue();
    Actions actions;
    f.enqueue(actions);
    REQUIRE(actions.failures.size() == 1);
    CHECK(actions.failures[0].why == Why::queue_full);
}

TEST_CASE("F26: failing dials are repeated with pauses, one at a time", "[pool][unit][F26]") {
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

TEST_CASE("F27: idle and old connections are closed, min_size is kept", "[pool][unit][F27]") {
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

TEST_CASE("F27: lifetimes are spread", "[pool][unit][F27]") {
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

TEST_CASE("F24: shutting down", "[pool][unit][F24]") {
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
