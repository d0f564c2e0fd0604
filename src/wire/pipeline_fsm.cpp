// Life of a request in PipelineFsm, and what its end means. The halves are in pipeline_send.cpp and
// pipeline_receive.cpp.
#include "wire/pipeline_fsm.hpp"

#include "wire/diagnostics.hpp"

#include <utility>

namespace corm::wire {

PipelineFsm::PipelineFsm(ConnHandle conn, std::size_t cached_statements)
    : conn_(std::move(conn)), cache_(cached_statements) {
    conn_.pq().receive_notices(conn_.get(), &PipelineFsm::receive_notice, this);
}

Want PipelineFsm::step() {
    if (phase_ == Phase::idle)
        return Want::done;
    Pq& pq = conn_.pq();
    const bool sent = send_more();
    const int flushed = sent ? pq.flush(conn_.get()) : -1;
    if (flushed < 0) {
        // What the server said before it went away is still to be read.
        pq.consume_input(conn_.get());
        receive();
        if (phase_ == Phase::running) {
            set_lost({});
            finish();
        }
        return Want::done;
    }
    output_pending_ = flushed == 1;
    return output_pending_ ? Want::read_write : Want::read;
}

Want PipelineFsm::on_writable() {
    return step();
}

TransactionStatus PipelineFsm::status() const noexcept {
    if (lost_ || !conn_)
        return TransactionStatus::broken;
    return conn_.pq().transaction_status(conn_.get());
}

void PipelineFsm::fail(std::exception_ptr error, bool in_statement) {
    if (error_)
        return;
    error_ = std::move(error);
    failed_in_statement_ = in_statement;
}

void PipelineFsm::set_lost(Diagnostics cause) {
    lost_ = true;
    if (!cause.sqlstate.empty())
        loss_cause_ = std::move(cause);
}

bool PipelineFsm::outcome_unknown() const noexcept {
    return request_.commits && !commit_acknowledged_ && !failed_before_commit_ && !error_;
}

bool PipelineFsm::safe_to_retry() const noexcept {
    // A transaction that was open, or begun here, and never saw its COMMIT is undone by the server.
    if (commit_acknowledged_)
        return false;
    if (in_transaction_before_)
        return true;
    return !request_.statements.empty() && request_.statements.front().sql->starts_with("BEGIN");
}

void PipelineFsm::finish() noexcept {
    phase_ = Phase::idle;
    if (!lost_ || error_ || (commit_acknowledged() && results_.size() == request_.statements.size()))
        return;
    if (outcome_unknown())
        error_ = std::make_exception_ptr(CommitOutcomeUnknown(
            "the connection was lost while a COMMIT was under way: it may or may not have taken effect; read the data "
            "again before retrying",
            request_.where));
    else
        error_ = make_connection_lost({.cause = loss_cause_,
                                       .safe_to_retry = safe_to_retry(),
                                       .doing = "while executing",
                                       .where = request_.where});
}

Reply PipelineFsm::take_reply() {
    Reply reply;
    reply.results = std::move(results_);
    reply.error = std::exchange(error_, nullptr);
    reply.failed_in_statement = failed_in_statement_;
    reply.sent = true;
    results_.clear();
    return reply;
}

Reply PipelineFsm::reply_early(std::exception_ptr error) {
    Reply reply;
    reply.sent = true;
    if (error_) {
        reply.error = error_;
        reply.failed_in_statement = failed_in_statement_;
        reply.results = std::move(results_);
    } else if (commit_acknowledged() && results_.size() == request_.statements.size()) {
        reply.results = std::move(results_);
    } else if (outcome_unknown()) {
        reply.error = std::make_exception_ptr(
            CommitOutcomeUnknown("the deadline passed while a COMMIT was under way: it may or may not have taken "
                                 "effect; read the data again before retrying",
                                 request_.where));
    } else {
        reply.error = std::move(error);
    }
    results_.clear();
    return reply;
}

std::exception_ptr PipelineFsm::loss(std::source_location where) const {
    return make_connection_lost(
        {.cause = loss_cause_, .safe_to_retry = true, .doing = "before anything was sent", .where = where});
}

void PipelineFsm::close() noexcept {
    lost_ = true;
    phase_ = Phase::idle;
    conn_.reset();
}

void PipelineFsm::receive_notice(void* self, const pg_result* notice) noexcept {
    auto& fsm = *static_cast<PipelineFsm*>(self);
    constexpr std::size_t kept = 64;
    try {
        Diagnostics diagnostics = read_diagnostics(fsm.conn_.pq(), notice, {});
        if (is_reason_of_loss(diagnostics.sqlstate)) {
            fsm.loss_cause_ = diagnostics;
            // Told to an idle session, its end follows: as FATAL, or as a WARNING when the server stops at once.
            if (fsm.phase_ == Phase::idle)
                fsm.lost_ = true;
        }
        if (fsm.notices_.size() == kept)
            fsm.notices_.erase(fsm.notices_.begin());
        fsm.notices_.push_back(std::move(diagnostics));
    } catch (...) {
        // Out of memory: the notice is lost, the connection is not.
    }
}

} // namespace corm::wire
