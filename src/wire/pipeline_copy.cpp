// A COPY between two pipelines of PipelineFsm.
#include "wire/pipeline_fsm.hpp"

#include <corm/base/error.hpp>

namespace corm::wire {

// Everything that was sent is answered.
void PipelineFsm::end_pipeline() {
    if (error_ || given_up_ || next_ == request_.statements.size())
        end_request();
    else
        start_copy();
}

void PipelineFsm::start_copy() {
    const Statement& statement = request_.statements[next_];
    std::string_view bytes;
    try {
        bytes = statement.copy->bytes(results_);
    } catch (...) {
        failed_before_commit_ = true;
        fail(std::current_exception(), true);
        end_request();
        return;
    }
    if (!conn_.pq().exit_pipeline(conn_.get())) {
        set_lost({});
        finish();
        return;
    }
    ++statements_sent_;
    copy_.emplace(conn_, *statement.sql, bytes, statement.channel);
    static_cast<void>(copy_->begin()); // `go_on` says what to wait for
}

Want PipelineFsm::resume(CopyStep step) {
    results_.clear(); // the caller has those of the statements ahead
    return after_copy(copy_->resume(step));
}

Reply PipelineFsm::take_paused_reply() {
    Reply reply;
    reply.results = std::move(results_);
    reply.results.emplace_back();
    reply.sent = reply.in_transaction = reply.copying = true;
    results_.clear();
    return reply;
}

Want PipelineFsm::go_on() {
    return copy_ ? after_copy(copy_->on_writable()) : step();
}

Want PipelineFsm::after_copy(Want want) {
    if (want != Want::done)
        return want;
    end_copy();
    return phase_ == Phase::idle ? Want::done : go_on();
}

void PipelineFsm::end_copy() {
    std::optional<Diagnostics> refused = std::move(copy_->error());
    Result result = copy_->take_result();
    const bool alive = !copy_->lost() && conn_.pq().enter_pipeline(conn_.get());
    round_trips_ += copy_->round_trips();
    copy_.reset();
    if (!alive) {
        set_lost(refused ? std::move(*refused) : Diagnostics{});
        finish();
        return;
    }
    if (refused) {
        failed_before_commit_ = true;
        if (keep_answers_)
            answers_[next_] = {.rows = 0, .failed = true, .skipped = false, .sqlstate = refused->sqlstate};
        fail(make_database_error(std::move(*refused), request_.where), true);
    } else {
        on_copied(std::move(result));
    }
    ++next_;
    synced_ = holding_ = output_pending_ = false;
    expected_.clear();
    expected_head_ = 0;
    if (error_ || given_up_ || next_ == request_.statements.size())
        end_request();
}

void PipelineFsm::on_copied(Result result) {
    const std::int64_t rows = result.affected_rows();
    if (keep_answers_)
        answers_[next_] = {.rows = rows, .failed = false, .skipped = false, .sqlstate = {}};
    try {
        request_.statements[next_].copy->copied(rows);
        results_.push_back(std::move(result));
    } catch (...) {
        failed_before_commit_ = true;
        fail(std::current_exception(), true);
    }
}

} // namespace corm::wire
