#include "orm/session_core.hpp"

#include "base/memory.hpp"
#include "base/place.hpp"
#include "orm/lane_operation.hpp"
#include "orm/repetitions.hpp"
#include "orm/session_hooks.hpp"
#include "orm/time_net.hpp"

#include <corm/base/error.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace corm::orm {
std::shared_ptr<SessionCore> SessionCore::create(std::shared_ptr<EngineCore> engine, SessionOptions options) {
    // Not make_shared: objects refer to their session weakly, and would keep its memory.
    std::shared_ptr<SessionCore> core{new SessionCore(std::move(engine), std::move(options)),
                                      std::default_delete<SessionCore>{}, corm::detail::Recycling<SessionCore>{}};
    core->uow.set_scope(core);
    return core;
}

SessionCore::SessionCore(std::shared_ptr<EngineCore> shared, SessionOptions session_options)
    : engine(std::move(shared)), options(std::move(session_options)), settings(settings_of(options)),
      cap{options.max_rows.value_or(engine->options.max_rows), options.max_bytes.value_or(engine->options.max_bytes)} {
    if (options.reader) {
        if (settings != nullptr)
            throw Error("SessionOptions::reader shares its connection with other sessions, so that it can have no "
                        "settings of its own; use SessionOptions::autocommit, or EngineOptions::settings");
        options.autocommit = true;
        options.read_only = true; // where a statement runs on a connection of its own, it has a BEGIN that says so
    }
    if (options.autocommit)
        uow.commits_at_once();
    // They travel with BEGIN: a session that believes itself read-only must not write.
    if (options.autocommit && (options.isolation != Isolation::server_default ||
                               (options.read_only && !options.reader) || options.deferrable))
        throw Error("SessionOptions::autocommit sends no BEGIN, with which isolation, read_only and deferrable would "
                    "travel; leave it out, or leave them out");
}

SessionCore::Busy::Busy(std::shared_ptr<SessionCore> session, const char* name, std::source_location where, Use use)
    : session_(std::move(session)) {
    if (session_ == nullptr)
        throw Error(std::string{name} + " was called on a session that was moved from", where);
    const std::scoped_lock lock{session_->mutex_};
    session_->check_quiet(name, where);
    if (session_->hook_ != nullptr) {
        session_->hook_->require_use(name, where, use);
        session_->hook_->begin_operation();
    }
    ++session_->busy_;
    session_->busy_with_ = name;
    session_->busy_where_ = where;
}

SessionCore::Busy::~Busy() {
    bool abandoned = false;
    for (bool busy = true; busy;) {
        std::vector<Savepoints::Serial> dropped;
        std::vector<std::shared_ptr<Cursor>> cursors;
        {
            const std::scoped_lock lock{session_->mutex_};
            dropped.swap(session_->dropped_);
            cursors.swap(session_->dropped_cursors_);
            busy = !dropped.empty() || !cursors.empty();
            if (!busy) {
                abandoned = --session_->busy_ == 0 && session_->abandoned_;
                if (session_->hook_ != nullptr)
                    session_->hook_->end_operation();
            }
        }
        for (const Savepoints::Serial serial : dropped)
            session_->undo_dropped(serial);
        for (const std::shared_ptr<Cursor>& cursor : cursors) {
            if (session_->cursors)
                session_->cursors->forget(*cursor);
        }
    }
    if (abandoned)
        session_->release();
}

SessionCore::~SessionCore() = default;

void SessionCore::require_quiet(const char* name, std::source_location where, const uow::Instance* edited) {
    // Asked for every edit.
    if (busy_.load(std::memory_order_acquire) == 0)
        return;
    const std::scoped_lock lock{mutex_};
    check_quiet(name, where);
    if (hook_ != nullptr)
        hook_->require_allowed(name, where, edited);
}

void SessionCore::require_no_hook(const char* name, std::source_location where) const {
    const std::scoped_lock lock{mutex_};
    if (hook_ != nullptr)
        hook_->require_use(name, where, Use::end);
}

void SessionCore::check_quiet(const char* name, std::source_location where) const {
    if (busy_ != 0 && (hook_ == nullptr || hook_->waits()))
        throw ConcurrentUseError(
            std::string{name} + " at " + corm::detail::place_of(where) + " was called while " + busy_with_ + " at " +
                corm::detail::place_of(busy_where_) +
                " of the same session is in flight; a session belongs to one task, use one for each "
                "task, or pipeline() for several queries at once",
            where);
}

