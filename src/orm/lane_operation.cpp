#include "orm/lane_operation.hpp"

#include "base/memory.hpp"
#include "orm/session_core.hpp"

#include <corm/base/error.hpp>

#include <string>
#include <utility>

namespace corm::orm {
namespace {

/// The parts' statements, and the texts of those that have to be quick. False if one of them is not for a lane.
bool collect(const Parts& parts, std::vector<wire::Statement>& statements, std::vector<std::uint64_t>& texts) {
    for (const std::shared_ptr<Part>& part : parts) {
        const Part::Sharing sharing = part->sharing();
        if (sharing == Part::Sharing::never)
            return false;
        const std::size_t first = statements.size();
        part->append(statements);
        for (std::size_t i = first; sharing == Part::Sharing::if_quick && i < statements.size(); ++i)
            texts.push_back(QuickTexts::hash(*statements[i].sql));
    }
    return true;
}

/// An error of the connection, for one of those whose statements were on it: the others, their statements among them,
/// are not his affair.
std::exception_ptr for_one(const std::exception_ptr& error, const char* name, const std::source_location& where) {
    try {
        if (error)
            std::rethrow_exception(error);
    } catch (const TimeoutError& late) {
        if (late.phase() != Phase::execute)
            return error;
    } catch (const ConnectionError& lost) {
        Diagnostics cause = lost.diagnostics();
        cause.sql.clear();
        return std::make_exception_ptr(ConnectionError(lost.what(), std::move(cause), lost.safe_to_retry(), where));
    } catch (...) {
        return error;
    }
    return std::make_exception_ptr(
        TimeoutError("the deadline passed while executing " + std::string{name} + " in a lane", Phase::execute, where));
}

/// Stands for all reads by key of one mapper.
std::uint64_t table_of(const KeyedPart& part) noexcept {
    return QuickTexts::hash(&part.mapper());
}

LaneOperation& operation(const pool::LaneReadPtr& read) noexcept {
    return static_cast<LaneOperation&>(*read);
}

} // namespace

std::shared_ptr<LaneOperation> LaneOperation::make(std::shared_ptr<SessionCore> session, const OperationPlan& plan,
                                                   Parts& parts, std::vector<std::uint64_t>& texts) {
    std::vector<wire::Statement> statements;
    const bool keyed =
        parts.size() == 1 && parts.front()->keyed() != nullptr && parts.front()->sharing() == Part::Sharing::always;
    if (keyed) {
        if (const std::uint64_t table = table_of(*parts.front()->keyed());
            session->engine->quick_texts.is_slow(table)) {
            texts.push_back(table);
            return nullptr;
        }
    } else {
        if (!collect(parts, statements, texts)) {
            texts.clear();
            return nullptr;
        }
        for (const std::uint64_t text : texts) {
            if (!session->engine->quick_texts.is_quick(text))
                return nullptr;
        }
    }
    return corm::detail::make_recycled<LaneOperation>(std::move(session), plan, std::move(parts), std::move(statements),
                                                      std::move(texts));
}

LaneOperation::LaneOperation(std::shared_ptr<SessionCore> session, const OperationPlan& plan, Parts&& parts,
                             std::vector<wire::Statement>&& statements, std::vector<std::uint64_t>&& texts)
    : engine_(session->engine), session_(std::move(session)), name_(plan.name), parts_(std::move(parts)),
      statements_(std::move(statements)), texts_(std::move(texts)) {
    deadline = plan.deadline;
    where = plan.where;
    if (statements_.empty()) {
        keyed_ = parts_.front()->keyed();
        if (session_->options.join_reads)
            joins = &keyed_->mapper();
    }
    for (wire::Statement& statement : statements_)
        statement.where = where;
    if (const std::shared_ptr<trace::Tracer>& tracer = engine_->options.tracer)
        span_ = trace::Span{tracer, plan.kind, plan.name, plan.where};
}

LaneOperation::~LaneOperation() = default;

void LaneOperation::initiate(CompletionHandler handler, const boost::asio::any_io_executor& executor) {
    waiting_.begin(std::move(handler), executor);
    waiting_.on_cancel([weak = weak_from_this()](boost::asio::cancellation_type type) {
        if (const auto operation = weak.lock())
            operation->cancel(type);
    });
    if (session_->in_flight(shared_from_this()))
        engine_->lanes->submit(shared_from_this());
    else if (claim())
        finish(aborted(), false); // the session was destroyed before its operation was awaited
}

void LaneOperation::cancel(boost::asio::cancellation_type /*type*/) noexcept {
    if (!claim())
        return;
    finish(aborted(), false);
    engine_->lanes->ceased();
}

void LaneOperation::append(std::span<const pool::LaneReadPtr> group, std::vector<wire::Statement>& request) {
    if (group.size() == 1) {
        if (keyed_ == nullptr) {
            for (wire::Statement& statement : statements_)
                request.push_back(std::move(statement));
            statements_.clear();
            return;
        }
        parts_.front()->append(request);
        request.back().where = where;
        return;
    }
    std::vector<std::string> keys;
    for (const pool::LaneReadPtr& read : group) {
        const std::span<const std::string> wanted = operation(read).keyed_->keys();
        keys.insert(keys.end(), wanted.begin(), wanted.end());
    }
    request.push_back(select_by_keys(keyed_->mapper(), keys));
    request.back().where = where;
}

void LaneOperation::returned(std::span<wire::Statement> statements) noexcept {
    if (keyed_ != nullptr)
        return;
    for (wire::Statement& statement : statements)
        statements_.push_back(std::move(statement));
}

void LaneOperation::suspect(bool stuck) noexcept {
    for (const std::uint64_t text : texts_)
        engine_->quick_texts.doubt(text);
    // They are taken for quick from the start.
    if (stuck && keyed_ != nullptr)
        engine_->quick_texts.slow(table_of(*keyed_));
}

void LaneOperation::answer(std::span<const pool::LaneReadPtr> group, std::span<wire::Result> results) noexcept {
    if (group.size() == 1) {
        digest(results);
        return;
    }
    std::size_t keys = 0;
    for (const pool::LaneReadPtr& read : group)
        keys += operation(read).keyed_->keys().size();
    std::vector<int> rows;
    try {
        sort_by_key(results.front(), keyed_->mapper(), keys, rows);
    } catch (...) {
        for (const pool::LaneReadPtr& read : group)
            read->fail(std::current_exception(), no_statement);
        return;
    }
    std::span<const int> rest{rows};
    for (const pool::LaneReadPtr& read : group) {
        LaneOperation& each = operation(read);
        const std::size_t count = each.keyed_->keys().size();
        each.digest_rows(results.front(), rest.first(count));
        rest = rest.subspan(count);
    }
}

void LaneOperation::digest(std::span<wire::Result> results) noexcept {
    if (!claim())
        return;
    std::exception_ptr error;
    try {
        for (const std::shared_ptr<Part>& part : parts_) {
            part->digest(results.first(part->statements));
            results = results.subspan(part->statements);
        }
    } catch (...) {
        error = std::current_exception();
    }
    finish_answered(std::move(error));
}

void LaneOperation::digest_rows(const wire::Result& result, std::span<const int> rows) noexcept {
    if (!claim())
        return;
    std::exception_ptr error;
    try {
        keyed_->digest_rows(result, rows);
    } catch (...) {
        error = std::current_exception();
    }
    finish_answered(std::move(error));
}

// They hold objects, which are dropped with their last handle, not with the last read of the batch.
void LaneOperation::finish_answered(std::exception_ptr error) noexcept {
    keyed_ = nullptr;
    parts_.clear();
    finish(std::move(error), true);
}

void LaneOperation::fail(std::exception_ptr error, std::size_t statement) noexcept {
    if (!claim())
        return;
    if (statement == no_statement) {
        error = for_one(error, name_, where);
    } else {
        auto part = parts_.begin();
        for (; statement >= (*part)->statements; ++part)
            statement -= (*part)->statements;
        if (std::exception_ptr better = (*part)->explain(statement, error))
            error = std::move(better);
    }
    finish(std::move(error), true);
}

void LaneOperation::finish(std::exception_ptr error, bool inline_allowed) noexcept {
    if (error)
        span_.fail(error);
    else
        span_.succeed();
    // The caller may end the session, which must be gone then, objects of it included.
    session_.reset();
    waiting_.end(std::move(error), engine_->executor, inline_allowed);
}

} // namespace corm::orm
