#include "queue.hpp"

#include <corm/query.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace job_queue {
namespace {

using corm::col;
using corm::types::Timestamp;

/// Somebody else has the job, or it is at its end.
bool is_about(const corm::StaleDataError& stale, const Job& job) {
    return stale.entity() == "Job" && stale.keys() == std::vector{std::to_string(job.id)};
}

/// The job as it was claimed, in this session and without a statement: if its row has another version by now, the flush
/// finds out.
corm::Task<corm::Ref<Job>> as_claimed(const corm::AsyncSession& session, const corm::Ref<Job>& claimed) {
    return session.merge(claimed, {.load = false});
}

std::vector<std::int64_t> ids_of(const std::vector<corm::Ref<Job>>& jobs) {
    std::vector<std::int64_t> ids;
    for (const corm::Ref<Job>& job : jobs)
        ids.push_back(job->id);
    return ids;
}

} // namespace

corm::Task<> enqueue(const corm::AsyncSession& session, std::vector<Job> jobs, corm::Duration delay) {
    if (delay > corm::Duration{0}) {
        const Timestamp due = co_await session.scalar(corm::select(corm::now() + delay));
        for (Job& job : jobs) {
            job.due_at = due;
            session.add(std::move(job), corm::given<&Job::due_at>);
        }
    } else {
        session.add_all(std::move(jobs));
    }
    co_await session.notify(channel); // the jobs travel along
}

corm::Task<std::int64_t> revive(corm::Engine& engine, std::int64_t id, std::int32_t attempts) {
    co_return co_await engine.transaction([id, attempts](corm::AsyncSession& session) -> corm::Task<std::int64_t> {
        auto dead = corm::update<Job>()
                        .set<&Job::state>(State::queued)
                        .set<&Job::due_at>(corm::now())
                        .set<&Job::max_attempts>(col<&Job::attempts> + attempts)
                        .set<&Job::version>(col<&Job::version> + 1)
                        .where(col<&Job::state> == State::dead);
        if (id != 0)
            dead.where(col<&Job::id> == id);
        const std::int64_t revived = co_await session.execute(dead);
        co_await session.notify(channel);
        co_return revived;
    });
}

corm::Task<std::vector<std::tuple<State, std::int64_t>>> count_states(corm::Engine& engine) {
    co_return co_await engine.reader().all(corm::select(col<&Job::state>, corm::count())
                                               .from<Job>()
                                               .group_by(col<&Job::state>)
                                               .order_by(corm::asc<&Job::state>));
}

corm::Task<std::vector<corm::Ref<Job>>> dead_jobs(corm::Engine& engine) {
    co_return co_await engine.reader().all(
        corm::select<Job>().where(col<&Job::state> == State::dead).order_by(corm::asc<&Job::id>));
}

corm::Task<Claim> Desk::claim(std::int64_t most) {
    // The jobs outlive the session: what it has committed is what they are.
    const corm::TransactionOptions keep{.session = {.expire_on_commit = corm::ExpireOnCommit::keep}};
    co_return co_await engine_.transaction(
        [this, most](corm::AsyncSession& session) { return take_due(session, most); }, keep);
}

corm::Task<Claim> Desk::take_due(corm::AsyncSession& session, std::int64_t most) const {
    // Nobody waits for anybody: what another worker is taking at this moment is left out. NO KEY, because rows may
    // refer to a job while it is locked.
    const auto [due, clock] =
        co_await session.pipeline(corm::select<Job>()
                                      .where(col<&Job::due_at> <= corm::now())
                                      .order_by(corm::asc<&Job::due_at>, corm::asc<&Job::id>)
                                      .limit(most)
                                      .for_no_key_update()
                                      .skip_locked(),
                                  corm::select(corm::now(), corm::min(col<&Job::due_at>)).from<Job>());
    const auto [now, next] = clock.front();
    Claim claim;
    for (const corm::Ref<Job>& job : due) {
        Job& taken = job.edit();
        ++taken.version;
        if (taken.state == State::running) // its worker has not come back
            taken.last_error = taken.worker.value_or("?") + " went away at attempt " + std::to_string(taken.attempts);
        if (taken.attempts >= taken.max_attempts) {
            taken.state = State::dead; // it may be what its workers die of
            taken.due_at = std::nullopt;
            ++claim.buried;
            continue;
        }
        taken.state = State::running;
        taken.due_at = now + terms_.lease;
        taken.worker = terms_.worker;
        ++taken.attempts;
        claim.jobs.push_back(job);
    }
    if (due.empty() && next)
        claim.next = std::max(std::chrono::ceil<corm::Duration>(*next - now), corm::Duration{0});
    co_return claim;
}

