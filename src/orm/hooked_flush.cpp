// A flush between its hooks.
#include "orm/load.hpp"
#include "orm/session_core.hpp"
#include "orm/session_hooks.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <iterator>

namespace corm::orm {
namespace {

/// Hooks behind a flush may change something each time.
constexpr int max_flushes = 100;

} // namespace

/// What is about to be written, while hooks need to know it.
class HookedFlush {
public:
    HookedFlush(const detail::Core& core, const uow::PlanMode& mode) : core_(core) {
        const auto added = core->uow.added(), removed = core->uow.removed();
        // A flush that failed between its stages has written some already.
        const auto copy = [](const auto& list, uow::ObjectState state, auto& to) {
            std::copy_if(list.begin(), list.end(), std::back_inserter(to),
                         [state](const auto& instance) { return instance->state == state; });
        };
        copy(added, uow::ObjectState::pending, objects_.inserted_);
        objects_.updated_ = core->uow.modified(mode);
        copy(removed, uow::ObjectState::persistent, objects_.deleted_);
    }

    Task<void> before() const {
        co_await HookCalls::run(core_, RowEvent::before_insert, objects_.inserted_);
        co_await HookCalls::run(core_, RowEvent::before_update, objects_.updated_);
        co_await HookCalls::run(core_, RowEvent::before_delete, objects_.deleted_);
    }
    Task<void> behind() const {
        co_await HookCalls::run(core_, RowEvent::after_insert, objects_.inserted_);
        co_await HookCalls::run(core_, RowEvent::after_update, objects_.updated_);
        co_await HookCalls::run(core_, RowEvent::after_delete, objects_.deleted_);
        co_await HookCalls::after_flush(core_, objects_);
    }

private:
    const detail::Core& core_;
    FlushedObjects objects_;
};

Task<void> flush_hooked(const detail::Core& core, const OperationPlan& operation, const uow::PlanMode& flush) {
    const std::shared_ptr<const SessionHooks> hooks = core->engine->options.hooks;
    core->flushed_ahead = false; // whatever became of the operation that it was meant for
    for (int flushes = 0; core->uow.has_changes(); ++flushes) {
        if (flushes == max_flushes)
            throw Error(std::string{operation.name} + " has flushed " + std::to_string(max_flushes) +
                            " times, and each time a hook has changed something behind it; let it stop",
                        operation.where);
        co_await HookCalls::run(core, SessionEvent::before_flush);
        if (!HookCalls::concern_rows(*hooks)) {
            co_await write_ahead(core, operation, flush);
            co_return;
        }
        co_await remove_ahead(core, operation, flush);
        const HookedFlush hooked{core, flush};
        co_await hooked.before();
        co_await write_ahead(core, operation, flush);
        if (!HookCalls::follow_flushes(*hooks))
            co_return;
        OperationPlan plan = operation;
        plan.commits = false;
        plan.kind = trace::Operation::flush;
        Parts parts;
        plan.flushes = add_flush(*core, parts, plan.where, flush);
        if (plan.flushes)
            co_await core->run(plan, std::move(parts));
        co_await hooked.behind();
        if (!operation.settles) {
            core->flushed_ahead = true;
            co_return;
        }
    }
}

Task<void> run_and_show(detail::Core core, OperationPlan plan, Parts parts) {
    const Parts kept = parts;
    co_await core->start(plan, std::move(parts));
    std::vector<detail::Handle> loaded;
    for (const auto& part : kept)
        part->append_loaded(loaded);
    // Each once, whatever the hooks do.
    std::erase_if(loaded, [](const detail::Handle& instance) { return !std::exchange(instance->unseen, false); });
    co_await HookCalls::run(core, RowEvent::load, loaded);
}

} // namespace corm::orm
