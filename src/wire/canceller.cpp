#include "wire/canceller.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace corm::wire {

struct Canceller::State {
    struct Job {
        std::unique_ptr<CancelHandle> handle;
        std::function<void()> done;
    };

    void run() {
        std::unique_lock lock(mutex);
        for (;;) {
            ++idle;
            wake.wait(lock, [this] { return stopped || !jobs.empty(); });
            --idle;
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
        ++ended;
        wake.notify_all();
    }

    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Job> jobs;
    bool stopped = false;
    std::size_t idle = 0;
    std::size_t ended = 0;
    std::vector<std::thread> threads;
};

Canceller::Canceller() : state_(std::make_shared<State>()) {}

Canceller::~Canceller() {
    stop();
}

void Canceller::submit(std::unique_ptr<CancelHandle> handle, std::function<void()> done) {
    std::unique_lock lock(state_->mutex);
    if (state_->stopped) {
        lock.unlock();
        done();
        return;
    }
    state_->jobs.push_back({std::move(handle), std::move(done)});
    // One that was started a moment ago counts as busy; at worst one more starts.
    if (state_->idle < state_->jobs.size() && state_->threads.size() < max_threads)
        state_->threads.emplace_back([state = state_] { state->run(); });
    state_->wake.notify_one();
}

void Canceller::stop() noexcept {
    constexpr std::chrono::milliseconds patience{500};
    std::deque<State::Job> dropped;
    std::vector<std::thread> threads;
    bool all_ended = false;
    {
        std::unique_lock lock(state_->mutex);
        state_->stopped = true;
        dropped.swap(state_->jobs);
        threads.swap(state_->threads);
        state_->wake.notify_all();
        // Called from one of them, it does not wait for itself.
        const auto self = std::this_thread::get_id();
        const bool own = std::any_of(threads.begin(), threads.end(), [&](auto& each) { return each.get_id() == self; });
        all_ended = threads.empty() ||
                    (!own && state_->wake.wait_for(lock, patience, [&] { return state_->ended == threads.size(); }));
    }
    for (const State::Job& job : dropped)
        job.done();
    for (std::thread& thread : threads) {
        if (all_ended)
            thread.join();
        else
            thread.detach();
    }
}

} // namespace corm::wire
