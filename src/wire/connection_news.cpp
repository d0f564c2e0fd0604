// What a connection hears beside the answers to its requests.
#include "wire/connection_ending.hpp"

#include <boost/system/error_code.hpp>

#include <iterator>
#include <utility>

namespace corm::wire {

void Connection::watch() {
    const std::lock_guard lock(mutex_);
    watched_ = true;
    if (descriptor_ && fsm_.done() && !reading_)
        wait(true);
}

std::vector<Notification> Connection::take_notifications() noexcept {
    const std::lock_guard lock(mutex_);
    return std::exchange(notifications_, {});
}

bool Connection::lost() const noexcept {
    const std::lock_guard lock(mutex_);
    return !descriptor_ || fsm_.lost();
}

// Under the lock, between two requests: keeps what has come, and goes on listening.
void Connection::hear(Ending& ending) noexcept {
    try {
        std::vector<Notification> come = fsm_.take_notifications();
        if (watched_) {
            ending.news = ending.news || !come.empty();
            notifications_.insert(notifications_.end(), std::make_move_iterator(come.begin()),
                                  std::make_move_iterator(come.end()));
            if (!fsm_.lost() && !reading_)
                wait(true);
        }
    } catch (...) {
        // Out of memory. What is missing can only be told by a loss.
        if (watched_)
            fsm_.lose();
    }
    if (fsm_.lost())
        let_go(ending);
}

// Under the lock: the socket of an idle connection has become readable.
void Connection::hear_idle(const boost::system::error_code& error, Ending& ending) noexcept {
    last_used_ = Clock::now();
    if (error || !fsm_.read_idle_input())
        fsm_.lose();
    hear(ending);
}

// Under the lock.
void Connection::let_go(Ending& ending) noexcept {
    ending.news = watched_;
    descriptor_.reset();
    fsm_.close();
}

void Connection::trace_statements(const Ending& ending) const noexcept {
    if (!ending.traced)
        return;
    const auto elapsed = Clock::now() - ending.started;
    for (std::size_t i = 0; i < ending.answers.size() && i < ending.request.statements.size(); ++i) {
        const PipelineFsm::Answered& answer = ending.answers[i];
        if (answer.skipped)
            continue;
        const Statement& statement = ending.request.statements[i];
        context_.tracer->statement({.sql = *statement.sql,
                                    .parameters = statement.parameters.size(),
                                    .parameter_bytes = statement.parameters.total_bytes(),
                                    .rows = answer.rows,
                                    .elapsed = elapsed,
                                    .round_trip = ending.round_trip,
                                    .backend = backend_,
                                    .where = statement.where.line() != 0 ? statement.where : ending.request.where,
                                    .failed = answer.failed,
                                    .sqlstate = answer.sqlstate});
    }
}

} // namespace corm::wire
