// The receiving half of PipelineFsm.
#include "wire/pipeline_fsm.hpp"

#include "wire/diagnostics.hpp"

#include <corm/base/error.hpp>

#include <utility>

namespace corm::wire {
namespace {

/// The server cannot use a statement that was prepared under `name`: its table changed, or it is not there, or somebody
/// else's is. Nothing that a function inside of the statement ran into.
bool is_unusable(const Diagnostics& diagnostics, std::string_view name) {
    const SqlState state = diagnostics.sqlstate;
    if (state == sqlstate::feature_not_supported)
        return diagnostics.routine == "RevalidateCachedQuery" && diagnostics.context.empty();
    return (state == sqlstate::invalid_statement_name || state == sqlstate::duplicate_prepared_statement) &&
           diagnostics.message.find(name) != std::string::npos;
}

} // namespace

Want PipelineFsm::on_readable() {
    if (phase_ == Phase::idle)
        return Want::done;
    if (copy_)
        return after_copy(copy_->on_readable());
    const bool alive = conn_.pq().consume_input(conn_.get());
    // Even a connection that just ended has delivered what came before its end.
    receive();
    if (phase_ == Phase::idle)
        return Want::done;
    if (!alive) {
        set_lost({});
        finish();
        return Want::done;
    }
    return !synced_ || output_pending_ || copy_ ? go_on() : Want::read;
}

bool PipelineFsm::read_idle_input() {
    if (lost_ || !conn_)
        return false;
    Pq& pq = conn_.pq();
    const bool alive = pq.consume_input(conn_.get());
    // Parses what has come: the farewell of a terminated session arrives as a notice.
    static_cast<void>(pq.is_busy(conn_.get()));
    if (!alive || !pq.connected(conn_.get()))
        lost_ = true;
    return !lost_;
}

std::vector<Notification> PipelineFsm::take_notifications() {
    std::vector<Notification> taken;
    Notification next;
    while (conn_ && conn_.pq().notification(conn_.get(), next))
        taken.push_back(std::move(next));
    return taken;
}

void PipelineFsm::receive() {
    Pq& pq = conn_.pq();
    int unexpected = 0;
    while (phase_ == Phase::running && expected_head_ < expected_.size()) {
        if (Expected& next = expected_[expected_head_]; next.kind == Kind::execute && !next.by_row && !next.answered &&
                                                        request_.statements[next.statement].cap.is_set()) [[unlikely]]
            next.by_row = pq.single_rows(conn_.get());
        if (pq.is_busy(conn_.get()))
            return;
        pg_result* result = pq.get_result(conn_.get());
        Expected& expected = expected_[expected_head_];
        if (result != nullptr) {
            on_result(expected, result);
        } else if (expected.answered) {
            ++expected_head_;
        } else if (!pq.connected(conn_.get()) || ++unexpected > 2) {
            // libpq has lost step with the server: nothing it says can be matched any more.
            set_lost({});
        }
        if (lost_) {
            finish();
            return;
        }
    }
    if (phase_ == Phase::running && synced_)
        end_pipeline();
}

void PipelineFsm::end_request() {
    if (std::exchange(forgets_, false))
        forget_all();
    if (!send_again_ || given_up_) {
        finish();
        return;
    }
    sent_again_ = true;
    start(status() == TransactionStatus::failed, false);
}

void PipelineFsm::on_result(Expected& expected, pg_result* result) {
    Pq& pq = conn_.pq();
    const ResultStatus status = pq.result_status(result);
    const bool is_last_sync = synced_ && expected_head_ + 1 == expected_.size();
    Result owner{result};
    switch (status) {
    case ResultStatus::sync:
        if (expected.kind != Kind::sync)
            set_lost({});
        ++expected_head_;
        if (is_last_sync && !error_ && commit_sent_ && commit_at_ == request_.statements.size())
            commit_acknowledged_ = true;
        return;
    case ResultStatus::row:
        if (expected.kind != Kind::execute || expected.answered)
            return set_lost({});
        on_row(expected, owner);
        return;
    case ResultStatus::ok:
    case ResultStatus::tuples:
        if (expected.kind == Kind::sync || expected.answered)
            return set_lost({});
        expected.answered = true;
        on_success(expected, std::move(owner));
        return;
    case ResultStatus::aborted:
        expected.answered = true;
        if (expected.kind == Kind::parse)
            forget(expected.entry);
        answered(expected);
        return;
    case ResultStatus::error: {
        const std::string_view sql = expected.kind == Kind::execute || expected.kind == Kind::parse
                                         ? std::string_view{*request_.statements[expected.statement].sql}
                                         : std::string_view{};
        Diagnostics diagnostics = read_diagnostics(pq, result, sql);
        if (is_last_sync && !is_fatal(diagnostics) && !diagnostics.sqlstate.empty()) {
            // Without a transaction block the Sync is the commit, and that failed. What ends the Sync is still to come.
            fail(make_database_error(std::move(diagnostics), request_.where), false);
            return;
        }
        expected.answered = true;
        on_error(expected, std::move(diagnostics));
        return;
    }
    case ResultStatus::copy:
    case ResultStatus::copy_out:
    case ResultStatus::other: break;
    }
    // libpq cannot leave a COPY in a pipeline.
    failed_before_commit_ = true;
    fail(std::make_exception_ptr(
             Error("COPY cannot run as a statement of a pipeline; the connection is closed", request_.where)),
         true);
    set_lost({});
}

void PipelineFsm::on_row(const Expected& expected, const Result& row) {
    if (error_ || given_up_)
        return; // dropped, as all that follow
    capped_.add(row.get());
    check_cap(expected, capped_.rows(), capped_.bytes());
}

void PipelineFsm::check_cap(const Expected& expected, std::size_t rows, std::size_t bytes) {
    const Statement& statement = request_.statements[expected.statement];
    const std::string beyond = excess(statement.cap, rows, bytes);
    if (beyond.empty())
        return;
    capped_.clear();
    overflowed_ = true;
    failed_before_commit_ = failed_before_commit_ || expected.statement < commit_at_;
    fail(std::make_exception_ptr(
             ResultTooLarge("the result has " + beyond +
                                "; the statement was cancelled, and none of its rows is kept: read them as a "
                                "stream (session.stream), ask for fewer (limit), or raise the cap",
                            *statement.sql, place_of(statement))),
         true);
}

void PipelineFsm::on_success(Expected& expected, Result result) {
    if (expected.kind == Kind::parse) {
        if (expected.entry != nullptr)
            expected.entry->parsed = true;
        return;
    }
    if (expected.kind != Kind::execute)
        return;
    answered(expected);
    const Statement& statement = request_.statements[expected.statement];
    if (statement.cap.is_set()) [[unlikely]] {
        result = capped_.finish(std::move(result));
        if (!error_ && !given_up_)
            check_cap(expected, static_cast<std::size_t>(result.row_count()), result.memory());
    }
    const std::string_view tag = result.tag();
    if (keep_answers_) {
        Answered& answer = answers_[expected.statement];
        answer.skipped = false;
        answer.rows = result.column_count() != 0 ? result.row_count() : result.affected_rows();
    }
    if (tag == "DISCARD ALL" || tag == "DEALLOCATE ALL")
        forget_all();
    user_prepared_ = user_prepared_ || tag == "PREPARE";
    if (statement.expected_tag != nullptr && tag != statement.expected_tag) {
        Diagnostics diagnostics;
        diagnostics.sqlstate = sqlstate::failed_transaction;
        diagnostics.severity = "ERROR";
        diagnostics.message = "the server answered " + std::string{tag} + " to " + statement.expected_tag;
        diagnostics.hint = "An earlier statement failed in this transaction: nothing of it was saved.";
        diagnostics.sql = *statement.sql;
        fail_statement(expected.statement, make_database_error(std::move(diagnostics), place_of(statement)));
        return;
    }
    if (error_)
        return;
    if (!request_.apart)
        results_.push_back(std::move(result));
    else if (!given_up_) // or they were handed over, places and all
        results_[expected.statement] = std::move(result);
    commit_acknowledged_ = commit_acknowledged_ || (request_.commits && expected.statement == commit_at_);
}

void PipelineFsm::on_error(Expected& expected, Diagnostics diagnostics) {
    const bool of_statement = expected.kind == Kind::parse || expected.kind == Kind::execute;
    const bool fatal = is_fatal(diagnostics);
    if (of_statement && (expected.statement < commit_at_ || expected.kind == Kind::parse) &&
        !diagnostics.sqlstate.empty())
        failed_before_commit_ = true;
    // The server skips what is behind a failure: nothing of the request was run.
    if (expected.kind == Kind::prefix && !prefix_apart_ && !diagnostics.sqlstate.empty())
        prefix_failed_ = failed_before_commit_ = true;
    // Without an SQLSTATE it is libpq that speaks: the socket ended, or the bytes made no sense.
    if (fatal || diagnostics.sqlstate.empty() || expected.kind == Kind::prefix || expected.kind == Kind::sync) {
        set_lost(std::move(diagnostics));
        return;
    }
    if (expected.kind == Kind::close && in_transaction_before_) {
        // The program has dropped it: nothing is known any more of what the server still holds.
        diagnostics.stale_plan = true;
        failed_before_commit_ = true;
        prepare_anew();
        fail(make_database_error(std::move(diagnostics), request_.where), true);
    }
    if (!of_statement)
        return;
    answered(expected);
    if (keep_answers_) {
        Answered& answer = answers_[expected.statement];
        answer.skipped = false;
        answer.failed = true;
        answer.sqlstate = diagnostics.sqlstate;
    }
    if (expected.entry != nullptr && is_unusable(diagnostics, expected.entry->name.data())) {
        diagnostics.stale_plan = true;
        send_again_ = !error_ && !request_.apart && may_send_again(expected);
        if (epoch_ && diagnostics.sqlstate == sqlstate::feature_not_supported) {
            epoch_->advance(Clock::now());
            seen_epoch_ = epoch_->now();
        }
        prepare_anew();
    } else if (expected.kind == Kind::parse) {
        forget(expected.entry);
    }
    fail_statement(expected.statement,
                   make_database_error(std::move(diagnostics), place_of(request_.statements[expected.statement])));
}

void PipelineFsm::answered(const Expected& expected) {
    if (expected.kind != Kind::execute)
        return;
    const Statement& statement = request_.statements[expected.statement];
    --unanswered_;
    unanswered_bytes_ -= statement.parameters.total_bytes() + statement.sql->size();
}

// Nothing of the request has taken effect: its transaction was undone by the failure. Without a BEGIN in it, what
// stands before the failed statement may have been a procedure that commits.
bool PipelineFsm::may_send_again(const Expected& failed) const noexcept {
    return !sent_again_ && !given_up_ && !in_transaction_before_ && failed.statement <= commit_at_ &&
           (request_.repeatable || begins_transaction() || failed.statement == 0);
}

void PipelineFsm::prepare_anew() noexcept {
    deallocate_ = deallocate_ || cache_.size() != 0 || !cache_.evicted().empty();
    // Statements that are apart are not skipped: those that are on their way find the same, and are known by the names
    // of their entries.
    forgets_ = phase_ == Phase::running && request_.apart;
    if (!forgets_)
        forget_all();
}

void PipelineFsm::forget(StatementCache::Entry* entry) {
    if (entry == nullptr)
        return;
    for (std::size_t i = expected_head_; i < expected_.size(); ++i) {
        if (expected_[i].entry == entry)
            expected_[i].entry = nullptr;
    }
    cache_.remove(entry);
}

void PipelineFsm::forget_all() noexcept {
    for (Expected& expected : expected_)
        expected.entry = nullptr;
    cache_.clear();
}

} // namespace corm::wire
