// The sending half of PipelineFsm.
#include "wire/pipeline_fsm.hpp"

#include "wire/session_reset.hpp"

#include <corm/base/error.hpp>

namespace corm::wire {
namespace {

constexpr std::size_t max_parameters = 65'535;
// The server takes messages below 1 GiB; the rest is room for lengths and formats.
constexpr std::size_t max_message = (std::size_t{1} << 30) - (std::size_t{1} << 20);

// Unanswered statements and bytes beyond which the next ones are held back.
constexpr std::size_t window_statements = 256;
constexpr std::size_t window_bytes = std::size_t{1} << 20;

} // namespace

void check(const Statement& statement, const std::source_location& where) {
    const types::Parameters& parameters = statement.parameters;
    if (parameters.size() > max_parameters)
        throw ConversionError("a statement takes at most 65,535 parameters, this one has " +
                                  std::to_string(parameters.size()) + "; send arrays, or several statements",
                              where);
    if (parameters.total_bytes() + statement.sql->size() > max_message)
        throw ConversionError("a statement and its parameters must stay below 1 GiB; send the value in parts", where);
    if (statement.sql->find('\0') != std::string::npos)
        throw ConversionError("the text of a statement holds a NUL character", where);
}

void PipelineFsm::check(const Request& request) {
    for (const Statement& statement : request.statements) {
        wire::check(statement, request.where);
        if (statement.copy &&
            (!statement.parameters.empty() || (request.commits && request.statements.back().expected_tag == nullptr)))
            throw Error("a COPY takes no parameters, and where its request commits, a COMMIT behind it", request.where);
        if (statement.channel && (!statement.copy || &statement != &request.statements.back()))
            throw Error("a COPY by steps is the last statement of its request", request.where);
    }
}

Want PipelineFsm::begin(Request request, bool rollback_first, bool reset_first) {
    request_ = std::move(request);
    given_up_ = sent_again_ = false;
    commit_at_ = request_.statements.size();
    for (std::size_t i = 0; request_.commits && i < request_.statements.size(); ++i) {
        const char* const tag = request_.statements[i].expected_tag;
        if (tag != nullptr && std::string_view{tag} == "COMMIT")
            commit_at_ = i;
    }
    if (epoch_) {
        if (const std::uint64_t epoch = epoch_->now(); epoch != seen_epoch_) {
            seen_epoch_ = epoch;
            prepare_anew();
        }
    }
    return start(rollback_first, reset_first);
}

Want PipelineFsm::start(bool rollback_first, bool reset_first) {
    in_transaction_before_ = status() == TransactionStatus::in_transaction && !rollback_first;
    phase_ = Phase::running;
    ++number_;
    next_ = 0;
    synced_ = output_pending_ = holding_ = false;
    unanswered_ = unanswered_bytes_ = 0;
    expected_.clear();
    expected_head_ = 0;
    results_.clear();
    errors_.clear();
    if (request_.apart) {
        results_.resize(request_.statements.size());
        errors_.resize(request_.statements.size());
    } else {
        results_.reserve(request_.statements.size());
    }
    error_ = nullptr;
    failed_in_statement_ = commit_acknowledged_ = failed_before_commit_ = prefix_failed_ = false;
    in_doubt_ = commit_sent_ = send_again_ = overflowed_ = false;
    capped_.clear();
    if (keep_answers_)
        answers_.assign(request_.statements.size(), Answered{});
    if (!send_prefix(rollback_first, reset_first)) {
        set_lost({});
        finish();
        return Want::done;
    }
    return step();
}

bool PipelineFsm::send_prefix(bool rollback_first, bool reset_first) {
    Pq& pq = conn_.pq();
    if (rollback_first) {
        ++statements_sent_;
        if (!send_command("ROLLBACK"))
            return false;
    }
    cache_.evict_ended();
    const bool outside = rollback_first || status() == TransactionStatus::idle;
    const bool closes = outside && (deallocate_ || cache_.wants_closing());
    if (closes && deallocate_) {
        if (!pq.send_query(conn_.get(), "DEALLOCATE ALL", 0, nullptr, nullptr, nullptr, nullptr))
            return false;
        expect(Kind::close);
        deallocate_ = false;
    } else if (closes || (in_transaction_before_ && cache_.wants_closing())) {
        if (!close_evicted())
            return false;
    }
    // A Sync of its own: an error in closing (someone dropped the statement already) harms nothing else. Inside of a
    // transaction it could not help: that fails, as by any statement of which the server no longer knows.
    if (closes && !send_sync())
        return false;
    if (reset_first && !send_reset())
        return false;
    const bool alone = !request_.statements.empty() && request_.statements.front().alone;
    const bool apart = alone && (reset_first || (rollback_first && !closes));
    prefix_apart_ = apart || (rollback_first && closes);
    return !apart || send_sync();
}

bool PipelineFsm::close_evicted() {
    for (const StatementCache::Entry& entry : cache_.evicted()) {
        if (!conn_.pq().send_close(conn_.get(), entry.name.data()))
            return false;
        expect(Kind::close);
    }
    cache_.forget_evicted();
    return true;
}

bool PipelineFsm::send_sync() {
    ++round_trips_;
    expect(Kind::sync);
    return conn_.pq().pipeline_sync(conn_.get());
}

// Behind one statement of several that are apart: it need not reach the server before the next.
bool PipelineFsm::send_sync_between() {
    expect(Kind::sync);
    return conn_.pq().sync_between(conn_.get());
}

bool PipelineFsm::send_reset() {
    ++statements_sent_;
    for (const char* sql : reset_statements) {
        if (!send_command(sql))
            return false;
    }
    if (std::exchange(user_prepared_, false)) {
        cache_.clear();
        if (!send_command(deallocate_statement))
            return false;
    }
    return send_command("COMMIT");
}

bool PipelineFsm::send_command(const char* sql, Kind kind) {
    expect(kind);
    return conn_.pq().send_query(conn_.get(), sql, 0, nullptr, nullptr, nullptr, nullptr);
}

bool PipelineFsm::window_full() noexcept {
    // Filled up, the window opens again when half of it is answered: one flush request serves many statements.
    const std::size_t share = holding_ ? 2 : 1;
    return unanswered_ != 0 && (unanswered_ >= window_statements / share || unanswered_bytes_ >= window_bytes / share);
}

bool PipelineFsm::send_more() {
    if (synced_)
        return true;
    Pq& pq = conn_.pq();
    // The server would only skip what is left after an error. A COMMIT that nobody waits for is better not sent.
    const bool uncommitted = given_up_ && request_.commits && !commit_sent_;
    if (error_ || uncommitted)
        next_ = request_.statements.size();
    // Without a transaction block the Sync would be the COMMIT of what stands before it. (Nothing does, if an error has
    // undone it.)
    const bool undoes = uncommitted && !error_ && commit_at_ == request_.statements.size();
    if (undoes) {
        ++statements_sent_;
        if (!send_command("ROLLBACK", Kind::undo))
            return false;
    }
    while (next_ < request_.statements.size() && !request_.statements[next_].copy) {
        if (window_full()) {
            if (!holding_) {
                // The server keeps its answers until it is told to send them.
                holding_ = true;
                if (!pq.send_flush_request(conn_.get()))
                    return false;
            }
            return true;
        }
        holding_ = false;
        commit_sent_ = commit_sent_ || next_ == commit_at_;
        const bool flush = request_.statements[next_].flush;
        if (!send_statement(next_++) || (flush && !pq.send_flush_request(conn_.get())))
            return false;
        if (request_.apart && next_ < request_.statements.size() && !send_sync_between())
            return false;
    }
    commit_sent_ = commit_sent_ || (request_.commits && commit_at_ == request_.statements.size() && !undoes);
    synced_ = true;
    // Ahead of a COPY there may be nothing.
    return expected_.empty() && next_ < request_.statements.size() ? true : send_sync();
}

bool PipelineFsm::send_statement(std::size_t index) {
    const Statement& statement = request_.statements[index];
    const types::Parameters& parameters = statement.parameters;
    const int count = static_cast<int>(parameters.size());
    values_.clear();
    lengths_.clear();
    formats_.clear();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const std::string_view bytes = parameters.bytes(i);
        values_.push_back(parameters.is_null(i) ? nullptr : bytes.data());
        lengths_.push_back(static_cast<int>(bytes.size()));
        formats_.push_back(static_cast<int>(parameters.format(i)));
    }
    Pq& pq = conn_.pq();
    ++statements_sent_;
    ++unanswered_;
    unanswered_bytes_ += parameters.total_bytes() + statement.sql->size();

