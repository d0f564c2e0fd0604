// What the removal of an object means for those that it is related to.
#include "uow/unit_of_work.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace corm::uow {
namespace {

using mapping::RelationEnds;
using Object = std::shared_ptr<Instance>;

/// The target's foreign key of a relation whose target refers.
bool can_be_null(const RelationEnds& ends) {
    return std::all_of(ends.there.begin(), ends.there.end(), [&](std::uint16_t index) {
        const mapping::Column& column = ends.target->column(index);
        return column.type->nullable && !column.key;
    });
}

void set_null(Instance& instance, std::span<const std::uint16_t> columns) {
    for (const std::uint16_t index : columns) {
        const mapping::Column& column = instance.mapper().column(index);
        column.type->set_null(column.in(instance.values()));
    }
}

} // namespace

// Rows that refer to each other can be deleted in no order: the reference that the mapping names goes first.
std::vector<Object> UnitOfWork::release_circles() {
    std::vector<Object> released;
    for (const Object& instance : doomed_) {
        if (instance->book() == nullptr || instance->freshness == Freshness::expired ||
            instance->state == ObjectState::deleted)
            continue;
        for (const RelationEnds& ends : mapping::RelationMap::of(instance->mapper())) {
            std::string key;
            // What the row refers to: the program, or a plan that was given up, may have changed the object.
            if (!ends.relation->options.post_update || !refers(ends.kind()) ||
                !append_related_key(*instance, ends, key, KeyOf::row))
                continue;
            const Object target = find(*ends.target, key);
            if (target == nullptr || !target->doomed)
                continue;
            watch(instance);
            set_null(*instance, ends.here);
            released.push_back(instance);
        }
    }
    return released;
}

void UnitOfWork::doom(const Object& instance) {
    if (instance->state == ObjectState::pending) {
        std::vector<Object> dropped{instance};
        while (!dropped.empty()) {
            const Object next = std::move(dropped.back());
            dropped.pop_back();
            if (next->state != ObjectState::pending || !owns(*next)) {
                doom(next);
                continue;
            }
            withdraw(next, [this](const Object& changed) {
                if (owns(*changed))
                    watch(changed);
            });
            leave(next);
            for (const Relation& relation : next->mapper().relations()) {
                if (!relation.options.delete_)
                    continue;
                const std::vector<Object> along = Member{*next, relation}.living();
                dropped.insert(dropped.end(), along.begin(), along.end());
            }
        }
    } else if (instance->state == ObjectState::persistent && owns(*instance) && !instance->doomed) {
        instance->doomed = true;
        if (RelationBook* const book = instance->book())
            book->forget_removal(); // an earlier one may have been undone
        doomed_.push_back(instance);
    }
}

// True if the objects of the relation are known, and were told.
bool UnitOfWork::cascade_removal(const Object& instance, const RelationEnds& ends) {
    const mapping::RelationOptions& options = ends.relation->options;
    const bool children = owns_targets(ends.kind());
    // What cannot be NULL and is not removed along is up to the database.
    if (!options.delete_ && (!children || !can_be_null(ends)))
        return true;
    const Member member{*instance, *ends.relation};
    const std::vector<Object> related = member.living();
    // What became of the rows of expired objects, only the database can tell.
    const bool readable = std::none_of(related.begin(), related.end(),
                                       [](const Object& target) { return target->freshness == Freshness::expired; });
    const bool known = member.loaded() && (member.changed() ? readable || ends.other() == nullptr
                                                            : readable && member.read_at() >= begun_);
    if (!known && !options.passive_deletes)
        return false;
    const RelationEnds* const other = ends.other();
    for (const Object& target : related) {
        if (!owns(*target) || target->state == ObjectState::deleted || target->freshness == Freshness::expired)
            continue;
        if (!target->doomed)
            instance->book()->concerned.emplace_back(target, &ends);
        if (options.delete_) {
            doom(target);
            continue;
        }
        watch(target);
        if (RelationBook* const book = target->book(); book != nullptr && other != nullptr) {
            book->remember();
            const Member back{*target, *other->relation};
            back.links().clear();
            back.loaded() = true;
            back.changed() = true;
        }
        set_null(*target, ends.there);
    }
    return true;
}

// A flush that could not be planned has found out what the removal means.
void UnitOfWork::keep(const Object& instance, std::source_location where) {
    if (!instance->doomed)
        return;
    forget_removal(instance);
    if (instance->book() == nullptr)
        return;
    for (const auto& [target, ends] : std::exchange(instance->book()->concerned, {})) {
        if (ends->relation->options.delete_) {
            if (target->doomed || target->state == ObjectState::transient)
                add(target, where);
            continue;
        }
        const RelationEnds* const other = ends->other();
        if (!owns(*target) || (other != nullptr && !Member{*target, *other->relation}.links().empty()))
            continue;
        for (std::size_t i = 0; i < ends->there.size(); ++i) {
            const mapping::Column& key = instance->mapper().column(ends->here[i]);
            const mapping::Column& column = target->mapper().column(ends->there[i]);
            convert(key, key.in(instance->values()), target->mapper(), column, column.in(target->values()));
        }
        if (other == nullptr)
            continue;
        std::erase_if(Member{*instance, *ends->relation}.links(),
                      [&target](const Link& link) { return link.refers_to(target); });
        instance->book()->link(*ends->relation, target);
    }
}

std::vector<RelationLoad> UnitOfWork::cascade_removals() {
    std::vector<RelationLoad> loads;
    // Removals may lead to others, which are appended.
    for (std::size_t i = 0; i < doomed_.size(); ++i) {
        const Object instance = doomed_[i];
        RelationBook* const book = instance->book();
        if (book == nullptr || book->removal_cascaded)
            continue;
        bool known = true;
        for (const RelationEnds& ends : mapping::RelationMap::of(instance->mapper())) {
            if (cascade_removal(instance, ends))
                continue;
            known = false;
            RelationLoad load = this->load(ends, std::span{&instance, 1}, true);
            const auto same = std::find_if(loads.begin(), loads.end(),
                                           [&](const RelationLoad& earlier) { return earlier.ends == &ends; });
            if (load.empty())
                continue;
            if (same == loads.end()) {
                loads.push_back(std::move(load));
            } else {
                std::move(load.owners.begin(), load.owners.end(), std::back_inserter(same->owners));
                std::move(load.keys.begin(), load.keys.end(), std::back_inserter(same->keys));
            }
        }
        book->removal_cascaded = known;
    }
    return loads;
}

} // namespace corm::uow