void SessionCore::require_usable() const {
    require_scope();
    if (failure)
        std::rethrow_exception(failure);
}

void SessionCore::throw_scope_ended() {
    throw Error("the function of engine.transaction() has ended its transaction by commit(), rollback() or close(), "
                "and goes on using the session; let the function return instead, or use a session of your own");
}

bool SessionCore::abandoned() const {
    const std::scoped_lock lock{mutex_};
    return abandoned_;
}

void SessionCore::on_edit(const std::shared_ptr<uow::Instance>& instance) {
    require_quiet("edit()", {}, instance.get());
    require_scope();
    uow.watch(instance);
}

void SessionCore::on_leave(const std::shared_ptr<uow::Instance>& instance) {
    require_quiet("make_transient()", {});
    uow.expunge(instance);
}

void SessionCore::on_link(const std::shared_ptr<uow::Instance>& instance) {
    require_quiet("a change of a relation", {});
    require_scope();
    uow.add(instance, {});
}

void SessionCore::on_relink(const std::shared_ptr<uow::Instance>& /*instance*/) {
    require_quiet("a change of a relation", {});
}

Duration SessionCore::limit(Duration call) const noexcept {
    if (call != Duration{})
        return call;
    return options.deadline != Duration{} ? options.deadline : engine->options.deadline;
}

OperationPlan SessionCore::operation(const char* name, Duration within, std::source_location where) const noexcept {
    OperationPlan plan;
    plan.name = name;
    plan.where = where;
    plan.deadline = deadline(within);
    plan.outlasts = outlasts_net(engine->options, limit(within));
    return plan;
}

namespace {

/// The changes, which are the first part, in a request of their own: its Sync commits them, whatever becomes of the
/// rest.
Task<void> run_apart(std::shared_ptr<SessionCore> core, OperationPlan plan, Parts parts) {
    Parts changes;
    changes.push_back(std::move(parts.front()));
    parts.erase(parts.begin());
    co_await core->run(plan, std::move(changes));
    plan.flushes = false;
    co_await core->run(plan, std::move(parts));
}

} // namespace

Task<void> SessionCore::run(const OperationPlan& plan, Parts&& parts) {
    // A result that is too large would undo the changes here, and the server would have them.
    if (options.autocommit && plan.flushes && parts.size() > 1 &&
        std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part->has_cap(); }))
        return run_apart(shared_from_this(), plan, std::move(parts));
    if (HookCalls::see_loaded(*engine))
        return run_and_show(shared_from_this(), plan, std::move(parts));
    return start(plan, std::move(parts));
}

Task<void> SessionCore::start(const OperationPlan& plan, Parts&& parts) {
    if (engine->options.repetitions.limit > 0) {
        if (!repetitions)
            repetitions = std::make_unique<Repetitions>();
        repetitions->note(engine->options.repetitions, engine->options.tracer.get(), plan, parts);
    }
    std::vector<std::uint64_t> texts;
    if (options.reader && plan.only_reads && engine->lanes) {
        if (std::shared_ptr<LaneOperation> shared = LaneOperation::make(shared_from_this(), plan, parts, texts))
            return wait_for(std::move(shared));
    }
    auto operation = corm::detail::make_recycled<Operation>(shared_from_this(), plan, std::move(parts));
    operation->measure(std::move(texts));
    return wait_for(std::move(operation));
}

Task<void> SessionCore::step(const OperationPlan& plan, wire::CopyStep step, std::shared_ptr<Part> part) {
    return wait_for(corm::detail::make_recycled<Operation>(shared_from_this(), plan, step, std::move(part)));
}

bool SessionCore::in_flight(const std::shared_ptr<Running>& operation) {
    const std::scoped_lock lock{mutex_};
    operation_ = operation;
    return !abandoned_;
}

void SessionCore::request_failed(const OperationPlan& plan, const std::exception_ptr& error, bool reached) {
    lease.release();
    const bool in_block = in_transaction || (plan.transactional && !options.autocommit);
    // Without a transaction that the server knows of, changes are kept, and the next attempt may find a better
    // connection.
    if (!in_transaction && !reached)
        return;
    if (in_block || plan.flushes)
        uow.rolled_back();
    if (in_block)
        failure = error;
    end_transaction(true);
}

StreamEnd SessionCore::stream_end(StreamEnd::How how) const noexcept {
    const std::scoped_lock lock{mutex_};
    if (busy_ == 0)
        return {how, how == StreamEnd::How::savepoint ? "the end of a corm::Savepoint" : "invalidate()", {}};
    return {how, busy_with_, busy_where_};
}

