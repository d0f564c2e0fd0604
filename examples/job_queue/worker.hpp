// A process that does the jobs of the queue.
#pragma once

#include "queue.hpp"

#include <corm/corm.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace job_queue {

/// Does a job, outside of any transaction and for as long as it takes, and returns what belongs into the one that marks
/// it as done. Whatever it throws makes the attempt fail. A terminal cancellation ends it: the lease is lost, or the
/// process has no time left.
using Handler = std::function<corm::Task<Conclusion>(const Job&)>;
using Handlers = std::map<std::string, Handler>; ///< by the kind of job

struct WorkerOptions {
    std::size_t at_once = 10; ///< jobs
    /// When to look for jobs although nothing was heard and nothing is due: for notifications that nobody has sent.
    corm::Duration poll{60'000};
    corm::Duration grace{30'000}; ///< for jobs that are under way when the worker is to stop
    bool drain = false;           ///< stop when the queue has nothing left to do
};

/// Wakes the one task that waits.
class Alarm {
public:
    explicit Alarm(const boost::asio::any_io_executor& executor) : timer_(executor) {}

    void ring();
    /// Until it rings, has rung since the last wait, or the time has come.
    corm::Task<> wait_until(corm::TimePoint time);

private:
    boost::asio::steady_timer timer_;
    bool rung_ = false;
};

struct Tally {
    std::int64_t done = 0;
    std::int64_t again = 0; ///< failed, and put back for later
    std::int64_t dead = 0;
    std::int64_t lost = 0; ///< to another worker, because the lease had run out
    std::int64_t given_back = 0;
};

/// Takes jobs and does them, several at once. All on one thread, that of `executor`.
class Worker {
public:
    Worker(boost::asio::any_io_executor executor, corm::Engine& engine, Terms terms, Handlers handlers,
           WorkerOptions options);

    /// Works until `stop`, or until the queue is empty if it is to drain it. A lost connection, a server that is
    /// started again and a deadline that passes are waited out. Any other error that keeps it from taking jobs is
    /// thrown in the end, when the jobs under way have ended. Must not be cancelled.
    corm::Task<> run();

    /// Takes no further jobs and lets those under way end, for as long as the grace lasts. The rest is cancelled and
    /// put back into the queue, for others.
    void stop();

    [[nodiscard]] const Tally& tally() const noexcept { return tally_; }

private:
    struct InHand {
        explicit InHand(corm::Ref<Job> taken) : job(std::move(taken)) {}

        corm::Ref<Job> job;
        boost::asio::cancellation_signal signal;
        bool concluding = false; ///< the handler is at its end
        bool lost = false;       ///< cancelled, because somebody else has it
        bool ended = false;
    };

    /// Returns when to look again if nothing rings.
    corm::Task<corm::TimePoint> take_jobs();
    void start(const corm::Ref<Job>& job);
    corm::Task<> carry_out(InHand& mine);
    /// Takes the step until the database has answered: that it could not is no reason to do a job again.
    template <class Step>
    auto insist(Step step) -> decltype(step());
    void count_lost(const corm::Ref<Job>& job);

    corm::Task<> listen(const corm::Subscription& news);
    corm::Task<> keep_leases();
    void start_service(corm::Task<> service);

    corm::Task<> wind_up();
    corm::Task<> give_back();
    void forget_ended();

    boost::asio::any_io_executor executor_;
    corm::Engine& engine_;
    Desk desk_;
    Handlers handlers_;
    WorkerOptions options_;
    Alarm alarm_; ///< of `run`: there may be jobs, or room for them, or it is time to stop
    std::list<InHand> in_hand_;
    std::vector<corm::Ref<Job>> cut_off_; ///< to be given back
    std::list<boost::asio::cancellation_signal> services_;
    std::size_t services_running_ = 0;
    bool stopping_ = false;
    bool cutting_off_ = false;
    std::exception_ptr failure_;
    Tally tally_;
};

} // namespace job_queue
