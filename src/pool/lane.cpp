#include "pool/lane.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace corm::pool {
namespace {

// Not by parameters of the connection: it is one of the pool's, and goes back to it.
wire::Request read_only(Duration within) {
    static const auto text =
        std::make_shared<const std::string>("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY");
    wire::Request request;
    request.statements.emplace_back().sql = text;
    request.statements.back().expected_tag = "SET";
    request.deadline = deadline_in(within);
    return request;
}

} // namespace

void Lanes::Lane::open(Pool& pool, const std::source_location& where) {
    if (Lease lease = pool.try_acquire(where))
        on_lease(std::move(lease));
    else
        pool.acquire(shared_from_this(), TimePoint::max(), where, WaiterKind::lane);
}

bool Lanes::Lane::withdraw(Pool& pool) noexcept {
    if (state() != State::opening || !pool.withdraw(this))
        return false;
    state_.store(State::closed, std::memory_order_release);
    return true;
}

void Lanes::Lane::on_lease(Lease lease) noexcept {
    const std::shared_ptr<Lanes> owner = owner_.lock();
    if (!owner || owner->closed_.load()) {
        state_.store(State::closed, std::memory_order_release);
        return;
    }
    lease_ = std::move(lease);
    lease_.use_as_lane();
    state_.store(State::preparing, std::memory_order_release);
    start(read_only(owner->options_.connect_timeout));
}

void Lanes::Lane::on_lease_failure(std::exception_ptr error) noexcept {
    fail(std::move(error), true);
}

void Lanes::Lane::fail(std::exception_ptr error, bool final) noexcept {
    failure_ = {std::move(error), final};
    lease_.release();
    state_.store(State::failed, std::memory_order_release);
    if (const std::shared_ptr<Lanes> owner = owner_.lock())
        owner->schedule();
}

void Lanes::Lane::rest(TimePoint now) noexcept {
    idle_since_.store(now.time_since_epoch().count());
    state_.store(State::idle, std::memory_order_release);
}

void Lanes::Lane::on_prepared(const wire::Reply& reply) noexcept {
    if (reply.error) {
        fail(reply.error, false);
        return;
    }
    prepared_ = true;
    rest(Clock::now());
    if (const std::shared_ptr<Lanes> owner = owner_.lock())
        owner->schedule();
}

LaneBatch Lanes::Lane::take_spare() noexcept {
    const std::lock_guard lock(mutex_);
    return std::move(spare_);
}

void Lanes::Lane::close() noexcept {
    lease_.release();
    state_.store(State::closed, std::memory_order_release);
}

// On another thread the reply may come, and give the lease back, before `start` has returned: the connection must last
// until then, and nothing of the lane may be touched behind it.
void Lanes::Lane::start(wire::Request&& request) {
    const std::shared_ptr<wire::Connection> connection = lease_.connection();
    connection->start(std::move(request), shared_from_this());
}

void Lanes::Lane::send(LaneBatch&& batch, wire::Request&& request) {
    {
        const std::lock_guard lock(mutex_);
        batch_ = std::move(batch);
    }
    sent_ = Clock::now();
    start(std::move(request));
}

void Lanes::Lane::on_reply(wire::Reply reply) noexcept {
    if (!prepared_) {
        on_prepared(reply);
        return;
    }
    LaneBatch batch;
    {
        const std::lock_guard lock(mutex_);
        std::swap(batch, batch_);
    }
    LaneBatch::Outcome outcome = batch.sort_out(reply);
    const TimePoint now = Clock::now();
    const std::shared_ptr<Lanes> owner = owner_.lock();
    if (owner) {
        const bool slow = now > after(sent_, owner->options_.lane_slow_after);
        std::span<wire::Statement> statements{reply.request.statements};
        for (const LaneBatch::Group& group : batch.groups) {
            LaneRead& first = *batch.members_of(group).front();
            if (slow)
                first.suspect(false);
            if (first.again_ && group.first_statement + group.statements <= statements.size())
                first.returned(statements.subspan(group.first_statement, group.statements));
        }
        for (LaneReadPtr& read : outcome.again)
            owner->back_.push(std::move(read));
        owner->reads_.fetch_add(batch.members.size() - outcome.again.size(), std::memory_order_relaxed);
    }
    // Free for the next reads before those of this batch go on, each for as long as it likes.
    if (const bool lost = reply.error && !reply.failed_in_statement; !owner || lost) {
        close();
    } else {
        rest(now);
    }
    std::span<wire::Result> results{reply.results};
    for (const std::size_t index : outcome.answered) {
        const LaneBatch::Group& group = batch.groups[index];
        const std::span<const LaneReadPtr> reads = batch.members_of(group);
        reads.front()->answer(reads, results.subspan(group.first_statement, group.statements));
    }
    for (std::size_t i = 0; i < outcome.failures.size(); ++i)
        outcome.failures[i].read->fail(outcome.failures[i].error, outcome.failed_statements[i]);
    batch.clear();
    {
        const std::lock_guard lock(mutex_);
        spare_ = std::move(batch);
    }
    if (owner)
        owner->schedule();
}

void Lanes::Lane::cut_if_unwanted() noexcept {
    if (state() != State::busy)
        return;
    std::vector<LaneReadPtr> dropped; // without the lock
    {
        const std::lock_guard lock(mutex_);
        // Without reads it is with its reply, on another thread, which may be about to give the lease back.
        if (batch_.members.empty() || std::any_of(batch_.members.begin(), batch_.members.end(),
                                                  [](const LaneReadPtr& read) { return read->waits(); }))
            return;
        // Its reply may be on its way at this moment: then it goes on.
        if (!lease_->abandon(nullptr))
            return;
        dropped.swap(batch_.members);
        batch_.clear();
    }
    close(); // the pool cancels what runs
}

void Lanes::Lane::drop_reads(std::vector<LaneReadPtr>& dropped) {
    const std::lock_guard lock(mutex_);
    dropped.insert(dropped.end(), std::make_move_iterator(batch_.members.begin()),
                   std::make_move_iterator(batch_.members.end()));
    batch_.clear();
}

} // namespace corm::pool
