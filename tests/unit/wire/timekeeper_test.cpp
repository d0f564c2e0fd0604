#include "wire/canceller.hpp"
#include "wire/timekeeper.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>

using namespace corm;
using wire::Timekeeper;
using namespace std::chrono_literals;

TEST_CASE("a tick comes when its time has come, and not before", "[wire][unit]") {
    std::promise<TimePoint> ticked;
    const TimePoint due = Clock::now() + 20ms;
    Timekeeper keeper{[&](TimePoint now) {
        ticked.set_value(now);
        return TimePoint::max();
    }};
    keeper.wake_by(due + 1h);
    keeper.wake_by(due);
    CHECK(ticked.get_future().get() >= due);
}

TEST_CASE("a tick names the next one", "[wire][unit]") {
    std::promise<void> third;
    int ticks = 0;
    Timekeeper keeper{[&](TimePoint now) {
        if (++ticks == 3)
            third.set_value();
        return ticks < 3 ? now + 1ms : TimePoint::max();
    }};
    keeper.wake_by(Clock::now());
    third.get_future().get();
    keeper.stop();
    CHECK(ticks == 3);
}

TEST_CASE("no deadline is lost that is set while a tick runs", "[wire][unit]") {
    std::atomic<TimePoint::rep> deadline{TimePoint::max().time_since_epoch().count()};
    std::atomic<int> met{0};
    Timekeeper keeper{[&](TimePoint now) {
        const TimePoint due{TimePoint::duration{deadline.load()}};
        if (due > now)
            return due;
        deadline = TimePoint::max().time_since_epoch().count();
        ++met;
        met.notify_all();
        return TimePoint::max();
    }};
    constexpr int rounds = 2'000;
    for (int i = 0; i < rounds; ++i) {
        const TimePoint due = Clock::now();
        deadline = due.time_since_epoch().count();
        keeper.wake_by(due);
        met.wait(i);
    }
    CHECK(met == rounds);
}

TEST_CASE("the owner may stop and die inside its tick", "[wire][unit]") {
    struct Owner {
        std::promise<void> done;
        std::unique_ptr<Timekeeper> keeper;
    };
    auto owner = std::make_shared<Owner>();
    std::future<void> done = owner->done.get_future();
    owner->keeper = std::make_unique<Timekeeper>([weak = std::weak_ptr(owner)](TimePoint) {
        if (const auto strong = weak.lock()) {
            strong->keeper.reset();
            strong->done.set_value();
        }
        return TimePoint::max();
    });
    owner->keeper->wake_by(Clock::now());
    done.get();
    CHECK_FALSE(owner->keeper);
}

TEST_CASE("cancel requests leave, and none after stop", "[wire][unit]") {
    struct Handle final : wire::CancelHandle {
        explicit Handle(std::atomic<int>& count) : sent(count) {}
        bool send() noexcept override {
            ++sent;
            return true;
        }
        std::atomic<int>& sent;
    };
    std::atomic<int> sent{0};
    wire::Canceller canceller;
    std::promise<void> first, second; // which of them is through first is open
    canceller.submit(std::make_unique<Handle>(sent), [&] { first.set_value(); });
    canceller.submit(std::make_unique<Handle>(sent), [&] { second.set_value(); });
    first.get_future().get();
    second.get_future().get();
    CHECK(sent == 2);
    canceller.stop();
    bool told = false;
    canceller.submit(std::make_unique<Handle>(sent), [&] { told = true; });
    CHECK(sent == 2);
    CHECK(told);
}
