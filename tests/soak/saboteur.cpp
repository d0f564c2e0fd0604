#include "saboteur.hpp"

#include <algorithm>

namespace corm::soak {
using namespace std::chrono_literals;
using dev::StopMode;

Saboteur::Saboteur(dev::PostgresServer& server, Monitor& monitor, Findings& log, const Options& options)
    : server_(server), monitor_(monitor), log_(log), options_(options), admin_(server.url()) {
    admin_.ask("SELECT 1"); // no file is opened later
    thread_ = std::thread([this] { run(); });
}

Saboteur::~Saboteur() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Saboteur::kill_every(std::chrono::microseconds interval) {
    const std::lock_guard lock(mutex_);
    kill_interval_ = interval;
    changed_.notify_all();
}

void Saboteur::plan(std::chrono::duration<double> time) {
    const std::lock_guard lock(mutex_);
    outage_ = std::min<std::chrono::duration<double>>(1s, time / 10);
    const int few = static_cast<int>(options_.connections / 2);
    acts_ = {
        {0.25 * time, "restart, fast", [this] { restart(StopMode::fast); }},
        {0.40 * time, "half of the connections are refused", [this, few] { limit_connections(few); }},
        {0.55 * time, "connections are accepted", [this] { limit_connections(-1); }},
        {0.70 * time, "crash", [this] { restart(StopMode::immediate); }},
    };
    for (int turn = 0; turn < 8; ++turn)
        acts_.push_back({(0.05 + 0.11 * turn) * time, "change tables", [this, turn] { alter(turn); }});
    std::sort(acts_.begin(), acts_.end(), [](const Act& one, const Act& other) { return one.at > other.at; });
}

void Saboteur::let_loose() {
    const std::lock_guard lock(mutex_);
    loose_ = true;
    loose_since_ = last_kill_ = Clock::now();
    changed_.notify_all();
}

void Saboteur::hold_back() {
    std::unique_lock lock(mutex_);
    if (loose_)
        loose_time_ += Clock::now() - loose_since_;
    loose_ = false;
    changed_.wait(lock, [this] { return !acting_; });
    cancels_ = 0;
}

void Saboteur::cancel_somebody() {
    const std::lock_guard lock(mutex_);
    ++cancels_;
    changed_.notify_all();
}

void Saboteur::run() {
    std::unique_lock lock(mutex_);
    while (!over_) {
        if (!loose_) {
            changed_.wait(lock);
            continue;
        }
        std::function<void()> next;
        if (cancels_ > 0) {
            --cancels_;
            next = [this] {
                admin_.try_ask("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = '" +
                               std::string{application} + "' AND state = 'active' ORDER BY random() LIMIT 1");
            };
        } else if (!acts_.empty() && loose_time_ + (Clock::now() - loose_since_) >= acts_.back().at) {
            log_.note(std::string{"chaos: "} + acts_.back().name);
            next = std::move(acts_.back().act);
            acts_.pop_back();
        } else if (kill_interval_ > 0us && Clock::now() >= last_kill_ + kill_interval_) {
            last_kill_ = Clock::now();
            next = [this] { kill_one(); };
        } else {
            changed_.wait_for(lock,
                              std::min<std::chrono::microseconds>(kill_interval_ > 0us ? kill_interval_ : 10ms, 10ms));
            continue;
        }
        acting_ = true;
        lock.unlock();
        next();
        lock.lock();
        acting_ = false;
        changed_.notify_all();
    }
}

void Saboteur::kill_one() {
    const auto killed = admin_.try_ask(
        "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE application_name = '" +
        std::string{application} + "' ORDER BY random() LIMIT 1) victim");
    if (killed == "t")
        ++kills_;
}

void Saboteur::restart(StopMode mode) {
    server_.stop(mode);
    ++restarts_;
    monitor_.server_is_down();
    std::this_thread::sleep_for(outage_);
    server_.start();
    monitor_.server_is_up();
}

void Saboteur::limit_connections(int limit) {
    admin_.try_ask("ALTER ROLE corm_soak CONNECTION LIMIT " + std::to_string(limit));
    // The limit is for new ones.
    for (unsigned i = 0; limit >= 0 && i < options_.connections; ++i)
        kill_one();
}

void Saboteur::alter(int turn) {
    const bool there = turn % 2 == 1;
    // Behind the tasks' locks, but not for long, since everybody waits behind it.
    admin_.try_ask("SET lock_timeout = '200ms'");
    admin_.try_ask(there ? "ALTER TABLE accounts DROP COLUMN IF EXISTS extra"
                         : "ALTER TABLE accounts ADD COLUMN IF NOT EXISTS extra text DEFAULT 'x'");
    admin_.try_ask(std::string{"ALTER TABLE readings ALTER COLUMN value TYPE "} + (there ? "text" : "varchar"));
}

} // namespace corm::soak
