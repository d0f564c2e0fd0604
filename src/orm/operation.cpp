// The life of an operation, from its lease to its completion. Its request is built in operation_request.cpp.
#include "orm/operation.hpp"

#include "base/place.hpp"
#include "orm/failed_while.hpp"
#include "orm/session_core.hpp"

#include <corm/base/error.hpp>
#include <corm/type/bytes.hpp>

#include <string>
#include <utility>

namespace corm::orm {
namespace asio = boost::asio;
namespace {

/// Why the session cannot go on after a cancelled operation.
std::exception_ptr ended_by_cancellation(const OperationPlan& plan) {
    return std::make_exception_ptr(
        Error(std::string{plan.name} + " at " + corm::detail::place_of(plan.where) +
                  " was cancelled, which ended the transaction of this session; call rollback() before using it again",
              plan.where));
}

} // namespace

Operation::Operation(std::shared_ptr<SessionCore> session, const OperationPlan& plan, Parts&& parts)
    : session_(std::move(session)), plan_(plan), parts_(std::move(parts)) {
    if (const std::shared_ptr<trace::Tracer>& tracer = session_->engine->options.tracer)
        span_ = trace::Span{tracer, plan_.kind, plan_.name, plan_.where};
}

Operation::Operation(std::shared_ptr<SessionCore> session, const OperationPlan& plan, wire::CopyStep step,
                     std::shared_ptr<Part> part)
    : session_(std::move(session)), plan_(plan), step_(step) {
    of_parts_ = part->statements;
    parts_.push_back(std::move(part));
}

Operation::~Operation() = default;

bool Operation::advance(Stage from, Stage to) noexcept {
    const std::scoped_lock lock{mutex_};
    if (stage_ != from)
        return false;
    stage_ = to;
    return true;
}

void Operation::initiate(Handler handler, const asio::any_io_executor& executor) {
    waiting_.begin(std::move(handler), executor);
    const auto self = shared_from_this();
    waiting_.on_cancel([weak = weak_from_this()](asio::cancellation_type type) {
        if (const auto operation = weak.lock())
            operation->cancel(type);
    });
    if (!session_->in_flight(self)) {
        // The session was destroyed before its operation was awaited.
        static_cast<void>(advance(Stage::idle, Stage::done));
        finish(aborted(), false);
        return;
    }
    try {
        if (!step_)
            build();
        else if (!session_->lease)
            throw Error(std::string{plan_.name} + " has lost its connection", plan_.where);
    } catch (...) {
        static_cast<void>(advance(Stage::idle, Stage::done));
        finish(std::current_exception(), false);
        return;
    }
    std::unique_lock lock{mutex_};
    if (cancelled_) {
        // On another thread, since it is in flight.
        stage_ = Stage::done;
        lock.unlock();
        finish(aborted(), false);
        return;
    }
    pool::Lease lease = session_->lease ? std::move(session_->lease) : session_->engine->pool->try_acquire(plan_.where);
    if (lease) {
        stage_ = Stage::executing;
        send(std::move(lease));
        return;
    }
    stage_ = Stage::acquiring;
    // Without the lock a cancellation may end this.
    const std::shared_ptr<pool::Pool> pool = session_->engine->pool;
    const TimePoint deadline = plan_.deadline;
    const std::source_location where = plan_.where;
    lock.unlock();
    pool->acquire(self, deadline, where);
    // It may have come before there was somebody to withdraw.
    if (gave_up() && pool->withdraw(this) && advance(Stage::acquiring, Stage::done))
        finish(aborted(), false);
}

void Operation::send(pool::Lease lease) {
    session_->lease = std::move(lease);
    if (step_) {
        session_->lease->resume(*step_, plan_.deadline, plan_.where, shared_from_this());
        return;
    }
    if (!measured_.empty() || session_->engine->slow_plans.wanted())
        sent_ = Clock::now();
    if (request_.apart)
        session_->lease->session_changed();
    session_->lease->start(std::move(request_), shared_from_this());
}

void Operation::on_lease(pool::Lease lease) noexcept {
    std::unique_lock lock{mutex_};
    if (!cancelled_) {
        stage_ = Stage::executing;
        send(std::move(lease));
        return;
    }
    stage_ = Stage::done;
    lock.unlock();
    lease.release();
    finish(aborted(), true);
}

void Operation::on_lease_failure(std::exception_ptr error) noexcept {
    std::unique_lock lock{mutex_};
    stage_ = Stage::done;
    if (cancelled_)
        error = aborted();
    lock.unlock();
    finish(std::move(error), true);
}

void Operation::cancel(asio::cancellation_type type) noexcept {
    const auto self = shared_from_this();
    const bool terminal = (type & asio::cancellation_type::terminal) != asio::cancellation_type::none;
    std::unique_lock lock{mutex_};
    if (stage_ == Stage::idle) {
        cancelled_ = true; // `initiate` sees the mark
        return;
    }
    if (stage_ == Stage::acquiring) {
        cancelled_ = true;
        const std::shared_ptr<SessionCore> session = session_;
        lock.unlock();
        // If the waiter is being served at this moment, on_lease sees the mark, and finishes.
        if (session->engine->pool->withdraw(this) && advance(Stage::acquiring, Stage::done))
            finish(aborted(), false);
        return;
    }
    if (stage_ != Stage::executing)
        return;
    if (session_->lease->sent() && !terminal)
        return;
    std::optional<wire::Reply> reply = session_->lease->abandon(aborted());
    if (!reply)
        return;
    stage_ = Stage::done;
    lock.unlock();
    std::exception_ptr error;
    if (reply->in_doubt || !reply->error) {
        error = digest(*reply);
    } else {
        error = aborted();
        session_->request_failed(plan_, ended_by_cancellation(plan_), true);
    }
    finish(std::move(error), false);
}

std::optional<TransactionId> Operation::identify(const wire::Reply& reply) const {
    if (!identified_at_ || reply.results.size() <= *identified_at_)
        return session_->transaction;
    const wire::Result& answer = reply.results[*identified_at_];
    const types::FieldView xid = answer.field(0, 0), start = answer.field(0, 1);
    if (xid.is_null() || xid.size != sizeof(std::uint64_t) || start.size != sizeof(std::int64_t))
        return std::nullopt;
    return TransactionId{types::get_big_endian<std::uint64_t>(xid.data),
                         types::get_big_endian<std::int64_t>(start.data)};
}

std::exception_ptr Operation::doubt(const wire::Reply& reply) const {
    const std::optional<TransactionId> transaction = identify(reply);
    if (!transaction)
        return reply.error;
    try {
        std::rethrow_exception(reply.error);
    } catch (const CommitOutcomeUnknown& unknown) {
        return std::make_exception_ptr(CommitOutcomeUnknown(std::string{unknown.what()} + " (transaction " +
                                                                std::to_string(transaction->xid) + ")",
                                                            transaction, plan_.where));
    } catch (...) {
        return reply.error;
    }
}

std::exception_ptr Operation::check_transaction(const wire::Reply& reply) const {
    const bool ends = plan_.commits || plan_.rolls_back;
    const bool expected = !ends && (begins_ || session_->in_transaction);
    if (reply.in_transaction == expected)
        return nullptr;
    return std::make_exception_ptr(Error(std::string{plan_.name} + " at " + corm::detail::place_of(plan_.where) +
                                             (expected ? " ended the transaction of its session"
                                                       : " left a transaction open that its session did not begin") +
                                             "; use commit(), rollback() and nested() instead of raw SQL for it",
                                         plan_.where));
}

std::exception_ptr Operation::explain(const wire::Reply& reply) const {
    if (!reply.failed_in_statement)
        return reply.error;
    std::size_t statement = reply.results.size();
    if (statement < ahead_)
        return configures_ && statement == (begins_ ? 1 : 0)
                   ? failed_while("applying SessionOptions::settings", reply.error)
                   : reply.error;
    statement -= ahead_;
    for (const auto& part : parts_) {
        if (statement < part->statements) {
            std::exception_ptr better = part->explain(statement, reply.error);
            if (!better)
                better = reply.error;
            const bool autoflush = plan_.flushes && plan_.kind == trace::Operation::execute && part == parts_.front();
            return autoflush
                       ? failed_while(std::string{"sending unflushed changes ahead of "} + plan_.name + " (autoflush)",
                                      better)
                       : better;
        }
        statement -= part->statements;
    }
    return reply.error;
}

bool Operation::failed_in_part(const wire::Reply& reply) const noexcept {
    const std::size_t statement = reply.results.size();
    return reply.failed_in_statement && statement >= ahead_ && statement < ahead_ + of_parts_;
}

std::exception_ptr Operation::digest(wire::Reply& reply) {
    if (reply.error) {
        std::exception_ptr error = reply.in_doubt ? doubt(reply) : explain(reply);
        const bool of_savepoint = !reply.in_doubt && !reply.overflowed && failed_in_part(reply);
        if (of_savepoint && session_->can_roll_back_to_savepoint())
            session_->savepoint_failed(error, closes_);
        else
            session_->request_failed(plan_, error, reply.sent);
        return error;
    }
    if (std::exception_ptr error = check_transaction(reply)) {
        session_->request_failed(plan_, error, true);
        return error;
    }
    if (begins_) {
        session_->in_transaction = true;
        session_->net_lifted = lifts_ && session_->savepoints.empty(); // a rollback to one takes it back
    }
    if (identified_at_ && !commits_)
        session_->transaction = identify(reply);
    if (plan_.transactional && !step_)
        session_->savepoints.sent();
    if (closes_ != 0)
        session_->cursors->sent(closes_);
    if (!plan_.only_reads)
        session_->only_read = false;
    std::exception_ptr error;
    std::span<wire::Result> results{reply.results};
    results = results.subspan(ahead_);
    for (const auto& part : parts_) {
        try {
            if (!error)
                part->digest(results.first(part->statements));
        } catch (...) {
            error = std::current_exception();
        }
        results = results.subspan(part->statements);
    }
    if (plan_.rolls_back)
        session_->rolled_back();
    else if (plan_.commits)
        session_->committed();
    else if (session_->options.autocommit && plan_.flushes)
        session_->committed();
    else if (!session_->in_transaction)
        session_->release();
    return error;
}

// One that failed has not shown how long it takes.
void Operation::look_at_time(wire::Reply& reply) noexcept {
    const std::shared_ptr<EngineCore>& engine = session_->engine;
    if (measured_.empty() && !engine->slow_plans.wanted())
        return;
    const Clock::duration took = Clock::now() - sent_;
    for (const std::uint64_t text : measured_)
        engine->quick_texts.ran(text, took);
    std::span<wire::Statement> statements{reply.request.statements};
    if (engine->slow_plans.is_slow(took) && statements.size() >= ahead_ + of_parts_)
        SlowPlans::ask(engine, session_->options, statements.subspan(ahead_, of_parts_), took, plan_.where);
}

void Operation::on_reply(wire::Reply reply) noexcept {
    if (!advance(Stage::executing, Stage::done))
        return;
    reply.take_apart();
    if (!reply.error && !step_)
        look_at_time(reply);
    std::exception_ptr error = digest(reply);
    // The caller runs inside of `finish`, for as long as it does not wait again: the rows must not last that long.
    reply = {};
    finish(std::move(error), true);
}

void Operation::finish(std::exception_ptr error, bool inline_allowed) noexcept {
    if (error)
        span_.fail(error);
    else
        span_.succeed();
    // They hold objects, which are dropped with their last handle, not with the last frame on the stack.
    parts_.clear();
    // The caller may end the session, which must be gone then, objects of it included.
    const std::shared_ptr<EngineCore> engine = session_->engine;
    session_.reset();
    waiting_.end(std::move(error), engine->executor, inline_allowed);
}

} // namespace corm::orm
