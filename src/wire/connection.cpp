#include "wire/connection.hpp"

#include "wire/connection_ending.hpp"
#include "wire/diagnostics.hpp"
#include "wire/overdue.hpp"
#include "wire/watch_socket.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <new>

namespace corm::wire {
namespace {

// A connection that was in use less than this ago is not asked whether it still lives: that would cost a system call
// per request, and one that ends this moment can be lost as well between the question and the request.
constexpr std::chrono::microseconds fresh{100};

bool may_change_session(SessionReset reset, const Request& request) noexcept {
    const auto is_raw = [](const Statement& each) { return each.raw; };
    if (reset == SessionReset::always)
        return !request.statements.empty();
    return reset == SessionReset::automatic &&
           std::any_of(request.statements.begin(), request.statements.end(), is_raw);
}

} // namespace

struct Connection::Waiter {
    std::shared_ptr<Connection> self;
    bool readable;
    void operator()(const boost::system::error_code& error) const noexcept { self->on_ready(readable, error); }
};

Connection::Connection(ConnHandle handle, ConnectionContext context)
    : context_(std::move(context)), backend_(handle.pq().backend(handle.get())),
      deadline_(TimePoint::max().time_since_epoch().count()),
      fsm_(std::move(handle), context_.statement_cache, context_.epoch), last_used_(Clock::now()) {
    fsm_.keep_answers(context_.tracer != nullptr);
}

std::shared_ptr<Connection> Connection::make(ConnHandle handle, ConnectionContext context) {
    const std::shared_ptr<Connection> connection{new Connection(std::move(handle), std::move(context))};
    PipelineFsm& fsm = connection->fsm_;
    const bool usable =
        connection->context_.gate->add(*connection) && fsm.handle().pq().enter_pipeline(fsm.handle().get());
    if (!usable)
        std::rethrow_exception(fsm.loss({}));
    connection->descriptor_.emplace(
        watch_socket(connection->context_.gate->executor(), fsm.handle().pq().socket(fsm.handle().get())));
    return connection;
}

Connection::~Connection() {
    context_.gate->remove(*this, [this] { descriptor_.reset(); });
}

void Connection::context_gone(std::vector<std::shared_ptr<void>>& dropped) noexcept {
    const std::lock_guard lock(mutex_);
    descriptor_.reset();
    fsm_.close();
    dropped.push_back(std::move(sink_));
}

void Connection::start(Request request, std::shared_ptr<RequestSink> sink) {
    Ending ending;
    std::exception_ptr refused;
    try {
        PipelineFsm::check(request);
        const TimePoint deadline = request.deadline;
        const bool dirties = may_change_session(context_.reset, request);
        const std::unique_lock lock(mutex_);
        if (!fsm_.done())
            throw Error("a request is under way on this connection already", request.where);
        if (!check_idle_input())
            std::rethrow_exception(fsm_.loss(request.where));
        sink_ = std::move(sink);
        sent_ = true;
        overdue_ = false;
        if (context_.tracer)
            started_ = Clock::now();
        deadline_ = deadline.time_since_epoch().count();
        try {
            dirty_ = dirty_ || dirties;
            proceed(
                fsm_.begin(std::move(request), std::exchange(owes_rollback_, false), std::exchange(owes_reset_, false)),
                ending);
        } catch (...) {
            lose_in(ending, std::current_exception());
        }
    } catch (...) {
        refused = std::current_exception();
    }
    if (refused) // not inside of the handler, which would share the exception with the thread that is told
        return refuse(std::move(sink), std::move(refused));
    if (context_.timekeeper)
        context_.timekeeper->wake_by(deadline());
    if (!ending.empty())
        deliver_later(std::move(ending));
}

bool Connection::check_idle_input() {
    if (fsm_.lost() || !descriptor_)
        return false;
    if (const TimePoint now = Clock::now(); now - last_used_ > fresh) {
        last_used_ = now;
        if (!fsm_.read_idle_input()) {
            descriptor_.reset();
            fsm_.close();
            return false;
        }
    }
    return true;
}

void Connection::proceed(Want want, Ending& ending) {
    if (want == Want::done) {
        settle(ending);
        return;
    }
    if (want == Want::pause) {
        pause(ending);
        return;
    }
    if (!reading_)
        wait(true);
    if (want == Want::read_write && !writing_)
        wait(false);
}

void Connection::wait(bool readable) {
    (readable ? reading_ : writing_) = true;
    using boost::asio::posix::descriptor_base;
    descriptor_->async_wait(readable ? descriptor_base::wait_read : descriptor_base::wait_write,
                            Waiter{shared_from_this(), readable});
}

void Connection::on_ready(bool readable, const boost::system::error_code& error) noexcept {
    Ending ending;
    {
        const std::lock_guard lock(mutex_);
        (readable ? reading_ : writing_) = false;
        if (!descriptor_ || fsm_.paused() || (fsm_.done() && !(watched_ && readable)))
            return;
        try {
            if (fsm_.done())
                hear_idle(error, ending);
            else if (error)
                throw boost::system::system_error(error);
            else
                proceed(readable ? fsm_.on_readable() : fsm_.on_writable(), ending);
            if (fsm_.overflowed() && sink_) // who gives the connection back; the pool cancels and drains it
                tell_early(ending, nullptr, {});
        } catch (...) {
            lose_in(ending, std::current_exception());
        }
    }
    deliver(std::move(ending));
}

// Under the lock: the machine is done.
void Connection::settle(Ending& ending) {
    round_trips_.store(fsm_.round_trips(), std::memory_order_relaxed);
    statements_.store(fsm_.statements_sent(), std::memory_order_relaxed);
    cache_hits_.store(fsm_.cache().hits(), std::memory_order_relaxed);
    cached_.store(fsm_.cache().size(), std::memory_order_relaxed);
    deadline_.store(TimePoint::max().time_since_epoch().count(), std::memory_order_relaxed);
    last_used_ = Clock::now();
    ending.settled = sink_ == nullptr;
    ending.sink = std::move(sink_);
    ending.reply = fsm_.take_reply();
    if (std::exchange(overdue_, false))
        ending.reply.error = settle_overdue(std::move(ending.reply.error), fsm_.request().where);
    ending.notices = fsm_.take_notices();
    ending.request = fsm_.take_request();
    if (context_.tracer) {
        ending.traced = true;
        ending.answers = fsm_.answers();
        ending.started = started_;
        ending.round_trip = fsm_.round_trips();
    }
    sent_ = false;
    hear(ending);
}

// Under the lock: whoever waits hears what is known now, or `error`.
void Connection::tell_early(Ending& ending, std::exception_ptr error, std::string_view event) noexcept {
    deadline_ = TimePoint::max().time_since_epoch().count();
    overdue_ = false;
    ending.sink = std::move(sink_);
    if (ending.sink)
        ending.reply = fsm_.reply_early(std::move(error), event);
}

// Under the lock: something failed that is not the server's doing. What the server has seen is unknown.
void Connection::lose_in(Ending& ending, std::exception_ptr error) noexcept {
    ending.settled = sink_ == nullptr;
    tell_early(ending, std::move(error), "the connection was lost");
    let_go(ending);
}

void Connection::refuse(std::shared_ptr<RequestSink> sink, std::exception_ptr error) noexcept {
    Ending ending;
    ending.settled = sink == nullptr;
    ending.sink = std::move(sink);
    ending.reply.error = std::move(error);
    deliver_later(std::move(ending));
}

void Connection::deliver(Ending&& ending) noexcept {
    if (trace::Tracer* tracer = context_.tracer.get()) {
        for (const Diagnostics& notice : ending.notices)
            tracer->notice("the server sent a notice of severity " + notice.severity, notice.sqlstate);
        trace_statements(ending);
    }
    ending.reply.request = std::move(ending.request);
    if (ending.sink)
        std::exchange(ending.sink, nullptr)->on_reply(std::move(ending.reply));
    if (!ending.settled && !ending.news)
        return;
    const std::shared_ptr<ConnectionOwner> owner = context_.owner.lock();
    if (owner && ending.settled)
        owner->on_settled(*this);
    if (owner && ending.news)
        owner->on_news(*this);
}

void Connection::deliver_later(Ending&& ending) noexcept {
    try {
        context_.gate->post([self = shared_from_this(), ending = std::make_shared<Ending>(std::move(ending))] {
            self->deliver(std::move(*ending));
        });
    } catch (const std::bad_alloc&) {
        // Whoever waits is told by the destruction of its sink.
    }
}

std::optional<Reply> Connection::abandon(std::exception_ptr reason) noexcept {
    std::shared_ptr<RequestSink> dropped;
    const std::lock_guard lock(mutex_);
    if (!sink_)
        return std::nullopt;
    dropped = std::move(sink_);
    deadline_ = TimePoint::max().time_since_epoch().count();
    overdue_ = false;
    return fsm_.reply_early(std::move(reason), "the operation was cancelled");
}

void Connection::expire(TimePoint now) noexcept {
    Ending ending;
    {
        const std::lock_guard lock(mutex_);
        if (deadline() > now || !sink_ || fsm_.done())
            return;
        if (!overdue_ && context_.commit_grace > Duration{} && fsm_.outcome_unknown()) {
            overdue_ = true;
            deadline_ = (now + context_.commit_grace).time_since_epoch().count();
        } else {
            tell_early(ending, make_timeout(fsm_.request(), fsm_.answered()), "the deadline passed");
        }
    }
    if (ending.sink)
        deliver_later(std::move(ending));
    else if (const std::shared_ptr<ConnectionOwner> owner = context_.owner.lock())
        owner->on_overdue(*this);
}

Connection::Rest Connection::rest() noexcept {
    std::shared_ptr<RequestSink> dropped;
    std::unique_lock lock(mutex_);
    if (!descriptor_ || fsm_.lost())
        return Rest::broken;
    if (!fsm_.done()) {
        deadline_ = TimePoint::max().time_since_epoch().count();
        dropped = std::move(sink_);
        const bool paused = fsm_.paused();
        fsm_.give_up();
        lock.unlock();
        if (paused) // nothing else would make it go on
            context_.gate->post([self = shared_from_this()] { self->go_on(); });
        return Rest::busy;
    }
    owes_reset_ = std::exchange(dirty_, false) || owes_reset_;
    switch (fsm_.status()) {
    case TransactionStatus::idle: return owes_rollback_ || owes_reset_ ? Rest::unclean : Rest::clean;
    case TransactionStatus::in_transaction:
    case TransactionStatus::failed: owes_rollback_ = true; return Rest::unclean;
    case TransactionStatus::broken: break;
    }
    return Rest::broken;
}

void Connection::accept_changes() noexcept {
    const std::lock_guard lock(mutex_);
    dirty_ = owes_reset_ = false;
}

bool Connection::alive() noexcept {
    const std::lock_guard lock(mutex_);
    try {
        return !fsm_.done() || check_idle_input();
    } catch (...) {
        return false;
    }
}

bool Connection::sent() const noexcept {
    const std::lock_guard lock(mutex_);
    return sent_;
}

bool Connection::overdue() const noexcept {
    const std::lock_guard lock(mutex_);
    return overdue_;
}

bool Connection::busy() const noexcept {
    const std::lock_guard lock(mutex_);
    return !fsm_.done();
}

TransactionStatus Connection::status() const noexcept {
    const std::lock_guard lock(mutex_);
    return descriptor_ ? fsm_.status() : TransactionStatus::broken;
}

void Connection::rollback_first() noexcept {
    const std::lock_guard lock(mutex_);
    owes_rollback_ = true;
}

void Connection::session_changed() noexcept {
    const std::lock_guard lock(mutex_);
    dirty_ = true;
}

bool Connection::owes_rollback() const noexcept {
    const std::lock_guard lock(mutex_);
    return owes_rollback_;
}

bool Connection::owes_reset() const noexcept {
    const std::lock_guard lock(mutex_);
    return owes_reset_;
}

SqlState Connection::loss() const noexcept {
    const std::lock_guard lock(mutex_);
    return fsm_.loss_state();
}

std::unique_ptr<CancelHandle> Connection::make_cancel() noexcept {
    const std::lock_guard lock(mutex_);
    if (fsm_.lost() || !fsm_.handle())
        return nullptr;
    return fsm_.handle().pq().make_cancel(fsm_.handle().get());
}

void Connection::close(std::exception_ptr reason) noexcept {
    Ending ending;
    {
        const std::lock_guard lock(mutex_);
        if (!descriptor_)
            return;
        tell_early(ending, std::move(reason), "the connection was closed");
        descriptor_.reset();
        fsm_.close();
    }
    if (ending.sink)
        deliver_later(std::move(ending));
}

} // namespace corm::wire
