// Does to the server what the chaos asks for.
#pragma once

#include "admin.hpp"
#include "findings.hpp"
#include "monitor.hpp"
#include "options.hpp"

#include <corm/dev/postgres_server.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace corm::soak {

/// Application name of the connections under test.
inline constexpr const char* application = "corm soak";

/// Acts on a thread of its own, while it is let loose. The time in which it is held back does not count.
class Saboteur {
public:
    Saboteur(dev::PostgresServer& server, Monitor& monitor, Findings& log, const Options& options);
    ~Saboteur();
    Saboteur(const Saboteur&) = delete;
    Saboteur& operator=(const Saboteur&) = delete;

    /// Kills a random session of the tests again and again from now on; zero: no more.
    void kill_every(std::chrono::microseconds interval);
    /// Restarts, crashes, refused connections and changed tables, spread over so much time.
    void plan(std::chrono::duration<double> time);
    void let_loose();
    /// Returns when nothing is under way any more.
    void hold_back();
    /// A cancel request meets somebody, soon. Any thread.
    void cancel_somebody();

    [[nodiscard]] std::uint64_t kills() const noexcept { return kills_; }
    [[nodiscard]] std::uint64_t restarts() const noexcept { return restarts_; }

private:
    struct Act {
        std::chrono::duration<double> at;
        const char* name;
        std::function<void()> act;
    };
    void run();
    void kill_one();
    void restart(dev::StopMode mode);
    void limit_connections(int limit);
    void alter(int turn);

    dev::PostgresServer& server_;
    Monitor& monitor_;
    Findings& log_;
    const Options& options_;
    Admin admin_;
    std::atomic<std::uint64_t> kills_{0};
    std::atomic<std::uint64_t> restarts_{0};

    std::mutex mutex_; // guards what follows
    std::condition_variable changed_;
    bool loose_ = false;
    bool acting_ = false;
    bool over_ = false;
    int cancels_ = 0;
    std::chrono::microseconds kill_interval_{0};
    std::vector<Act> acts_; ///< what is still to come, the next one last
    std::chrono::duration<double> outage_{1};
    std::chrono::steady_clock::duration loose_time_{0}; ///< so far
    std::chrono::steady_clock::time_point loose_since_{}, last_kill_{};
    std::thread thread_;
};

} // namespace corm::soak
