#include "core_fixture.hpp"

#include <random>

using namespace corm;
using namespace corm::test;

// Any order of events: nothing is counted twice, nothing is lost, the limits hold.
TEST_CASE("F27: the books balance whatever happens", "[pool][unit][F27]") {
    std::mt19937 random{7};
    Fixture f{{.min_size = 1,
               .max_size = 4,
               .max_waiters = 8,
               .max_lifetime = 2s,
               .idle_timeout = 500ms,
               .ping_after = 200ms,
               .ping_timeout = 100ms,
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
        switch (random() % 9) {
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
                f.core.on_return(slot, static_cast<Returned>(random() % 5), f.now, actions);
            }
            break;
        case 6:
            for (const SlotPtr& slot : std::vector<SlotPtr>(f.core.slots())) {
                if (slot->state == Slot::State::cleaning && random() % 2 == 0)
                    f.core.on_cleaned(slot, static_cast<Returned>(random() % 5), f.now, actions);
                else if (slot->unclean && random() % 2 == 0)
                    static_cast<void>(f.core.begin_cleaning(slot, f.now, actions));
            }
            break;
        case 7:
            if (random() % 10 == 0)
                f.core.on_lost(random() % 2 == 0 ? sqlstate::admin_shutdown : sqlstate::crash_shutdown, f.now, actions);
            break;
        case 8:
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
        REQUIRE((waiting == 0 || stats.idle == 0 || stats.cleaning != 0));
    }
}
