#include "orm/load.hpp"

#include "base/memory.hpp"
#include "orm/failed_while.hpp"
#include "orm/session_core.hpp"
#include "orm/session_hooks.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <iterator>

namespace corm::orm {
namespace {

/// The objects behind one step of some paths.
struct Step {
    std::vector<detail::Handle> owners;
    std::vector<query::RelationPath> paths;
};

std::vector<detail::Handle> related(const std::vector<detail::Handle>& owners, const mapping::Relation& relation) {
    std::vector<detail::Handle> found;
    for (const detail::Handle& owner : owners) {
        const auto living = uow::Member{*owner, relation}.living();
        std::copy_if(living.begin(), living.end(), std::back_inserter(found),
                     [](const detail::Handle& target) { return target->state == uow::ObjectState::persistent; });
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

/// What removals have to know of other objects.
Parts removal_loads(SessionCore& session, std::source_location where) {
    Parts parts;
    for (uow::RelationLoad& load : session.uow.cascade_removals())
        add_load(session, parts, std::move(load), uow::Populate::fill, where);
    return parts;
}

} // namespace

void add_load(SessionCore& session, Parts& parts, uow::RelationLoad load, uow::Populate populate,
              std::source_location where) {
    if (!load.empty())
        parts.push_back(corm::detail::make_recycled<LoadPart>(session, std::move(load), populate, where));
}

void LoadPart::append(std::vector<wire::Statement>& request) {
    wire::Statement& statement = request.emplace_back();
    statement.sql = load_.text();
    statement.lifetime = load_.ends->owner->lifetime();
    if (!finds_by_key())
        statement.cap = session_.cap;
    load_.append(statement.parameters);
}

std::exception_ptr LoadPart::explain(std::size_t /*statement*/, const std::exception_ptr& error) const {
    return too_large(load_.ends->relation->entity + "." + load_.ends->relation->name, error, where_);
}

void LoadPart::digest(std::span<wire::Result> results) {
    session_.uow.loaded(load_, results.front(), populate_, where_);
}

void LoadPart::digest_rows(const wire::Result& result, std::span<const int> rows) {
    session_.uow.loaded(load_, RowsOfKeys{result, rows, mapper()}, populate_, where_);
}

std::optional<Part::Pattern> LoadPart::pattern() const {
    const mapping::Relation& relation = *load_.ends->relation;
    return Pattern{
        "load of " + relation.entity + "." + relation.name,
        "read the relation of all objects at once: by with<>() of the query that yields them, or by one load() "
        "of the whole range"};
}

void LoadPart::append_loaded(std::vector<detail::Handle>& loaded) const {
    for (const auto& owners : load_.owners) {
        for (const detail::Handle& owner : owners) {
            const auto living = uow::Member{*owner, *load_.ends->relation}.living();
            loaded.insert(loaded.end(), living.begin(), living.end());
        }
    }
}

Task<void> load_paths(detail::Core core, OperationPlan plan, std::vector<detail::Handle> owners,
                      std::vector<query::RelationPath> paths, Parts ahead, LoadMode mode) {
    const uow::Populate populate = mode.overwrite ? uow::Populate::overwrite : uow::Populate::fill;
    std::vector<Step> steps;
    steps.push_back({std::move(owners), std::move(paths)});
    while (!steps.empty()) {
        Parts parts = std::exchange(ahead, {});
        for (const Step& step : steps) {
            for (auto path = step.paths.begin(); path != step.paths.end(); ++path) {
                // Several paths may begin with the same relation.
                if (std::any_of(step.paths.begin(), path,
                                [&](const auto& earlier) { return earlier[0] == (*path)[0]; }))
                    continue;
                const mapping::Relation& relation = *path->front();
                const bool again = mode.overwrite || (mode.again && !refers(relation.kind));
                add_load(*core, parts,
                         core->uow.load(mapping::RelationMap::of(relation.owner.get(), relation), step.owners, again),
                         populate, plan.where);
            }
        }
        if (!parts.empty())
            co_await core->run(plan, std::move(parts));
        plan.flushes = false;
        plan.only_reads = true;
        std::vector<Step> next;
        for (Step& step : steps) {
            for (query::RelationPath& path : step.paths) {
                if (path.size() == 1)
                    continue;
                const mapping::Relation& relation = *path.front();
                next.push_back({related(step.owners, relation), {}});
                next.back().paths.emplace_back(path.begin() + 1, path.end());
            }
        }
        steps = std::move(next);
    }
}

Task<void> flush_ahead(const detail::Core& core, const OperationPlan& operation, const uow::PlanMode& flush) {
    return core->engine->options.hooks ? flush_hooked(core, operation, flush) : write_ahead(core, operation, flush);
}

Task<void> remove_ahead(const detail::Core& core, const OperationPlan& operation, const uow::PlanMode& flush) {
    OperationPlan plan = operation;
    plan.commits = plan.rolls_back = plan.flushes = false;
    plan.only_reads = true;
    plan.kind = trace::Operation::execute;
    do {
        for (Parts parts; !(parts = removal_loads(*core, plan.where)).empty();)
            co_await core->run(plan, std::move(parts));
    } while (core->uow.has_relations() && core->uow.plan(flush).has_orphans);
}

Task<void> write_ahead(const detail::Core& core, const OperationPlan& operation, const uow::PlanMode& flush) {
    OperationPlan plan = operation;
    uow::PlanMode mode = flush;
    plan.commits = plan.rolls_back = false;
    mode.copies = !core->options.autocommit;
    for (;;) {
        Parts parts = removal_loads(*core, plan.where);
        plan.flushes = parts.empty();
        plan.only_reads = !parts.empty();
        plan.kind = parts.empty() ? trace::Operation::flush : trace::Operation::execute;
        if (parts.empty()) {
            uow::FlushPlan stage = core->uow.plan(mode);
            if (stage.has_orphans)
                continue;
            if (!stage.has_more)
                co_return;
            if (stage.empty())
                throw Error(std::string{plan.name} +
                                " found links between new objects that it cannot write in any order; "
                                "flush them one after the other",
                            plan.where);
            if (core->options.autocommit)
                throw Error(
                    std::string{plan.name} +
                        " has to write new rows whose keys others need, or rows that refer to each other, which "
                        "takes several statements with answers between them; use a session without autocommit, "
                        "or flush the rows that are referred to first",
                    plan.where);
            parts.push_back(corm::detail::make_recycled<FlushPart>(*core, std::move(stage), false, plan.where));
        }
        co_await core->run(plan, std::move(parts));
    }
}

namespace detail {

Task<void> load(Core core, std::vector<Handle> owners, std::vector<query::RelationPath> paths, Duration within,
                std::source_location where) {
    const SessionCore::Busy busy{core, "load()", where};
    core->require_usable();
    for (const Handle& owner : owners) {
        if (owner->scope.lock() != core)
            throw Error(owner->describe() + " is " + std::string{to_string(owner->state)} +
                            " or of another session, so its relations cannot be loaded through this one; get it first",
                        where);
        owner->mapper().require_usable("load()");
    }
    // The paths are its own, and the objects may be gone before their end.
    const auto mapper = owners.empty() ? nullptr : owners.front()->shared_mapper();
    OperationPlan plan = core->operation("load()", within, where);
    Parts parts;
    if (core->autoflush() && core->uow.has_changes()) {
        if (core->flushes_ahead())
            co_await flush_ahead(core, plan);
        plan.flushes = add_flush(*core, parts, where);
    }
    plan.only_reads = !plan.flushes;
    co_await load_paths(core, plan, std::move(owners), std::move(paths), std::move(parts));
}

// No coroutine: the names are looked up before the call returns.
Task<void> load(const Core& core, std::vector<Handle> owners, const std::vector<query::NamedLoad>& relations,
                std::source_location where) {
    std::vector<query::RelationPath> paths;
    for (const Handle& owner : owners) {
        if (owner->shared_mapper() != owners.front()->shared_mapper())
            throw MappingError("load() was given objects of " + owners.front()->mapper().entity() + " and " +
                                   owner->mapper().entity() + "; load relations of one mapper at a time",
                               where);
    }
    if (!owners.empty())
        paths = query::paths_of(owners.front()->mapper(), relations);
    return load(core, std::move(owners), std::move(paths), {}, where);
}

} // namespace detail
} // namespace corm::orm
