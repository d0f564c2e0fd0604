#include "pool/lanes.hpp"

#include "pool/lane.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <utility>

namespace corm::pool {
namespace {

// So few are not worth another connection.
constexpr std::size_t smallest_share = 2;

} // namespace

Lanes::Lanes(std::shared_ptr<Pool> pool)
    : pool_(std::move(pool)), options_(pool_->options()), holds_syncs_(wire::real_pq()->holds_syncs()),
      next_deadline_(TimePoint::max().time_since_epoch().count()),
      next_rest_(TimePoint::max().time_since_epoch().count()),
      next_stuck_(TimePoint::max().time_since_epoch().count()) {}

std::shared_ptr<Lanes> Lanes::make(std::shared_ptr<Pool> pool) {
    const std::shared_ptr<Lanes> lanes{new Lanes(std::move(pool))};
    lanes->pool_->set_lanes(lanes);
    lanes->pool_->gate()->add(*lanes);
    return lanes;
}

Lanes::~Lanes() {
    pool_->gate()->remove(*this, [] {});
}

void Lanes::submit(LaneReadPtr read) noexcept {
    inbox_.push(std::move(read));
    schedule();
}

void Lanes::ceased() noexcept {
    ceased_.store(true);
    schedule();
}

void Lanes::on_shortage() noexcept {
    short_.store(true);
    schedule();
}

void Lanes::schedule() noexcept {
    if (turns_.fetch_add(1, std::memory_order_acq_rel) == 0)
        post_turn();
}

// Reads that wait keep their engine, and with it the lanes. Without any, the loop, which may not run any more, must not
// keep them: they keep the pool.
void Lanes::post_turn() {
    pool_->gate()->post([weak = weak_from_this()] {
        if (const std::shared_ptr<Lanes> self = weak.lock())
            self->turn();
    });
}

// What is asked for from here on is either seen below, or asks for a turn of its own.
void Lanes::turn() noexcept {
    const std::uint32_t asked = turns_.load(std::memory_order_acquire);
    work();
    if (turns_.fetch_sub(asked, std::memory_order_acq_rel) != asked)
        post_turn();
}

void Lanes::work() {
    admit();
    if (expired_.exchange(false))
        expire(Clock::now());
    if (ceased_.exchange(false))
        cut_unwanted();
    if (stuck_.exchange(false))
        find_stuck(Clock::now());
    if (closed_.load())
        fail_waiting({});
    tidy();
    assign();
}

void Lanes::admit() {
    const std::size_t waited = waiting_.size(), went_again = again_.size();
    inbox_.take(waiting_);
    back_.take(again_);
    // Here, and not by whoever submits them: what is neither in a queue nor on a lane is not seen by `expire`. Those
    // that go again were with a reply meanwhile.
    TimePoint first = TimePoint::max();
    for (std::size_t i = waited; i < waiting_.size(); ++i)
        first = std::min(first, waiting_[i]->deadline);
    for (std::size_t i = went_again; i < again_.size(); ++i)
        first = std::min(first, again_[i]->deadline);
    check_at(next_deadline_, first);
    while (waiting_.size() > options_.max_waiters) {
        tell(waiting_.back(), pool_->queue_full(waiting_.back()->where));
        waiting_.pop_back();
    }
}

// Lanes that have ended, that failed to open, and that are better given back.
void Lanes::tidy() {
    using State = Lane::State;
    const bool is_short = short_.exchange(false);
    const TimePoint now = Clock::now();
    TimePoint rest = TimePoint::max();
    std::size_t open = lanes_.size();
    std::size_t held = static_cast<std::size_t>(
        std::count_if(lanes_.begin(), lanes_.end(), [](const LanePtr& lane) { return lane->holds_connection(); }));
    open_failed_ = false;
    for (const LanePtr& lane : lanes_) {
        lane->wanted_back = lane->wanted_back || is_short;
        if (lane->state() == State::failed) {
            const Lane::Failure failure = lane->take_failure();
            // Once more: it may have been a connection that had ended while it was idle.
            if ((++failed_opens_ > 1 || failure.final) && open == 1)
                fail_waiting(failure.error);
            // The others go on, and there is another try when one of them is done: at once would be again and again.
            open_failed_ = open != 1;
            --open;
        }
        if (lane->state() != State::idle)
            continue;
        failed_opens_ = 0;
        lane->stuck = false;
        // Who waits already when it opens does not ask again.
        if (!lane->has_served() && !lane->wanted_back)
            lane->wanted_back = pool_->is_short();
        const TimePoint unused = after(lane->idle_since(), options_.ping_after);
        const TimePoint end = std::min(unused, lane->expires());
        // Not before it has served its turn, or readers would get none.
        const bool served = !is_waiting() || lane->has_served();
        const bool spare = !is_waiting() || held > fair_share();
        const bool too_many = held > most_lanes(); // some stood in for others that were stuck
        const bool leaves = closed_.load() || (served && ((lane->wanted_back && spare) || end <= now || too_many));
        if (leaves && lane->claim(State::closed)) {
            lane->close();
            --open;
            --held;
        } else {
            rest = std::min(rest, std::max(end, now));
        }
    }
    const bool busy =
        std::any_of(lanes_.begin(), lanes_.end(), [](const LanePtr& lane) { return lane->state() == State::busy; });
    if (!is_waiting() && !busy) {
        for (const LanePtr& lane : lanes_)
            static_cast<void>(lane->withdraw(*pool_));
    }
    std::erase_if(lanes_,
                  [](const LanePtr& lane) { return lane->state() == State::closed || lane->state() == State::failed; });
    // Those that were to go on may have ended in the same turn.
    open_failed_ = open_failed_ && !lanes_.empty();
    check_at(next_rest_, rest);
}

void Lanes::assign() {
    using State = Lane::State;
    // One lane that takes them all would make client and server take turns.
    const bool many = waiting_.size() >= 2 * smallest_share;
    const std::size_t batch = std::max<std::size_t>(options_.lane_batch, 1);
    std::size_t idle = 0;
    for (const LanePtr& lane : lanes_)
        idle += lane->state() == State::idle ? 1 : 0;
    // By index: sending may find that a lane has ended.
    for (std::size_t i = 0; i < lanes_.size() && idle != 0 && is_waiting(); ++i) {
        const LanePtr lane = lanes_[i];
        if (lane->state() != State::idle || !lane->claim(State::busy))
            continue;
        // Of what waits when the first lane opens, the others get theirs as well: who else would travel with a
        // statement that turns out to be slow?
        const std::size_t sharing = lane->has_served() ? idle : std::max(idle, most_lanes());
        const std::size_t share = std::max((waiting_.size() + sharing - 1) / sharing, smallest_share);
        --idle;
        if (!again_.empty())
            send(lane, again_, batch, true);
        else
            send(lane, waiting_, std::min(share, batch), holds_syncs_);
    }
    if ((is_waiting() || (many && idle == 0)) && !closed_.load() && !open_failed_)
        open_another();
}

void Lanes::open_another() {
    const bool opening = std::any_of(lanes_.begin(), lanes_.end(), [](const LanePtr& lane) {
        return lane->state() == Lane::State::opening || lane->state() == Lane::State::preparing;
    });
    const auto stuck = static_cast<std::size_t>(
        std::count_if(lanes_.begin(), lanes_.end(), [](const LanePtr& lane) { return lane->stuck; }));
    if (opening || lanes_.size() - stuck >= most_lanes() || lanes_.size() >= most_connections())
        return;
    const std::source_location where = !waiting_.empty() ? waiting_.front()->where
                                       : !again_.empty() ? again_.front()->where
                                                         : std::source_location{};
    lanes_.push_back(std::make_shared<Lane>(weak_from_this()));
    lanes_.back()->open(*pool_, where);
}

void Lanes::send(const LanePtr& lane, Queue& queue, std::size_t count, bool apart) {
    if (!lane->alive()) {
        lane->close();
        schedule();
        return;
    }
    LaneBatch batch = lane->take_spare();
    std::vector<LaneBatch::Failure> failures;
    batch.apart = apart;
    batch.take(queue, count);
    wire::Request request = batch.request(failures);
    for (const LaneBatch::Failure& failure : failures)
        tell(failure.read, failure.error);
    if (batch.groups.empty()) {
        lane->unclaim();
        return;
    }
    requests_.fetch_add(1, std::memory_order_relaxed);
    check_at(next_stuck_, after(Clock::now(), stuck_after()));
    lane->send(std::move(batch), std::move(request));
}

void Lanes::expire(TimePoint now) {
    TimePoint next = TimePoint::max();
    std::vector<LaneReadPtr> late;
    const auto look_at = [&](const LaneReadPtr& read) {
        if (!read->waits())
            return;
        if (read->deadline > now)
            next = std::min(next, read->deadline);
        else
            late.push_back(read);
    };
    for (const Queue* queue : {&waiting_, &again_})
        std::for_each(queue->begin(), queue->end(), look_at);
    const std::size_t unsent = late.size();
    for (const LanePtr& lane : lanes_)
        lane->each_read(look_at);
    for (std::size_t i = 0; i < late.size(); ++i)
        tell(late[i], i < unsent ? pool_->acquire_timeout(late[i]->where) : nullptr);
    check_at(next_deadline_, next);
}

void Lanes::cut_unwanted() {
    const auto left = [](const LaneReadPtr& read) { return !read->waits(); };
    std::erase_if(waiting_, left);
    std::erase_if(again_, left);
    for (const LanePtr& lane : lanes_)
        lane->cut_if_unwanted();
}

// A lock that a statement waits for, or one that has become slow: what it travelled with has to prove itself, and
// another lane stands in.
void Lanes::find_stuck(TimePoint now) {
    TimePoint next = TimePoint::max();
    for (const LanePtr& lane : lanes_) {
        if (lane->state() != Lane::State::busy || lane->stuck)
            continue;
        if (const TimePoint due = after(lane->sent(), stuck_after()); due > now) {
            next = std::min(next, due);
            continue;
        }
        lane->stuck = true;
        lane->each_read([](const LaneReadPtr& read) { read->suspect(true); });
    }
    check_at(next_stuck_, next);
}

// Not from inside of the turn: whoever waits goes on for as long as he likes.
void Lanes::tell(const LaneReadPtr& read, std::exception_ptr error) noexcept {
    pool_->gate()->post([self = shared_from_this(), read, error = std::move(error)] {
        read->fail(error, LaneRead::no_statement);
        self->ceased();
    });
}

void Lanes::fail_waiting(const std::exception_ptr& error) {
    for (Queue* queue : {&waiting_, &again_}) {
        for (const LaneReadPtr& read : *queue)
            tell(read, error ? error : Pool::is_shut_down(read->where));
        queue->clear();
    }
}

void Lanes::shut_down() noexcept {
    closed_.store(true);
    schedule();
}

void Lanes::check_at(std::atomic<TimePoint::rep>& due, TimePoint when) noexcept {
    const TimePoint::rep wanted = when.time_since_epoch().count();
    TimePoint::rep known = due.load(std::memory_order_relaxed);
    while (wanted < known) {
        if (due.compare_exchange_weak(known, wanted)) {
            pool_->wake_by(when);
            return;
        }
    }
}

TimePoint Lanes::tick(TimePoint now) noexcept {
    TimePoint next = TimePoint::max();
    const auto look_at = [&](std::atomic<TimePoint::rep>& due, std::atomic<bool>* flag) {
        const TimePoint when{TimePoint::duration{due.load()}};
        if (when > now) {
            next = std::min(next, when);
            return;
        }
        due.store(TimePoint::max().time_since_epoch().count());
        if (flag != nullptr)
            flag->store(true);
        schedule();
    };
    look_at(next_deadline_, &expired_);
    look_at(next_stuck_, &stuck_);
    look_at(next_rest_, nullptr);
    return next;
}

std::size_t Lanes::most_connections() const noexcept {
    // The last one is for transactions, unless it is the only one.
    return std::max<std::size_t>(options_.max_size - 1, 1);
}

std::size_t Lanes::most_lanes() const noexcept {
    return std::min(options_.lanes, most_connections());
}

Duration Lanes::stuck_after() const noexcept {
    constexpr int times = 5; // what one slow statement may take
    return options_.lane_slow_after == no_deadline ? no_deadline : options_.lane_slow_after * times;
}

std::size_t Lanes::fair_share() const noexcept {
    return std::min(options_.lanes, options_.max_size / 2);
}

void Lanes::context_gone(std::vector<std::shared_ptr<void>>& dropped) noexcept {
    closed_.store(true);
    std::vector<LaneReadPtr> reads;
    inbox_.take(reads);
    back_.take(reads);
    for (Queue* queue : {&waiting_, &again_}) {
        reads.insert(reads.end(), queue->begin(), queue->end());
        queue->clear();
    }
    for (const LanePtr& lane : lanes_)
        lane->drop_reads(reads);
    for (LaneReadPtr& read : reads)
        dropped.push_back(std::move(read));
}

} // namespace corm::pool
