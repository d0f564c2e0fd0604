// Streams as operations of a session.
#include <corm/orm/detail/stream.hpp>

#include "base/memory.hpp"
#include "base/place.hpp"
#include "orm/failed_while.hpp"
#include "orm/load.hpp"
#include "orm/parts.hpp"
#include "orm/session_core.hpp"
#include "query/transaction_command.hpp"

#include <corm/base/error.hpp>

#include <limits>
#include <string>

namespace corm::orm::detail {
namespace {

using How = StreamEnd::How;

std::string place(const std::source_location& where) {
    return where.line() == 0 ? std::string{} : " at " + corm::detail::place_of(where);
}

} // namespace

class StreamState : public StreamRows {
public:
    StreamState(const Core& core, Query given, StreamOptions chosen, std::source_location made)
        : session(core), query(std::make_shared<QueryPart>(*core, std::move(given), made)), options(chosen),
          where(made) {}

    [[nodiscard]] std::string describe() const { return "the stream of " + query->subject() + " made" + place(where); }
    /// Throws `Error` for a session that is gone.
    [[nodiscard]] Core living_session(std::source_location caller) const;
    /// Throws `Error` when it was ended ahead of its last row.
    void require_open(std::source_location caller) const;
    /// All rows were taken: what happens to the session does not matter any more.
    [[nodiscard]] bool is_done() const noexcept { return complete && at_hand() == 0; }
    void drop_rows() noexcept {
        outcome = {};
        size = next = 0;
    }
    /// From now on it throws that.
    void finish(How how, const char* by, std::source_location caller) noexcept;

    std::weak_ptr<SessionCore> session;
    std::shared_ptr<QueryPart> query; ///< reads every batch, while its session is there
    StreamOptions options;
    std::source_location where;
    std::shared_ptr<Cursor> cursor = std::make_shared<Cursor>();
    bool declared = false;
    bool complete = false; ///< the server has no more rows
};

namespace {

/// A batch, and in front of the first one the cursor.
class FetchPart final : public Part {
public:
    FetchPart(std::shared_ptr<QueryPart> query, std::shared_ptr<Cursor> cursor, bool declares, std::size_t rows)
        : Part(declares ? 2 : 1), query_(std::move(query)), cursor_(std::move(cursor)), declares_(declares),
          rows_(rows) {}

