#include "support/fake_pq.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <cstring>

namespace corm::test {
namespace {

int some_object;
pg_conn* the_connection() {
    return reinterpret_cast<pg_conn*>(&some_object);
}

class FakeCancel final : public wire::CancelHandle {
public:
    bool send() noexcept override { return true; }
};

std::string tag_of(const std::string& sql) {
    if (sql.starts_with("SELECT"))
        return "SELECT 1";
    if (sql.starts_with("UPDATE"))
        return "UPDATE 1";
    return sql;
}

} // namespace

using wire::ResultStatus;
using wire::TransactionStatus;

wire::ConnHandle FakePq::connect(const std::shared_ptr<FakePq>& self) {
    return {self, the_connection()};
}

bool FakePq::call() noexcept {
    if (calls_++ >= break_at_)
        broken_ = true;
    return !broken_;
}

void FakePq::hang_up(std::string sqlstate) {
    hung_up_ = true;
    notice_ = std::move(sqlstate);
}

pg_conn* FakePq::connect_start(const char* const* names, const char* const* values) noexcept {
    for (; *names != nullptr; ++names, ++values)
        keywords[*names] = *values;
    return the_connection();
}

wire::PollStatus FakePq::connect_poll(pg_conn*) noexcept {
    return polls[std::min(poll_++, polls.size() - 1)];
}

bool FakePq::connected(const pg_conn*) noexcept {
    return !broken_ && !(hung_up_ && arrived_.empty() && on_the_way_.empty());
}
int FakePq::socket(const pg_conn*) noexcept {
    return descriptor;
}
const char* FakePq::error_message(const pg_conn*) noexcept {
    return connect_error.c_str();
}
void FakePq::finish(pg_conn*) noexcept {
    ++finished;
}
int FakePq::backend(const pg_conn*) noexcept {
    return 4711;
}
bool FakePq::enter_pipeline(pg_conn*) noexcept {
    in_pipeline_ = true;
    return call() && copying_.empty();
}
bool FakePq::exit_pipeline(pg_conn*) noexcept {
    in_pipeline_ = false;
    return call() && on_the_way_.empty() && arrived_.empty() && !end_of_command_;
}
void FakePq::receive_notices(pg_conn*, wire::NoticeReceiver receiver, void* context) noexcept {
    receiver_ = receiver;
    context_ = context;
}

void FakePq::answer(Answer answer) {
    if (hung_up_)
        return;
    const bool sync = answer.status == ResultStatus::sync;
    if (skipping_ && !sync)
        answer = {ResultStatus::aborted, {}, {}};
    if (answer.status == ResultStatus::error) {
        skipping_ = true;
        failed_block_ = in_block_;
        answer.ends_connection = answer.failure.severity == "FATAL";
        hung_up_ = hung_up_ || answer.ends_connection;
    }
    if (sync)
        skipping_ = false;
    on_the_way_.push_back(std::move(answer));
}

void FakePq::run(const std::string& sql) {
    sent.push_back(sql);
    if (skipping_)
        return answer({ResultStatus::aborted, {}, {}});
    if (const auto found = failures.find(sql); found != failures.end() && found->second.times-- != 0)
        return answer({ResultStatus::error, found->second, {}});
    if (failed_block_ && sql != "COMMIT" && sql != "ROLLBACK")
        return answer({ResultStatus::error, {"25P02"}, {}});
    std::string tag = tag_of(sql);
    if (sql == "DEALLOCATE ALL")
        prepared_.clear();
    if (sql.starts_with("BEGIN"))
        in_block_ = true;
    if (sql == "COMMIT" || sql == "ROLLBACK") {
        if (sql == "COMMIT" && failed_block_)
            tag = "ROLLBACK";
        commits += tag == "COMMIT" ? 1 : 0;
        in_block_ = failed_block_ = false;
    }
    answer({sql.starts_with("SELECT") ? ResultStatus::tuples : ResultStatus::ok, {}, tag});
}

bool FakePq::send_prepare(pg_conn*, const char* name, const char* sql, int, const wire::Oid*) noexcept {
    if (!call())
        return false;
    sent.push_back(std::string("parse:") + sql);
    known_[name] = sql;
    if (!skipping_) {
        if (!prepared_.emplace(name, sql).second) {
            answer({ResultStatus::error, {"42P05", "ERROR", {}, name}, {}});
            return true;
        }
        if (const auto found = failures.find("parse:" + std::string{sql}); found != failures.end()) {
            prepared_.erase(name);
            answer({ResultStatus::error, found->second, {}});
            return true;
        }
    }
    answer({ResultStatus::ok, {}, "PREPARE"});
    return true;
}

bool FakePq::send_execute(pg_conn*, const char* name, int, const char* const*, const int*, const int*) noexcept {
    if (!call())
        return false;
    if (!skipping_ && !prepared_.contains(name)) {
        sent.push_back(known_[name]);
        answer({ResultStatus::error, {"26000", "ERROR", {}, name}, {}});
        return true;
    }
    run(known_[name]);
    return true;
}

bool FakePq::send_query(pg_conn*, const char* sql, int, const wire::Oid*, const char* const*, const int*,
                        const int*) noexcept {
    if (!call())
        return false;
    run(sql);
    return true;
}

bool FakePq::send_close(pg_conn*, const char* name) noexcept {
    if (!call())
        return false;
    sent.push_back("close:" + known_[name]);
    if (skipping_)
        answer({ResultStatus::aborted, {}, {}});
    else if (failed_block_) // DEALLOCATE is a statement like others
        answer({ResultStatus::error, {"25P02"}, {}});
    else if (prepared_.erase(name) != 0)
        answer({ResultStatus::ok, {}, "DEALLOCATE"});
    else
        answer({ResultStatus::error, {"26000"}, {}});
    return true;
}

// Out of a pipeline each command has its own Sync.
void FakePq::answer_simple(Answer made) {
    answer(std::move(made));
    skipping_ = false;
    if (!on_the_way_.empty())
        on_the_way_.back().told = failed_block_ ? TransactionStatus::failed
                                  : in_block_   ? TransactionStatus::in_transaction
                                                : TransactionStatus::idle;
}

bool FakePq::send_simple(pg_conn*, const char* sql) noexcept {
    if (!call() || in_pipeline_)
        return false;
    sent.emplace_back(sql);
    if (const auto found = failures.find(sql); found != failures.end() && found->second.times-- != 0) {
        answer_simple({ResultStatus::error, found->second, {}});
    } else if (failed_block_) {
        answer_simple({ResultStatus::error, {"25P02"}, {}});
    } else if (std::string_view{sql}.ends_with("TO STDOUT")) {
        giving_ = sql;
        given_ = at_once_ = 0;
        answer({ResultStatus::copy_out, {}, {}, false, false});
    } else {
        copying_ = sql;
        copied_before_ = copied.size();
        answer({ResultStatus::copy, {}, {}, false, false});
    }
    return true;
}

int FakePq::put_copy_data(pg_conn*, std::string_view bytes) noexcept {
    if (!call() || copying_.empty())
        return -1;
    if (full_buffers > 0) {
        --full_buffers;
        return 0;
    }
    copied += bytes;
    if (const auto found = failures.find("row:" + copying_); found != failures.end() && !refused_row_) {
        refused_row_ = true;
        ++blocked_flushes; // the client reads of it before it has sent the rest
        answer_simple({ResultStatus::error, found->second, {}});
    }
    return 1;
}

int FakePq::put_copy_end(pg_conn*, const char* reason) noexcept {
    if (!call() || copying_.empty())
        return -1;
    sent.push_back(reason != nullptr ? "<CopyFail>" : "<CopyDone>");
    const auto found = failures.find("rows:" + std::exchange(copying_, {}));
    if (std::exchange(refused_row_, false))
        return 1; // everything is said
    const auto rows = std::count(copied.begin() + static_cast<std::ptrdiff_t>(copied_before_), copied.end(), '\n');
    if (reason != nullptr)
        answer_simple({ResultStatus::error, {"57014"}, {}});
    else if (found != failures.end() && found->second.times-- != 0)
        answer_simple({ResultStatus::error, found->second, {}});
    else
        answer_simple({ResultStatus::ok, {}, "COPY " + std::to_string(rows - kept_out)});
    return 1;
}

int FakePq::get_copy_data(pg_conn*, std::string& out) noexcept {
    if (!call() || giving_.empty())
        return -2;
    if (given_ < rows_out.size()) {
        if (at_once_ == rows_at_once) {
            at_once_ = 0;
            return 0;
        }
        ++at_once_;
        out += rows_out[given_++];
        return 1;
    }
    const auto found = failures.find("rows:" + std::exchange(giving_, {}));
    if (found != failures.end() && found->second.times-- != 0)
        answer_simple({ResultStatus::error, found->second, {}});
    else
        answer_simple({ResultStatus::ok, {}, "COPY " + std::to_string(given_)});
    return -1;
}

bool FakePq::send_flush_request(pg_conn*) noexcept {
    if (!call())
        return false;
    sent.emplace_back("<Flush>");
    return true;
}

bool FakePq::pipeline_sync(pg_conn*) noexcept {
    if (!call())
        return false;
    sent.emplace_back("<Sync>");
    if (!sync_failure.sqlstate.empty()) {
        on_the_way_.push_back({ResultStatus::error, std::exchange(sync_failure, {}), {}});
        skipping_ = false;
    }
    answer({ResultStatus::sync, {}, {}});
    at_sync_.push_back(failed_block_ ? TransactionStatus::failed
                       : in_block_   ? TransactionStatus::in_transaction
                                     : TransactionStatus::idle);
    return true;
}

int FakePq::flush(pg_conn*) noexcept {
    if (!call())
        return -1;
    if (blocked_flushes > 0) {
        --blocked_flushes;
        return 1;
    }
    return 0;
}

bool FakePq::consume_input(pg_conn*) noexcept {
    if (before_read)
        before_read();
    if (!call())
        return false;
    if (hung_up_ && !notice_.empty() && receiver_ != nullptr) {
        pg_result* notice = make({ResultStatus::error, {std::exchange(notice_, {}), "FATAL"}, {}});
        receiver_(context_, notice);
        PQclear(notice);
    }
    for (std::size_t i = 0; i < answers_per_read && !on_the_way_.empty(); ++i) {
        const bool last = on_the_way_.front().ends_connection;
        arrived_.push_back(std::move(on_the_way_.front()));
        on_the_way_.pop_front();
        if (last)
            on_the_way_.clear();
    }
    return !(hung_up_ && on_the_way_.empty() && arrived_.empty());
}

bool FakePq::is_busy(pg_conn*) noexcept {
    return arrived_.empty() && !end_of_command_ && !broken_ && !(hung_up_ && on_the_way_.empty());
}

pg_result* FakePq::get_result(pg_conn*) noexcept {
    if (std::exchange(end_of_command_, false) || arrived_.empty())
        return nullptr;
    const Answer next = std::move(arrived_.front());
    arrived_.pop_front();
    end_of_command_ = next.status != ResultStatus::sync && next.ends_command;
    told_ = next.told.value_or(told_);
    if (next.status == ResultStatus::sync) {
        told_ = at_sync_.front();
        at_sync_.pop_front();
    }
    return make(next);
}

pg_result* FakePq::make(const Answer& answer) {
    pg_result* result = PQmakeEmptyPGresult(nullptr, PGRES_COMMAND_OK);
    std::strncpy(PQcmdStatus(result), answer.tag.c_str(), 63);
    results_[result] = answer;
    return result;
}

TransactionStatus FakePq::transaction_status(const pg_conn*) noexcept {
    return broken_ ? TransactionStatus::broken : told_;
}

std::unique_ptr<wire::CancelHandle> FakePq::make_cancel(pg_conn*) noexcept {
    return std::make_unique<FakeCancel>();
}

ResultStatus FakePq::result_status(const pg_result* result) noexcept {
    return results_[result].status;
}

const char* FakePq::error_field(const pg_result* result, char field) noexcept {
    const Failure& failure = results_[result].failure;
    switch (field) {
    case 'C': return failure.sqlstate.c_str();
    case 'V': return failure.severity.c_str();
    case 'R': return failure.routine.c_str();
    case 'M': return failure.message.c_str();
    default: return nullptr;
    }
}

} // namespace corm::test
