#include "worker.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <utility>

namespace job_queue {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

/// Before the database is asked again.
constexpr corm::Duration pause_after_outage = 1s;
/// A job that is due and cannot be had is one that somebody else is taking, or bringing to its end.
constexpr corm::Duration shortest_pause = 50ms;

/// What keeps the database from answering, but for an error in the request; empty if it is something else. An unknown
/// outcome is among it, because the operations of the desk may be repeated.
std::optional<std::string> outage(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const corm::ConnectionError& lost) {
        return lost.what();
    } catch (const corm::TimeoutError& late) {
        return late.what();
    } catch (const corm::QueueFullError& full) {
        return full.what();
    } catch (const corm::CommitOutcomeUnknown& unknown) {
        return unknown.what();
    } catch (...) {
        return std::nullopt;
    }
}

void say(const corm::Ref<Job>& job, const std::string& what) {
    std::cout << "job " << job->id << ' ' << what << std::endl;
}

} // namespace

void Alarm::ring() {
    rung_ = true;
    timer_.cancel();
}

corm::Task<> Alarm::wait_until(corm::TimePoint time) {
    if (!rung_) {
        timer_.expires_at(time);
        co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    rung_ = false;
}

Worker::Worker(asio::any_io_executor executor, corm::Engine& engine, Terms terms, Handlers handlers,
               WorkerOptions options)
    : executor_(std::move(executor)), engine_(engine), desk_(engine, std::move(terms)), handlers_(std::move(handlers)),
      options_(options), alarm_(executor_) {}

corm::Task<> Worker::run() {
    // Listens before it looks for the first time: a job that is added from here on is either seen or heard of.
    const corm::Subscription news = co_await engine_.listen(channel);
    start_service(listen(news));
    start_service(keep_leases());
    std::cout << desk_.terms().worker << " is waiting for jobs" << std::endl;
    while (!stopping_) {
        const corm::TimePoint next = co_await take_jobs();
        co_await alarm_.wait_until(next);
    }
    co_await wind_up();
    if (failure_)
        std::rethrow_exception(failure_);
}

void Worker::stop() {
    stopping_ = true;
    alarm_.ring();
}

corm::Task<corm::TimePoint> Worker::take_jobs() {
    forget_ended();
    if (in_hand_.size() == options_.at_once)
        co_return corm::TimePoint::max(); // the end of a job rings
    try {
        const Claim claim = co_await desk_.claim(static_cast<std::int64_t>(options_.at_once - in_hand_.size()));
        tally_.dead += claim.buried;
        if (stopping_)
            cut_off_ = claim.jobs;
        else
            std::ranges::for_each(claim.jobs, [this](const corm::Ref<Job>& job) { start(job); });
        if (!claim.jobs.empty() || claim.buried > 0)
            co_return corm::Clock::now(); // there may be more
        if (claim.next)
            co_return corm::deadline_in(
                std::clamp(*claim.next, std::min(shortest_pause, options_.poll), options_.poll));
        if (options_.drain)
            stop();
    } catch (...) {
        if (const std::optional<std::string> why = outage(std::current_exception())) {
            std::cout << "cannot take jobs: " << *why << std::endl;
            co_return corm::deadline_in(pause_after_outage);
        }
        failure_ = std::current_exception();
        stop();
    }
    co_return corm::deadline_in(options_.poll);
}

void Worker::start(const corm::Ref<Job>& job) {
    InHand& mine = in_hand_.emplace_back(job);
    asio::co_spawn(executor_, carry_out(mine),
                   asio::bind_cancellation_slot(mine.signal.slot(), [this, &mine](std::exception_ptr error) {
                       mine.ended = true; // and is forgotten later: the signal is in use until this has returned
                       if (error && mine.lost)
                           count_lost(mine.job);
                       else if (error && cutting_off_)
                           cut_off_.push_back(mine.job);
                       else if (error)
                           say(mine.job, "is left to its lease: the queue did not take its outcome");
                       if (stopping_ || options_.drain || in_hand_.size() == options_.at_once)
                           alarm_.ring();
                   }));
}

corm::Task<> Worker::carry_out(InHand& mine) {
    std::string error;
    try {
        const auto handler = handlers_.find(mine.job->kind);
        if (handler == handlers_.end())
            throw std::runtime_error{"there is no handler for jobs of the kind '" + mine.job->kind + "'"};
        const Conclusion conclusion = co_await handler->second(*mine.job);
        mine.concluding = true;
        if (co_await insist([&] { return desk_.finish(mine.job, conclusion); }))
            ++tally_.done;
        else
            count_lost(mine.job);
        co_return;
    } catch (const std::exception& thrown) {
        if (mine.lost || cutting_off_)
            throw;
        error = thrown.what();
    }
    const std::optional<State> state = co_await insist([&] { return desk_.fail(mine.job, error); });
    if (!state) {
        count_lost(mine.job);
        co_return;
    }
    ++(*state == State::dead ? tally_.dead : tally_.again);
    say(mine.job, (*state == State::dead ? "is dead: " : "will be tried again: ") + error);
}

template <class Step>
auto Worker::insist(Step step) -> decltype(step()) {
    for (;;) {
        try {
            co_return co_await step();
        } catch (...) {
            const std::optional<std::string> why = outage(std::current_exception());
            if (!why)
                throw;
            std::cout << "cannot tell the queue: " << *why << std::endl;
        }
        asio::steady_timer timer{executor_, pause_after_outage};
        co_await timer.async_wait(asio::use_awaitable);
    }
}

void Worker::count_lost(const corm::Ref<Job>& job) {
    ++tally_.lost;
    say(job, "is no longer ours: its lease had run out, or its end was told before");
}

corm::Task<> Worker::listen(const corm::Subscription& news) {
    for (;;) {
        co_await news.next(); // what it says does not matter, and a gap is as good a reason to look
        alarm_.ring();
    }
}

corm::Task<> Worker::keep_leases() {
    const corm::Duration usual = desk_.terms().lease / 3;
    asio::steady_timer timer{executor_};
    corm::Duration pause = usual;
    for (;;) {
        timer.expires_after(pause);
        co_await timer.async_wait(asio::use_awaitable);
        pause = usual;
        std::vector<corm::Ref<Job>> jobs;
        for (const InHand& each : in_hand_) {
            if (!each.ended)
                jobs.push_back(each.job);
        }
        if (jobs.empty())
            continue;
        try {
            jobs = co_await desk_.extend(std::move(jobs));
        } catch (...) {
            const std::optional<std::string> why = outage(std::current_exception());
            if (!why)
                throw;
            std::cout << "cannot extend leases: " << *why << std::endl;
            pause = std::min(usual, pause_after_outage);
            continue;
        }
        for (InHand& each : in_hand_) {
            // One that is being concluded may be at its end already, and finds out by itself if not.
            if (each.ended || each.concluding || std::ranges::find(jobs, each.job) == jobs.end())
                continue;
            each.lost = true;
            each.signal.emit(asio::cancellation_type::terminal);
        }
    }
}

corm::Task<> Worker::wind_up() {
    co_await give_back();
    const corm::TimePoint limit = corm::deadline_in(options_.grace);
    for (forget_ended(); !in_hand_.empty() && corm::Clock::now() < limit; forget_ended())
        co_await alarm_.wait_until(limit);
    cutting_off_ = true;
    for (InHand& each : in_hand_)
        each.signal.emit(asio::cancellation_type::terminal);
    for (; !in_hand_.empty(); forget_ended())
        co_await alarm_.wait_until(corm::TimePoint::max());
    co_await give_back();
    for (asio::cancellation_signal& service : services_)
        service.emit(asio::cancellation_type::terminal);
    while (services_running_ > 0)
        co_await alarm_.wait_until(corm::TimePoint::max());
}

corm::Task<> Worker::give_back() {
    if (cut_off_.empty())
        co_return;
    try {
        tally_.given_back += co_await desk_.give_back(std::exchange(cut_off_, {}));
    } catch (const std::exception& error) {
        std::cout << "cannot give jobs back, which are left to their leases: " << error.what() << std::endl;
    }
}

void Worker::start_service(corm::Task<> service) {
    ++services_running_;
    asio::co_spawn(executor_, std::move(service),
                   asio::bind_cancellation_slot(services_.emplace_back().slot(), [this](std::exception_ptr error) {
                       --services_running_;
                       if (!stopping_)
                           failure_ = error;
                       stop();
                   }));
}

void Worker::forget_ended() {
    in_hand_.remove_if([](const InHand& each) { return each.ended; });
}

} // namespace job_queue
