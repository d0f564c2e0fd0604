#include "core_fixture.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace corm;
using namespace corm::test;

// Connections that may be dead are asked, or replaced, before somebody gets them.
namespace {

/// `count` idle connections that have not been used since.
std::vector<SlotPtr> idle_connections(Fixture& f, int count) {
    for (int i = 0; i < count; ++i)
        f.enqueue();
    std::vector<SlotPtr> slots;
    for (int i = 0; i < count; ++i)
        slots.push_back(f.connect().grants.at(0).slot);
    for (const SlotPtr& slot : slots)
        f.give_back(slot);
    return slots;
}

Actions answer(Fixture& f, const SlotPtr& slot, Returned how = Returned::clean) {
    Actions actions;
    f.core.on_cleaned(slot, how, f.now, actions);
    return actions;
}

} // namespace

TEST_CASE("F20: what was idle for long is asked while somebody waits", "[pool][unit][F20]") {
    Fixture f{{.max_size = 4, .ping_after = 30s, .ping_timeout = 1s}};
    const std::vector<SlotPtr> slots = idle_connections(f, 4);
    f.tick(29s);
    const SlotPtr fresh = f.take();
    REQUIRE(fresh == slots.back());
    f.give_back(fresh); // in use a moment ago
    f.tick(2s);
    CHECK(f.take() == fresh);
    CHECK(f.take() == nullptr); // the others have to be asked
    CHECK(f.core.stats().cleaning == 0);
    Actions actions;
    const auto waiter = f.enqueue(actions, 10s);
    REQUIRE(actions.sends.size() == 1); // one for one
    CHECK(actions.dials == 0);
    CHECK(actions.wake == f.now + 1s);
    CHECK(f.core.stats().cleaning == 1);
    const SlotPtr asked = actions.sends[0];
    SECTION("and given out when it answers") {
        const Actions answered = answer(f, asked);
        REQUIRE(answered.grants.size() == 1);
        CHECK(answered.grants[0].slot == asked);
        CHECK(answered.grants[0].waiter.sink == waiter);
        CHECK(f.core.stats().idle == 2);
    }
    SECTION("and all like it are replaced when it does not") {
        const Actions silent = f.tick(1s);
        CHECK(silent.closes.size() == 3);
        CHECK(silent.dials == 1);
        CHECK(f.core.stats().discarded == 3);
        CHECK(f.connect().grants.at(0).waiter.sink == waiter);
    }
    SECTION("or when it turns out to be broken") {
        const Actions broken = answer(f, asked, Returned::broken);
        CHECK(broken.closes.size() == 3);
        CHECK(broken.dials == 1);
    }
    SECTION("and stays when the waiter has gone meanwhile") {
        Waiter taken;
        REQUIRE(f.core.withdraw(waiter.get(), taken));
        CHECK(answer(f, asked).grants.empty());
        CHECK(f.core.stats().idle == 3);
        CHECK(f.take() == asked);
    }
}

TEST_CASE("F20: an answer is awaited for half of the waiter's time at most", "[pool][unit][F20]") {
    Fixture f{{.max_size = 1, .ping_after = 30s, .ping_timeout = 1s}};
    idle_connections(f, 1);
    f.tick(30s);
    Actions actions;
    f.enqueue(actions, 200ms);
    CHECK(actions.sends.size() == 1);
    CHECK(actions.wake == f.now + 100ms);
    CHECK(f.tick(99ms).closes.empty());
    const Actions silent = f.tick(1ms);
    CHECK(silent.closes.size() == 1);
    CHECK(silent.dials == 1);
    CHECK(f.connect().grants.size() == 1);
}

TEST_CASE("F29: a crash of the server replaces what was connected before", "[pool][unit][F29]") {
    Fixture f{{.max_size = 4}};
    const std::vector<SlotPtr> slots = idle_connections(f, 3);
    const SlotPtr held = f.take();
    f.now += 1s;
    Actions actions;
    f.core.on_lost(sqlstate::crash_shutdown, f.now, actions);
    CHECK(actions.closes.size() == 2);
    CHECK(f.core.stats().idle == 0);
    SECTION("those in use when they come back") {
        CHECK(f.give_back(held).closes.size() == 1);
    }
    SECTION("newer ones stay") {
        f.enqueue();
        const SlotPtr newer = f.connect().grants.at(0).slot;
        CHECK(f.give_back(newer).closes.empty());
        CHECK(f.take() == newer);
    }
    SECTION("and there is one dial at a time until one succeeds") {
        Actions first, second;
        f.enqueue(first);
        f.enqueue(second);
        CHECK(first.dials == 1);
        CHECK(second.dials == 0);
        CHECK(f.connect().dials == 1);
    }
}

TEST_CASE("F30: a session that an administrator ended makes the pool ask the others", "[pool][unit][F30]") {
    Fixture f{{.max_size = 3}};
    idle_connections(f, 2);
    f.now += 1s;
    Actions actions;
    f.core.on_lost(sqlstate::admin_shutdown, f.now, actions);
    CHECK(actions.closes.empty());
    CHECK(f.take() == nullptr);
    Actions asked;
    f.enqueue(asked);
    REQUIRE(asked.sends.size() == 1);
    CHECK(answer(f, asked.sends[0]).grants.size() == 1);
    SECTION("other codes say nothing about them") {
        Actions other;
        f.core.on_lost(sqlstate::idle_in_transaction_timeout, f.now, other);
        f.core.on_lost({}, f.now, other);
        CHECK(f.core.stats().idle == 1);
    }
}

TEST_CASE("F22: a connection that must be reset is not given out before", "[pool][unit][F22]") {
    Fixture f{{.max_size = 1}};
    const SlotPtr slot = f.leased();
    f.enqueue();
    const Actions returned = f.give_back(slot, Returned::must_reset);
    CHECK(returned.grants.empty());
    REQUIRE(returned.sends.size() == 1);
    CHECK(slot->to_prepare);
    SECTION("reset") {
        CHECK(answer(f, slot).grants.size() == 1);
    }
    SECTION("not reset in time") {
        const Actions due = f.tick(5s);
        CHECK(due.closes.size() == 1);
        CHECK(due.cancels.empty());
    }
}

TEST_CASE("F40: a connection with a cancel on its way is not reset before that has returned", "[pool][unit][F40]") {
    Fixture f{{.max_size = 1}};
    const SlotPtr slot = f.leased();
    slot->cancelling = true; // a commit that met its deadline
    f.enqueue();
    const Returned how = GENERATE(Returned::clean, Returned::unclean, Returned::must_reset);
    const Actions returned = f.give_back(slot, how);
    CHECK(returned.sends.empty());
    CHECK(returned.cleans.empty());
    CHECK(returned.grants.empty());
    CHECK(f.core.stats().cleaning == 1);
    const Actions after = answer(f, slot, how);
    CHECK(after.sends.size() == (how == Returned::must_reset ? 1 : 0));
    CHECK(after.grants.size() == (how == Returned::must_reset ? 0 : 1));
}
