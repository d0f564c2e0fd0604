// A queue of jobs in a table: what its rows mean, and the transactions that take them from one state to the next.
//
// How often a job is done
// * A worker takes a job for a time, the lease, and extends it while it is at work. If the worker dies, the lease runs
//   out, and somebody else takes the job. Between two workers that believe to have it the column `version` decides.
// * What a job does in the database goes into the transaction that marks it as done (`Conclusion`): exactly once.
// * What it does elsewhere (mail, HTTP, files) happens at least once: again when a worker dies, or loses its lease,
//   between the effect and that transaction; and whenever the job is tried again because it has failed. Give the other
//   side the id of the job, so that it can tell a repetition.
#pragma once

#include <corm/corm.hpp>

#include <boost/describe.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace job_queue {

enum class State {
    queued,  ///< to be taken at `due_at`: for the first time, or again after a failure
    running, ///< somebody has it until `due_at`
    done,
    dead, ///< it has failed as often as it may; nobody takes it until `revive`
};
BOOST_DESCRIBE_ENUM(State, queued, running, done, dead)
constexpr auto corm_enum(corm::type<State>) {
    return corm::pg_enum("job_state", "job_queue");
}

struct Job {
    std::int64_t id = 0;
    std::string kind; ///< which handler
    boost::json::value payload{};
    State state = State::queued;
    /// When somebody has to take it: to do it or, while it runs, because the lease is over. One column, and one index,
    /// for both; empty when there is nothing left to do.
    std::optional<corm::types::Timestamp> due_at{};
    std::int32_t attempts = 0; ///< how often it was taken
    std::int32_t max_attempts = 5;
    std::optional<std::string> worker{};     ///< who has it, or had it last
    std::optional<std::string> last_error{}; ///< of the last attempt that failed
    /// Counts how often the job changed hands or state. The program counts, because extending a lease does neither.
    std::int32_t version = 0;
};
BOOST_DESCRIBE_STRUCT(Job, (), (id, kind, payload, state, due_at, attempts, max_attempts, worker, last_error, version))

constexpr auto corm_mapping(corm::type<Job>) {
    return corm::table<Job>("jobs")
        .schema("job_queue")
        .primary_key<&Job::id>()
        .version<&Job::version>(corm::assigned)
        .server_default<&Job::due_at>(); // now(), by the one clock that all workers share
}

/// Where new work is announced. A hint and no more: a worker that misses it looks by itself after a while.
inline constexpr const char* channel = "job_queue";

/// Adds jobs to the transaction of the session, so that they exist if, and only if, whatever else it does is committed.
/// The commit wakes the workers. One round trip, two with a delay.
corm::Task<> enqueue(const corm::AsyncSession& session, std::vector<Job> jobs, corm::Duration delay = {});

/// Gives a dead job so many attempts more, or every dead one (`id` 0). Returns how many there were.
corm::Task<std::int64_t> revive(corm::Engine& engine, std::int64_t id, std::int32_t attempts);

/// How many jobs are in each state that has some.
corm::Task<std::vector<std::tuple<State, std::int64_t>>> count_states(corm::Engine& engine);

corm::Task<std::vector<corm::Ref<Job>>> dead_jobs(corm::Engine& engine);

/// What belongs into the transaction that marks a job as done. May be called several times, of which one counts.
using Conclusion = std::function<corm::Task<>(corm::AsyncSession&)>;

struct Terms {
    std::string worker; ///< a name that no other running process has
    corm::Duration lease{30'000};
    corm::Duration first_backoff{1'000}; ///< doubled after each failure, with jitter
    corm::Duration most_backoff{3'600'000};
};

/// What `Desk::claim` has found.
struct Claim {
    std::vector<corm::Ref<Job>> jobs{}; ///< to be done; belong to no session
    std::int64_t buried = 0;            ///< dead now: the worker of their last attempt went away
    /// Until the next one is due, if none was found; empty: there is nothing left to do, for anybody.
    std::optional<corm::Duration> next{};
};

/// A worker's dealings with the queue. Several operations may be under way at once, all on one thread.
/// Errors and cancellation: those of `Engine::transaction`. After any of them the operation may be repeated: what has
/// taken effect already is recognised by the version.
class Desk {
public:
    Desk(corm::Engine& engine, Terms terms) : engine_(engine), terms_(std::move(terms)) {}

    [[nodiscard]] const Terms& terms() const noexcept { return terms_; }

    /// Takes up to so many jobs that are due, the oldest first. Two round trips, one if there are none.
    corm::Task<Claim> claim(std::int64_t most);

    /// Extends the leases of these, and returns those that are no longer this worker's. One round trip.
    corm::Task<std::vector<corm::Ref<Job>>> extend(std::vector<corm::Ref<Job>> jobs);

    /// Marks the job as done, in one transaction with `conclusion`. False, and nothing has happened, if the job is no
    /// longer this worker's. One round trip beside those of `conclusion`.
    corm::Task<bool> finish(const corm::Ref<Job>& claimed, const Conclusion& conclusion);

    /// Puts the job back for later, or among the dead: which of them; empty if it is no longer this worker's.
    corm::Task<std::optional<State>> fail(const corm::Ref<Job>& claimed, std::string error);

    /// Puts jobs back that were not brought to an end; the attempt does not count. Returns how many were still there.
    corm::Task<std::int64_t> give_back(std::vector<corm::Ref<Job>> jobs);

private:
    corm::Task<Claim> take_due(corm::AsyncSession& session, std::int64_t most) const;
    [[nodiscard]] corm::Duration backoff(std::int32_t attempts);

    corm::Engine& engine_;
    Terms terms_;
    std::minstd_rand random_{std::random_device{}()};
};

} // namespace job_queue
