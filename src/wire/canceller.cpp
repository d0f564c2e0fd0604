#include "wire/canceller.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace corm::wire {

struct Canceller::State {
    struct Job {
        std::unique_ptr<CancelHandle> handle;
        std::function<void()> done;
    };

    void run() {
        std::unique_lock lock(mutex);
        for (;;) {
            wake.wait(lock, [this] { return stopped || !jobs.empty(); });
            if (stopped)
                break;
            Job job = std::move(jobs.front());
            jobs.pop_front();
            lock.unlock();
            job.handle->send();
            lock.lock();
            const bool report = !stopped;
            lock.unlock();
            if (report)
                job.done();
            job = {};
            lock.lock();
        }
        ended = true;
        wake.notify_all();
    }

    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Job> jobs;
    bool stopped = false;
    bool ended = false;
    std::thread thread;
};

Canceller::Canceller() : state_(std::make_shared<State>()) {}

Canceller::~Canceller() {
    stop();
}

void Canceller::submit(std::unique_ptr<CancelHandle> handle, std::function<void()> done) {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopped)
        return;
    state_->jobs.push_back({std::move(handle), std::move(done)});
    if (!state_->thread.joinable())
        state_->thread = std::thread([state = state_] { state->run(); });
    state_->wake.notify_one();
}

void Canceller::stop() noexcept {
    constexpr std::chrono::milliseconds patience{500};
    std::deque<State::Job> dropped;
    std::thread thread;
    bool join = false;
    {
        std::unique_lock lock(state_->mutex);
        state_->stopped = true;
        dropped.swap(state_->jobs);
        thread.swap(state_->thread);
        state_->wake.notify_all();
        if (thread.joinable() && thread.get_id() != std::this_thread::get_id())
            join = state_->wake.wait_for(lock, patience, [this] { return state_->ended; });
    }
    if (join)
        thread.join();
    else if (thread.joinable())
        thread.detach();
}

} // namespace corm::wire
