#include "wire/timekeeper.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace corm::wire {

// Shared with the thread, which may outlive the object when the object is destroyed by a tick.
struct Timekeeper::State {
    explicit State(Tick function) : tick(std::move(function)) {}

    void run() {
        std::unique_lock lock(mutex);
        while (!stopped) {
            const TimePoint due{TimePoint::duration{next.load()}};
            if (due == TimePoint::max()) {
                wake.wait(lock);
            } else if (const TimePoint now = Clock::now(); now < due) {
                wake.wait_until(lock, due);
            } else {
                // Open first, look then: a deadline set from here on either is seen by the tick, or wakes us again.
                next = TimePoint::max().time_since_epoch().count();
                lock.unlock();
                const TimePoint::rep later = tick(now).time_since_epoch().count();
                lock.lock();
                if (later < next.load())
                    next = later;
            }
        }
    }

    Tick tick;
    std::atomic<TimePoint::rep> next{TimePoint::max().time_since_epoch().count()};
    std::mutex mutex;
    std::condition_variable wake;
    bool stopped = false;
    std::thread thread;
};

Timekeeper::Timekeeper(Tick tick) : state_(std::make_shared<State>(std::move(tick))) {}

Timekeeper::~Timekeeper() {
    stop();
}

void Timekeeper::wake_by(TimePoint when) noexcept {
    const TimePoint::rep due = when.time_since_epoch().count();
    if (due >= state_->next.load())
        return;
    const std::lock_guard lock(state_->mutex);
    if (due >= state_->next.load() || state_->stopped)
        return;
    state_->next = due;
    if (!state_->thread.joinable())
        state_->thread = std::thread([state = state_] { state->run(); });
    state_->wake.notify_one();
}

void Timekeeper::stop() noexcept {
    std::thread thread;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopped = true;
        thread.swap(state_->thread);
        state_->wake.notify_one();
    }
    if (!thread.joinable())
        return;
    if (thread.get_id() == std::this_thread::get_id())
        thread.detach();
    else
        thread.join();
}

} // namespace corm::wire
