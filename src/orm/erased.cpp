#include <corm/orm/detail/erased.hpp>

#include "base/memory.hpp"
#include "orm/load.hpp"
#include "orm/null_checks.hpp"
#include "orm/parts.hpp"
#include "orm/session_core.hpp"
#include "orm/session_hooks.hpp"

#include <corm/base/error.hpp>
#include <corm/orm/detail/typed.hpp>
#include <corm/query/rows.hpp>

#include <algorithm>
#include <iterator>
#include <string>

namespace corm::orm::detail {
namespace {

void check_wanted(const QueryPart& part, Wanted wanted, std::source_location where) {
    const std::size_t rows =
        part.outcome.rows ? static_cast<std::size_t>(part.outcome.rows->row_count()) : part.outcome.instances.size();
    check_rows(wanted, rows, part.subject(), where);
}

/// The first relation of the path is one whose foreign key its owner has.
bool through_own_key(const query::RelationPath& path) {
    return refers(path.front()->kind);
}

Task<void> end(Core core, const char* name, Duration within, std::source_location where) {
    const bool undoes = core->has_work();
    std::exception_ptr error;
    if (!core->in_transaction || !core->lease || core->only_read) {
        // Nobody waits for the end of reads: the pool sends ROLLBACK with the next use of the connection.
        core->rolled_back();
    } else {
        OperationPlan plan = core->operation(name, within, where);
        plan.kind = trace::Operation::rollback;
        plan.transactional = false;
        plan.rolls_back = true;
        try {
            co_await core->run(plan, {});
        } catch (...) {
            error = std::current_exception();
        }
        // Whatever happened to the connection, its transaction cannot be committed any more.
        if (error)
            core->rolled_back();
    }
    if (undoes && core->engine->options.hooks)
        co_await HookCalls::run(core, SessionEvent::after_rollback);
    if (error)
        std::rethrow_exception(error);
}

} // namespace

Core make_session(std::shared_ptr<EngineCore> engine, const SessionOptions& options) {
    return SessionCore::create(std::move(engine), options);
}

void abandon(const Core& core) noexcept {
    if (core)
        core->abandon();
}

namespace {

// One coroutine for both: a frame more would be a tenth of what a session takes that waits for a connection.
Task<Handle> read(Core core, std::shared_ptr<const mapping::Mapper> mapper, mapping::EncodedKey key,
                  query::ReadOptions options, std::source_location where, bool required) {
    const SessionCore::Busy busy{core, "get()", where};
    core->require_usable();
    mapper->require_usable("get()");
    Handle known = core->uow.find(*mapper, key);
    if (known && !options.lock && !options.populate_existing && known->freshness == uow::Freshness::fresh)
        co_return known;
    const uow::Populate populate = options.populate_existing ? uow::Populate::overwrite
                                   : options.lock            ? uow::Populate::locked
                                                             : uow::Populate::fill;
    OperationPlan plan = core->operation("get()", options.within.value_or(Duration{}), where);
    Parts parts;
    if (core->autoflush()) {
        // Links are flushed along, and what the lock would have checked is checked then.
        const uow::PlanMode mode{.except = known.get(), .guarded = options.lock && known && known->is_relinked()};
        if (core->flushes_ahead())
            co_await flush_ahead(core, plan, mode);
        plan.flushes = add_flush(*core, parts, where, mode);
    }
    plan.only_reads = !plan.flushes && !options.lock;
    auto part =
        corm::detail::make_recycled<GetPart>(*core, std::move(mapper), std::move(key), options.lock, populate, where);
    parts.push_back(part);
    co_await core->run(plan, std::move(parts));
    if (required && !part->found)
        throw NotFoundError(part->subject() + " does not exist", where);
    co_return part->found;
}

} // namespace

Task<Handle> get(Core core, std::shared_ptr<const mapping::Mapper> mapper, mapping::EncodedKey key,
                 query::ReadOptions options, std::source_location where) {
    return read(std::move(core), std::move(mapper), std::move(key), std::move(options), where, false);
}

Task<Handle> get_one(Core core, std::shared_ptr<const mapping::Mapper> mapper, mapping::EncodedKey key,
                     query::ReadOptions options, std::source_location where) {
    return read(std::move(core), std::move(mapper), std::move(key), std::move(options), where, true);
}

Task<void> refresh(Core core, Handle instance, query::ReadOptions options, std::vector<query::RelationPath> relations,
                   std::source_location where) {
    const SessionCore::Busy busy{core, "refresh()", where};
    core->require_usable();
    if (instance->state != uow::ObjectState::persistent || instance->scope.lock() != core)
        throw Error(instance->describe() + " is " + std::string{to_string(instance->state)} +
                        " or of another session, so it cannot be refreshed through this one; get it first",
                    where);
    instance->mapper().require_usable("refresh()");
    OperationPlan plan = core->operation("refresh()", options.within.value_or(Duration{}), where);
    Parts parts;
    if (core->autoflush()) {
        if (core->flushes_ahead()) {
            core->uow.revert(instance);
            co_await flush_ahead(core, plan, {.except = instance.get()});
        }
        plan.flushes = add_flush(*core, parts, where, {.except = instance.get()});
    }
    plan.only_reads = !plan.flushes && !options.lock;
    auto part =
        corm::detail::make_recycled<GetPart>(*core, instance->shared_mapper(), std::string{instance->key.view()},
                                             options.lock, uow::Populate::overwrite, where);
    parts.push_back(part);
    const std::string name = instance->describe();
    // What the object refers to, its row says.
    std::vector<query::RelationPath> behind;
    std::copy_if(relations.begin(), relations.end(), std::back_inserter(behind), through_own_key);
    std::erase_if(relations, through_own_key);
    const std::vector<Handle> owner(1, instance);
    constexpr LoadMode mode{.again = true};
    if (relations.empty())
        co_await core->run(plan, std::move(parts));
    else
        co_await load_paths(core, plan, owner, std::move(relations), std::move(parts), mode);
    if (!part->found)
        throw NotFoundError(name + " has no row any more, so it cannot be refreshed", where);
    if (behind.empty())
        co_return;
    plan.flushes = false;
    plan.only_reads = true;
    co_await load_paths(core, plan, owner, std::move(behind), Parts{}, mode);
}

namespace {

Task<std::vector<Outcome>> run_pipeline(Core core, std::vector<Query> queries, std::source_location where) {
    const SessionCore::Busy busy{core, "pipeline()", where};
    core->require_usable();
    OperationPlan plan = core->operation("pipeline()", {}, where);
    std::vector<std::shared_ptr<QueryPart>> query_parts;
    bool locks = false;
    plan.only_reads = true;
    for (Query& query : queries) {
        auto part = corm::detail::make_recycled<QueryPart>(*core, std::move(query), where);
        if (part->alone())
            throw Error("a statement marked outside_transaction() cannot share a round trip; execute() it by itself",
                        where);
        plan.only_reads = plan.only_reads && part->only_reads();
        locks = locks || part->locks();
        query_parts.push_back(std::move(part));
    }
    Parts parts;
    if (core->autoflush()) {
        if (core->flushes_ahead())
            co_await flush_ahead(core, plan, {.guarded = locks});
        plan.flushes = add_flush(*core, parts, where, {.guarded = locks});
    }
    plan.only_reads = plan.only_reads && !plan.flushes;
    parts.insert(parts.end(), query_parts.begin(), query_parts.end());
    co_await core->run(plan, std::move(parts));
    std::vector<Outcome> outcomes;
    for (const auto& part : query_parts) {
        if (core->engine->options.check_raw_results)
            co_await check_nulls(core, part, where);
        if (std::vector<query::RelationPath> paths = part->with(); !paths.empty())
            co_await load_paths(core, core->operation("pipeline()", {}, where), part->outcome.instances,
                                std::move(paths), Parts{}, part->load_mode());
        outcomes.push_back(std::move(part->outcome));
    }
    co_return outcomes;
}

} // namespace

Task<std::vector<Outcome>> pipeline(Core core, std::span<Query> queries, std::source_location where) {
    return run_pipeline(std::move(core),
                        {std::make_move_iterator(queries.begin()), std::make_move_iterator(queries.end())}, where);
}

void check_rows(Wanted wanted, std::size_t rows, const std::string& subject, std::source_location where) {
    if (wanted == Wanted::exactly_one && rows == 0)
        throw NotFoundError(subject + " yielded no row where one was asked for; use one_or_none() if that may be",
                            where);
    if (wanted != Wanted::any && rows > 1)
        throw NotFoundError(subject + " yielded " + std::to_string(rows) +
                                " rows where one was asked for; narrow it down, or use first() or all()",
                            where);
}

Task<Outcome> run(Core core, Query query, Wanted wanted, std::source_location where) {
    const SessionCore::Busy busy{core, "a query", where};
    core->require_usable();
    auto part = corm::detail::make_recycled<QueryPart>(*core, std::move(query), where);
    OperationPlan plan = core->operation("a query", part->within().value_or(Duration{}), where);
    Parts parts;
    if (part->alone()) {
        if (core->options.reader)
            throw Error("a statement marked outside_transaction() cannot run in a session with SessionOptions::reader, "
                        "whose statements run where the server refuses to write; use a session without it",
                        where);
        if (core->in_transaction || !core->savepoints.empty())
            throw Error(
                "a statement marked outside_transaction() cannot run while this session is in a transaction; commit "
                "first, or use another session",
                where);
        if (core->settings)
            throw Error("a statement marked outside_transaction() goes alone, without the settings of this session; "
                        "use a session without SessionOptions::settings",
                        where);
        plan.transactional = false;
    } else if (core->autoflush()) {
        if (core->flushes_ahead())
            co_await flush_ahead(core, plan, {.guarded = part->locks()});
        plan.flushes = add_flush(*core, parts, where, {.guarded = part->locks()});
    }
    plan.only_reads = !plan.flushes && part->only_reads();
    parts.push_back(part);
    co_await core->run(plan, std::move(parts));
    check_wanted(*part, wanted, where);
    if (core->engine->options.check_raw_results)
        co_await check_nulls(core, part, where);
    if (std::vector<query::RelationPath> paths = part->with(); !paths.empty())
        co_await load_paths(core, core->operation("a query", part->within().value_or(Duration{}), where),
                            part->outcome.instances, std::move(paths), Parts{}, part->load_mode());
    co_return std::move(part->outcome);
}

Task<void> flush(Core core, Duration within, std::source_location where) {
    const SessionCore::Busy busy{core, "flush()", where, SessionCore::Use::flush};
    core->require_usable();
    OperationPlan plan = core->operation("flush()", within, where);
    plan.kind = trace::Operation::flush;
    if (core->flushes_ahead())
        co_await flush_ahead(core, plan);
    Parts parts;
    plan.flushes = add_flush(*core, parts, where);
    if (plan.flushes)
        co_await core->run(plan, std::move(parts));
}

Task<void> commit(Core core, Duration within, std::source_location where) {
    const SessionCore::Busy busy{core, "commit()", where, SessionCore::Use::end};
    core->require_usable();
    OperationPlan plan = core->operation("commit()", within, where);
    plan.kind = trace::Operation::commit;
    plan.settles = true;
    const bool hooked = core->engine->options.hooks != nullptr;
    if (hooked)
        co_await HookCalls::run(core, SessionEvent::before_commit);
    if (core->flushes_ahead())
        co_await flush_ahead(core, plan);
    Parts parts;
    plan.flushes = add_final_flush(*core, parts, where);
    plan.commits = true;
    // Reads at the weaker levels have nothing to commit; a serializable transaction may still fail.
    const bool nothing_read_matters = core->only_read && core->options.isolation != Isolation::serializable;
    if (!plan.flushes && (!core->in_transaction || nothing_read_matters))
        core->committed();
    else
        co_await core->run(plan, std::move(parts));
    if (hooked)
        co_await HookCalls::run(core, SessionEvent::after_commit);
}

Task<void> rollback(Core core, Duration within, std::source_location where) {
    const SessionCore::Busy busy{core, "rollback()", where, SessionCore::Use::end};
    co_await end(core, "rollback()", within, where);
}

Task<void> close(Core core, Duration within, std::source_location where) {
    const SessionCore::Busy busy{core, "close()", where, SessionCore::Use::end};
    std::exception_ptr error;
    try {
        co_await end(core, "close()", within, where);
    } catch (...) {
        error = std::current_exception();
    }
    core->uow.clear();
    if (error)
        std::rethrow_exception(error);
}

std::int64_t counted(const Outcome& outcome) {
    return query::RowReader<std::int64_t>{*outcome.rows}.read(0);
}

Task<std::int64_t> counted(Task<Outcome> operation) {
    const Outcome outcome = co_await std::move(operation);
    co_return counted(outcome);
}

Task<std::int64_t> affected(Task<Outcome> operation) {
    const Outcome outcome = co_await std::move(operation);
    co_return outcome.affected;
}

} // namespace corm::orm::detail