void SessionCore::end_transaction(bool failed) noexcept {
    savepoints.clear();
    if (cursors)
        cursors->transaction_ended(stream_end(failed ? StreamEnd::How::failed : StreamEnd::How::transaction));
    in_transaction = net_lifted = false;
    only_read = true;
    transaction.reset();
}

bool SessionCore::can_roll_back_to_savepoint() const noexcept {
    if (savepoints.empty() || !lease)
        return false;
    // It has not failed for the server when the program does not like what a COPY found.
    const wire::TransactionStatus status = lease->status();
    return status == wire::TransactionStatus::failed || status == wire::TransactionStatus::in_transaction;
}

void SessionCore::savepoint_failed(const std::exception_ptr& error, std::size_t closes) {
    in_transaction = true; // since this request at the latest
    savepoints.sent();
    if (closes != 0)
        cursors->sent(closes);
    failure = error;
    uow.rollback_scope(savepoints.depth() - 1);
}

std::size_t SessionCore::require_savepoint(Savepoints::Serial serial, const char* name,
                                           std::source_location where) const {
    if (const std::optional<std::size_t> depth = savepoints.find(serial))
        return *depth;
    require_usable();
    throw Error(std::string{name} +
                    " was called on a savepoint that has ended, by itself, with the one around it, or with the "
                    "transaction; begin_nested() begins another",
                where);
}

void SessionCore::roll_back_to(std::size_t depth) {
    uow.rollback_scope(depth);
    uow.release_scope(depth);
    savepoints.roll_back(depth);
    if (cursors)
        cursors->savepoint_rolled_back(depth, stream_end(StreamEnd::How::savepoint));
    failure = nullptr;
}

void SessionCore::release_to(std::size_t depth) {
    uow.release_scope(depth);
    savepoints.release(depth);
    if (cursors)
        cursors->savepoint_released(depth);
}

void SessionCore::drop_cursor(const std::shared_ptr<Cursor>& cursor) noexcept {
    {
        const std::scoped_lock lock{mutex_};
        if (busy_ != 0) {
            dropped_cursors_.push_back(cursor);
            return;
        }
    }
    if (cursors)
        cursors->forget(*cursor);
}

void SessionCore::drop_savepoint(Savepoints::Serial serial) noexcept {
    {
        const std::scoped_lock lock{mutex_};
        if (busy_ != 0) {
            dropped_.push_back(serial);
            return;
        }
    }
    undo_dropped(serial);
}

void SessionCore::undo_dropped(Savepoints::Serial serial) noexcept {
    if (const std::optional<std::size_t> depth = savepoints.find(serial))
        roll_back_to(*depth);
}

void SessionCore::committed() {
    has_committed = true;
    end_scope();
    lease.release();
    end_transaction();
    uow.committed(options.expire_on_commit);
}

void SessionCore::rolled_back() {
    end_scope();
    lease.release();
    end_transaction();
    failure = nullptr;
    uow.rolled_back();
}

void SessionCore::abandon() noexcept {
    std::shared_ptr<Running> operation;
    bool busy = false;
    {
        const std::scoped_lock lock{mutex_};
        abandoned_ = true;
        busy = busy_ != 0;
        operation = operation_.lock();
    }
    if (!busy)
        lease.release();
    else if (operation)
        operation->cancel(boost::asio::cancellation_type::terminal);
}

const std::shared_ptr<const std::string>& SessionCore::begin_text() const {
    using Texts = std::array<std::shared_ptr<const std::string>, 16>;
    static const Texts texts = [] {
        constexpr const char* levels[] = {"", " ISOLATION LEVEL READ COMMITTED", " ISOLATION LEVEL REPEATABLE READ",
                                          " ISOLATION LEVEL SERIALIZABLE"};
        Texts made;
        for (std::size_t i = 0; i < made.size(); ++i)
            made[i] = std::make_shared<const std::string>(std::string{"BEGIN"} + levels[i / 4] +
                                                          (i % 2 != 0 ? " READ ONLY" : "") +
                                                          (i % 4 >= 2 ? " DEFERRABLE" : ""));
        return made;
    }();
    return texts[static_cast<std::size_t>(options.isolation) * 4 + (options.read_only ? 1 : 0) +
                 (options.deferrable ? 2 : 0)];
}

} // namespace corm::orm
