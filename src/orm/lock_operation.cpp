#include "orm/lock_operation.hpp"

#include <utility>

namespace corm::orm {
namespace asio = boost::asio;

LockOperation::LockOperation(std::shared_ptr<EngineCore> engine, pool::Lease lease, const char* name,
                             wire::Request request, std::shared_ptr<Outcome> outcome)
    : engine_(std::move(engine)), request_(std::move(request)), outcome_(std::move(outcome)), lease_(std::move(lease)) {
    if (engine_->options.tracer)
        span_ = trace::Span{engine_->options.tracer, trace::Operation::execute, name, request_.where};
}

Task<std::shared_ptr<LockOperation::Outcome>> LockOperation::run(std::shared_ptr<EngineCore> engine, pool::Lease lease,
                                                                 const char* name, wire::Request request) {
    const auto outcome = std::make_shared<Outcome>();
    co_await wait_for(
        std::make_shared<LockOperation>(std::move(engine), std::move(lease), name, std::move(request), outcome));
    co_return outcome;
}

void LockOperation::initiate(CompletionHandler handler, const asio::any_io_executor& executor) {
    const auto self = shared_from_this();
    waiting_.begin(std::move(handler), executor);
    waiting_.on_cancel([weak = weak_from_this()](asio::cancellation_type type) {
        if (const auto operation = weak.lock())
            operation->cancel(type);
    });
    const TimePoint deadline = request_.deadline;
    const std::source_location where = request_.where;
    pool::Pool& pool = *engine_->pool;
    std::unique_lock lock{mutex_};
    pool::Lease lease = lease_ ? std::move(lease_) : pool.try_acquire(where);
    if (lease) {
        send(std::move(lease));
        return;
    }
    lock.unlock();
    pool.acquire(self, deadline, where);
}

// Under the mutex.
void LockOperation::send(pool::Lease lease) {
    stage_ = Stage::executing;
    lease_ = std::move(lease);
    lease_.keep();
    // Whatever comes of it: nobody else gets a session that may hold a lock.
    lease_->session_changed();
    lease_->start(std::move(request_), shared_from_this());
}

void LockOperation::on_lease(pool::Lease lease) noexcept {
    std::unique_lock lock{mutex_};
    if (!cancelled_) {
        send(std::move(lease));
        return;
    }
    stage_ = Stage::done;
    lock.unlock();
    lease.release();
    finish(aborted(), true);
}

void LockOperation::on_lease_failure(std::exception_ptr error) noexcept {
    {
        const std::lock_guard lock{mutex_};
        stage_ = Stage::done;
        if (cancelled_)
            error = aborted();
    }
    finish(std::move(error), true);
}

void LockOperation::on_reply(wire::Reply reply) noexcept {
    pool::Lease lease;
    {
        const std::lock_guard lock{mutex_};
        if (stage_ != Stage::executing)
            return;
        stage_ = Stage::done;
        lease = std::move(lease_);
    }
    reply.take_apart();
    std::exception_ptr error = reply.error;
    if (error) {
        lease.release();
    } else {
        outcome_->lease = std::move(lease);
        outcome_->reply = std::move(reply);
    }
    finish(std::move(error), true);
}

// A lock that came in the same moment goes with the session.
void LockOperation::cancel(asio::cancellation_type) noexcept {
    const auto self = shared_from_this();
    pool::Lease lease;
    std::unique_lock lock{mutex_};
    if (stage_ == Stage::acquiring) {
        cancelled_ = true;
        lock.unlock();
        // If it is being served at this moment, on_lease sees the mark, and finishes.
        if (!engine_->pool->withdraw(this))
            return;
        lock.lock();
        stage_ = Stage::done;
    } else if (stage_ == Stage::executing && lease_->abandon(aborted())) {
        stage_ = Stage::done;
        lease = std::move(lease_);
    } else {
        return;
    }
    lock.unlock();
    lease.release();
    finish(aborted(), false);
}

void LockOperation::finish(std::exception_ptr error, bool inline_allowed) noexcept {
    if (error)
        span_.fail(error);
    else
        span_.succeed();
    outcome_.reset();
    waiting_.end(std::move(error), engine_->executor, inline_allowed);
}

} // namespace corm::orm