    void append(std::vector<wire::Statement>& request) override;
    void digest(std::span<wire::Result> results) override {
        cursor_->open = true;
        query_->outcome = {};
        query_->digest(results.last(1));
    }
    void append_loaded(std::vector<Handle>& loaded) const override { query_->append_loaded(loaded); }
    [[nodiscard]] std::exception_ptr explain(std::size_t statement, const std::exception_ptr& error) const override;

private:
    std::shared_ptr<QueryPart> query_;
    std::shared_ptr<Cursor> cursor_;
    bool declares_;
    std::size_t rows_;
};

void FetchPart::append(std::vector<wire::Statement>& request) {
    const std::string name = cursor_->name();
    bool raw = query_->is_raw();
    if (declares_) {
        query_->append(request);
        wire::Statement& declare = request.back();
        declare.sql = std::make_shared<const std::string>("DECLARE " + name + " NO SCROLL CURSOR WITHOUT HOLD FOR " +
                                                          *declare.sql);
        declare.prepare = false;
        declare.cap = {}; // a batch has its own
    }
    wire::Statement& fetch = request.emplace_back();
    fetch.sql = std::make_shared<const std::string>("FETCH FORWARD " + std::to_string(rows_) + " FROM " + name);
    fetch.prepare = false; // parsed as fast as it is looked up
    fetch.raw = raw;       // functions of the query run in it
}

std::exception_ptr FetchPart::explain(std::size_t statement, const std::exception_ptr& error) const {
    const bool declaring = declares_ && statement == 0;
    return failed_while(declaring ? "declaring the cursor of a stream, which reads SELECT, WITH, VALUES and TABLE that "
                                    "write nothing"
                                  : "fetching rows of a stream",
                        error);
}

} // namespace

Core StreamState::living_session(std::source_location caller) const {
    Core core = session.lock();
    if (core == nullptr || core->abandoned())
        throw Error(describe() + " has outlived its session; keep the session until the last row was read", caller);
    return core;
}

void StreamState::require_open(std::source_location caller) const {
    const StreamEnd& end = cursor->end;
    if (end.how == How::none)
        return;
    const std::string by = end.by + place(end.where);
    std::string text = describe();
    switch (end.how) {
    case How::closed: text += " was closed by " + by; break;
    case How::failed: text += " was ended by " + by + ", which failed"; break;
    case How::savepoint: text += " was ended by " + by + ", which undid the savepoint that it was read in"; break;
    case How::none:
    case How::transaction: text += " was ended by " + by + ", with its transaction"; break;
    }
    throw Error(text + "; not all rows were read: make another stream, in a transaction that lasts until its last row",
                caller);
}

void StreamState::finish(How how, const char* by, std::source_location caller) noexcept {
    if (cursor->end.how == How::none)
        cursor->end = {how, by, caller};
    drop_rows();
    complete = false;
    const Core core = session.lock();
    if (core && declared)
        core->cursors->forget(*cursor);
}

StreamHandle make_stream(const Core& core, Query query, StreamOptions options, std::source_location where) {
    if (core == nullptr)
        throw Error("stream() was called on a session that was moved from", where);
    if (core->options.autocommit)
        throw Error("stream() reads by a cursor, which lives in a transaction, and this session has none: use one "
                    "without SessionOptions::autocommit and reader",
                    where);
    check_batch(options.batch, where);
    if (const auto* raw = query.raw()) {
        if (raw->alone)
            throw Error("a statement marked outside_transaction() cannot be streamed; leave the mark out, or execute() "
                        "it",
                        where);
        if (!query::begins_like_a_read(*raw->text))
            throw Error("stream() reads by a cursor, which takes SELECT, WITH, VALUES or TABLE; use execute() or all() "
                        "for other statements",
                        where);
    }
    return std::make_shared<StreamState>(core, std::move(query), options, where);
}

StreamRows& rows_at_hand(const StreamHandle& stream, std::source_location where) {
    if (!stream->is_done()) {
        const Core core = stream->living_session(where);
        const SessionCore::Busy busy{core, "next()", where};
        core->require_usable();
        stream->require_open(where);
    }
    return *stream;
}

namespace {

Task<void> read_batch(const Core& core, StreamState& stream, std::size_t rows, std::source_location where) {
    OperationPlan plan = core->operation("next()", stream.query->within().value_or(Duration{}), where);
    Parts parts;
    const bool declares = !stream.declared;
    if (declares && core->autoflush()) {
        const uow::PlanMode mode{.guarded = stream.query->locks()};
        if (core->flushes_ahead())
            co_await flush_ahead(core, plan, mode);
        plan.flushes = add_flush(*core, parts, where, mode);
    }
    if (declares) {
        if (core->cursors == nullptr)
            core->cursors = std::make_unique<Cursors>();
        core->cursors->declare(stream.cursor, core->savepoints.depth());
        stream.declared = true;
    }
    plan.only_reads = !plan.flushes && stream.query->only_reads();
    parts.push_back(corm::detail::make_recycled<FetchPart>(stream.query, stream.cursor, declares, rows));
    co_await core->run(plan, std::move(parts));
    QueryPart& query = *stream.query;
    const std::size_t came =
        query.outcome.rows ? static_cast<std::size_t>(query.outcome.rows->row_count()) : query.outcome.instances.size();
    if (came < rows) {
        stream.complete = true;
        core->cursors->close(*stream.cursor);
    }
    if (std::vector<query::RelationPath> paths = query.with(); came != 0 && !paths.empty())
        co_await load_paths(core, core->operation("next()", query.within().value_or(Duration{}), where),
                            query.outcome.instances, std::move(paths), Parts{}, query.load_mode());
    stream.outcome = std::exchange(query.outcome, {});
    stream.size = came;
    ++stream.batch;
}

} // namespace

Task<void> fetch(StreamHandle stream, std::size_t rows, std::source_location where) {
    if (stream->is_done())
        co_return;
    const Core core = stream->living_session(where);
    const SessionCore::Busy busy{core, "next()", where};
    core->require_usable();
    stream->require_open(where);
    stream->drop_rows();
    // A coroutine that is destroyed half way has no chance to say so.
    stream->cursor->end = {How::failed, "next()", where};
    try {
        co_await read_batch(core, *stream, rows == 0 ? static_cast<std::size_t>(stream->options.batch) : rows, where);
    } catch (...) {
        stream->finish(How::failed, "next()", where);
        throw;
    }
    stream->cursor->end = {};
}

Task<void> close_stream(StreamHandle stream, std::source_location where) {
    const Core core = stream->session.lock();
    if (stream->is_done() || core == nullptr || core->abandoned())
        co_return;
    const SessionCore::Busy busy{core, "close()", where};
    stream->finish(How::closed, "close()", where);
}

void drop_stream(const StreamHandle& stream) noexcept {
    if (const Core core = stream->session.lock())
        core->drop_cursor(stream->cursor);
}

void fail_stream(const StreamHandle& stream, std::source_location where) noexcept {
    stream->finish(How::failed, "next()", where);
}

void check_batch(std::int64_t rows, std::source_location where) {
    if (rows < 1 || rows > std::numeric_limits<int>::max())
        throw Error("a batch of " + std::to_string(rows) +
                        " rows was asked of a stream; it has at least one, and at most 2,147,483,647",
                    where);
}

void throw_moved_stream(const char* name, std::source_location where) {
    throw Error(std::string{name} + " was called on a stream that was moved from", where);
}

} // namespace corm::orm::detail