    StatementCache::Lookup found;
    if (statement.prepare && !deallocate_)
        found = cache_.find(statement.sql, parameters, number_, statement.lifetime);
    // Its Parse is under way in front of an earlier statement. One that is apart must not fail because that does.
    if (request_.apart && found.entry != nullptr && !found.is_new && !found.entry->parsed)
        found.entry = nullptr;
    if (found.entry == nullptr) {
        oids_.clear();
        for (std::size_t i = 0; i < parameters.size(); ++i)
            oids_.push_back(parameters.oid(i));
        expect(Kind::execute, index);
        return pq.send_query(conn_.get(), statement.sql->c_str(), count, oids_.data(), values_.data(), lengths_.data(),
                             formats_.data());
    }
    if (found.is_new) {
        expect(Kind::parse, index, found.entry);
        if (!pq.send_prepare(conn_.get(), found.entry->name.data(), statement.sql->c_str(), count,
                             found.entry->oids.data()))
            return false;
    }
    expect(Kind::execute, index, found.entry);
    return pq.send_execute(conn_.get(), found.entry->name.data(), count, values_.data(), lengths_.data(),
                           formats_.data());
}

void PipelineFsm::expect(Kind kind, std::size_t statement, StatementCache::Entry* entry) {
    expected_.push_back({kind, false, false, static_cast<std::uint32_t>(statement), entry});
}

} // namespace corm::wire
