// Life of a request in PipelineFsm, and what its end means. The halves are in pipeline_send.cpp and
// pipeline_receive.cpp, COPY in pipeline_copy.cpp.
#include "wire/pipeline_fsm.hpp"

#include "wire/diagnostics.hpp"

#include <corm/base/error.hpp>

#include <utility>

namespace corm::wire {

PipelineFsm::PipelineFsm(ConnHandle conn, std::size_t cached_statements, std::shared_ptr<StatementEpoch> epoch)
    : conn_(std::move(conn)), cache_(cached_statements), epoch_(std::move(epoch)) {
    if (epoch_)
        seen_epoch_ = epoch_->now();
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
    if (synced_ && expected_.empty()) {
        end_pipeline(); // nothing stands ahead of the COPY
        return go_on();
    }
    return output_pending_ ? Want::read_write : Want::read;
}

Want PipelineFsm::on_writable() {
    return go_on();
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

void PipelineFsm::fail_statement(std::size_t index, std::exception_ptr error) {
    if (request_.apart)
        errors_[index] = std::move(error);
    else
        fail(std::move(error), true);
}

void PipelineFsm::set_lost(Diagnostics cause) {
    lost_ = true;
    if (!cause.sqlstate.empty())
        loss_cause_ = std::move(cause);
}

bool PipelineFsm::outcome_unknown() const noexcept {
    return commit_sent_ && !commit_acknowledged_ && !failed_before_commit_ && !error_;
}

bool PipelineFsm::begins_transaction() const noexcept {
    return !request_.statements.empty() && request_.statements.front().sql->starts_with("BEGIN");
}

bool PipelineFsm::committed() const noexcept {
    return commit_acknowledged_ && results_.size() == request_.statements.size();
}

bool PipelineFsm::safe_to_retry() const noexcept {
    if (commit_acknowledged_)
        return false;
    // A transaction that was open, or begun here, and never saw its COMMIT is undone by the server; so is one that
    // never saw the Sync that was to commit it.
    return request_.repeatable || prefix_failed_ || in_transaction_before_ || begins_transaction() ||
           (request_.commits && !commit_sent_);
}

std::exception_ptr PipelineFsm::make_doubt(std::string_view event) const {
    return std::make_exception_ptr(CommitOutcomeUnknown(
        std::string{event} + " while a COMMIT was under way: it may or may not have taken effect; ask "
                             "Engine::resolve(), or read the data again, before repeating it",
        std::nullopt, request_.where));
}

void PipelineFsm::finish() noexcept {
    phase_ = Phase::idle;
    copy_.reset();
    if (!lost_ && !conn_.pq().is_utf8(conn_.get())) {
        // Texts could not be told from garbage any more.
        lost_ = true;
        if (!request_.commits)
            fail(std::make_exception_ptr(Error("client_encoding was changed; corm speaks UTF-8 only, so the connection "
                                               "is closed and its transaction undone",
                                               request_.where)),
                 false);
        return;
    }
    if (!lost_ || error_ || committed())
        return;
    in_doubt_ = outcome_unknown();
    if (in_doubt_)
        error_ = make_doubt("the connection was lost");
    else
        error_ = make_connection_lost({.cause = loss_cause_,
                                       .safe_to_retry = safe_to_retry(),
                                       .doing = "while executing",
                                       .where = request_.where});
}

Reply PipelineFsm::take_reply() {
    Reply reply;
    reply.results = std::move(results_);
    reply.errors = std::move(errors_);
    reply.error = std::exchange(error_, nullptr);
    reply.failed_in_statement = failed_in_statement_;
    reply.overflowed = overflowed_;
    reply.sent = !prefix_failed_;
    reply.in_doubt = in_doubt_;
    reply.in_transaction = status() == TransactionStatus::in_transaction;
    results_.clear();
    return reply;
}

Reply PipelineFsm::reply_early(std::exception_ptr error, std::string_view event) {
    Reply reply;
    reply.sent = true;
    if (error_ && !send_again_) {
        reply.error = error_;
        reply.failed_in_statement = failed_in_statement_;
        reply.overflowed = overflowed_;
    } else if (outcome_unknown()) {
        reply.error = make_doubt(event);
        reply.in_doubt = true;
    } else if (!committed()) {
        reply.error = std::move(error);
    }
    reply.results = std::move(results_);
    results_.clear();
    give_up();
    return reply;
}

std::exception_ptr PipelineFsm::loss(std::source_location where) const {
    return make_connection_lost(
        {.cause = loss_cause_, .safe_to_retry = true, .doing = "before anything was sent", .where = where});
}

void PipelineFsm::close() noexcept {
    lost_ = true;
    phase_ = Phase::idle;
    copy_.reset();
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