corm::Task<std::vector<corm::Ref<Job>>> Desk::extend(std::vector<corm::Ref<Job>> jobs) {
    // One statement and no transaction, so that no lock waits for a process that stands still.
    corm::AsyncSession session{engine_, {.autocommit = true}};
    const std::vector<std::tuple<std::int64_t, std::int32_t>> held =
        co_await session.all(corm::update<Job>()
                                 .set<&Job::due_at>(corm::now() + terms_.lease)
                                 .where(col<&Job::id>.in(ids_of(jobs)))
                                 .where(col<&Job::state> == State::running)
                                 .where(col<&Job::worker> == terms_.worker)
                                 .returning(col<&Job::id>, col<&Job::version>));
    std::erase_if(jobs, [&held](const corm::Ref<Job>& job) {
        return std::ranges::find(held, std::tuple{job->id, job->version}) != held.end();
    });
    co_return jobs;
}

corm::Task<bool> Desk::finish(const corm::Ref<Job>& claimed, const Conclusion& conclusion) {
    try {
        co_await engine_.transaction([&](corm::AsyncSession& session) -> corm::Task<> {
            const corm::Ref<Job> job = co_await as_claimed(session, claimed);
            Job& done = job.edit();
            ++done.version;
            done.state = State::done;
            done.due_at = std::nullopt;
            co_await conclusion(session);
        });
        co_return true;
    } catch (const corm::StaleDataError& stale) {
        if (!is_about(stale, *claimed))
            throw; // rows of the conclusion
        co_return false;
    }
}

corm::Task<std::optional<State>> Desk::fail(const corm::Ref<Job>& claimed, std::string error) {
    try {
        co_return co_await engine_.transaction([&](corm::AsyncSession& session) -> corm::Task<State> {
            const Timestamp now = co_await session.scalar(corm::select(corm::now()));
            const corm::Ref<Job> job = co_await as_claimed(session, claimed);
            Job& failed = job.edit();
            ++failed.version;
            failed.last_error = error;
            if (failed.attempts < failed.max_attempts) {
                failed.state = State::queued;
                failed.due_at = now + backoff(failed.attempts);
                co_await session.notify(channel); // everybody learns when it is due
            } else {
                failed.state = State::dead;
                failed.due_at = std::nullopt;
            }
            co_return failed.state;
        });
    } catch (const corm::StaleDataError& stale) {
        if (!is_about(stale, *claimed))
            throw;
        co_return std::nullopt;
    }
}

corm::Task<std::int64_t> Desk::give_back(std::vector<corm::Ref<Job>> jobs) {
    co_return co_await engine_.transaction([&](corm::AsyncSession& session) -> corm::Task<std::int64_t> {
        std::int64_t given_back = 0;
        for (const corm::Ref<Job>& claimed : jobs) {
            given_back += co_await session.execute(corm::update<Job>()
                                                       .set<&Job::state>(State::queued)
                                                       .set<&Job::due_at>(corm::now())
                                                       .set<&Job::attempts>(col<&Job::attempts> - 1)
                                                       .set<&Job::version>(col<&Job::version> + 1)
                                                       .where(col<&Job::id> == claimed->id)
                                                       .where(col<&Job::version> == claimed->version));
        }
        co_await session.notify(channel);
        co_return given_back;
    });
}

corm::Duration Desk::backoff(std::int32_t attempts) {
    corm::Duration pause = terms_.first_backoff;
    for (std::int32_t i = 1; i < attempts && pause < terms_.most_backoff; ++i)
        pause *= 2;
    pause = std::min(pause, terms_.most_backoff);
    // At least half of it: what has failed together is not to come back together.
    return corm::Duration{
        std::uniform_int_distribution<corm::Duration::rep>{pause.count() / 2, pause.count()}(random_)};
}

} // namespace job_queue
