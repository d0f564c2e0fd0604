#include "uow/relation_sync.hpp"

#include "uow/flush_statements.hpp"
#include "uow/table_order.hpp"

#include <corm/base/error.hpp>

#include <algorithm>

namespace corm::uow {
namespace {

using mapping::RelationKind;

std::string named(const Instance& instance, const Relation& relation) {
    return instance.describe() + "." + relation.name;
}

} // namespace

bool RelationSync::knows_key(const Instance& instance) const {
    return instance.state != ObjectState::pending || !leaves_key_to_server(instance);
}

void RelationSync::run(std::span<const Object> added, const std::vector<const Object*>& modified,
                       std::span<const Object> removed) {
    // What waits for one that waits is found in a later round: parents are mostly added ahead of their children.
    for (std::size_t known = 0;;) {
        linked_.clear();
        unlinked_.clear();
        orphans_.clear();
        pairs_.clear();
        behind_.clear();
        lost_.clear();
        postponed_.clear();
        pairs_wait_ = false;
        for (const Object& instance : added)
            sync(instance);
        for (const Object* instance : modified)
            sync(*instance);
        if (waiting_.size() == known)
            break;
        known = waiting_.size();
    }
    // Another owner may have taken them meanwhile.
    for (const auto& [child, ends] : lost_) {
        const bool taken = waiting_.contains(child.get()) ||
                           std::any_of(ends->there.begin(), ends->there.end(), [&](std::uint16_t index) {
                               const mapping::Column& column = child->mapper().column(index);
                               return !column.type->same(current(*child, column), loaded(*child, column));
                           });
        if (!taken)
            lose(child, *ends);
    }
    if (has_more())
        find_first(added);
    for (const Object& instance : removed)
        clear_pairs(instance);
}

void RelationSync::sync(const Object& instance) {
    RelationBook* const book = instance->book();
    if (book == nullptr)
        return;
    const bool pending = instance->state == ObjectState::pending;
    const std::span<const Ends> all = mapping::RelationMap::of(instance->mapper());
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Ends& ends = all[i];
        const Member member{*instance, *ends.relation};
        if (!member.changed() && (!pending || member.links().empty()))
            continue;
        const RelationContent* const before = book->sent.empty() ? nullptr : &book->sent[i];
        if (refers(ends.kind()))
            refer(instance, ends, member);
        else if (ends.kind() == RelationKind::many_to_many)
            pair(instance, ends, member, before);
        else if (ends.other() == nullptr)
            adopt(instance, ends, member, before);
    }
}

void RelationSync::refer(const Object& instance, const Ends& ends, const Member& member) {
    if (member.links().empty()) {
        if (instance->state != ObjectState::pending) {
            lose(instance, ends);
            return;
        }
        // A key that was written once, and taken back, may be in it yet.
        for (const std::uint16_t index : ends.here) {
            const mapping::Column& column = instance->mapper().column(index);
            if (member.changed() && column.type->nullable && !column.key)
                column.type->set_null(column.in(instance->values()));
        }
        return;
    }
    const Object target = member.single();
    if (target == nullptr)
        throw Error(named(*instance, *ends.relation) +
                    " refers to an object that nobody has kept; keep a handle to it until the flush");
    copy_key(instance, ends.here, target, ends.there, *ends.relation);
}

/// A persistent object does not refer to anything any more.
void RelationSync::lose(const Object& instance, const Ends& ends) {
    const bool of_child = refers(ends.kind());
    const mapping::Mapper& mapper = instance->mapper();
    const std::vector<std::uint16_t>& columns = of_child ? ends.here : ends.there;
    const auto is_null = [&](std::uint16_t index) {
        return mapper.column(index).type->is_null(loaded(*instance, mapper.column(index)));
    };
    const Ends* const parent = of_child ? ends.other() : &ends;
    if (parent != nullptr && parent->relation->options.delete_orphan &&
        std::none_of(columns.begin(), columns.end(), is_null)) {
        orphans_.push_back(instance);
        return;
    }
    for (const std::uint16_t index : columns) {
        const mapping::Column& column = mapper.column(index);
        if (column.key || !column.type->nullable)
            throw MappingError(instance->describe() + " was taken out of " + ends.relation->entity + "." +
                               ends.relation->name + ", and its " + column.member + " cannot be NULL" +
                               (column.key ? ", being part of the key" : "") +
                               "; give it another object, remove it, map the relation with delete_orphan, or make the "
                               "member optional");
        column.type->set_null(column.in(instance->values()));
    }
}

// Each object of a changed collection is looked for in what the collection was, and the other way round.
template <class Handle>
bool RelationSync::holds(const std::vector<Handle>& handles, const Object& target) {
    constexpr std::size_t few = 16;
    if (handles.size() <= few)
        return uow::holds(handles, target);
    const auto [found, added] = held_.try_emplace(&handles);
    if (added)
        found->second = addresses(handles);
    return found->second.contains(target.get());
}

/// Children that do not know their parent: the parent says whose they are.
void RelationSync::adopt(const Object& owner, const Ends& ends, const Member& member, const RelationContent* before) {
    for (const Object& child : member.living()) {
        if (before != nullptr && before->loaded && holds(before->targets, child))
            continue;
        require_member(child, *ends.relation);
        copy_key(child, ends.there, owner, ends.here, *ends.relation);
    }
    if (before == nullptr || !member.loaded())
        return;
    for (const std::weak_ptr<Instance>& weak : before->targets) {
        const Object child = weak.lock();
        if (child != nullptr && child->state == ObjectState::persistent && !child->doomed &&
            !holds(member.links(), child))
            lost_.emplace_back(child, &ends);
    }
}

void RelationSync::require_member(const Object& target, const Relation& relation) const {
    if (target->state == ObjectState::deleted || target->doomed)
        throw Error(relation.entity + "." + relation.name + " refers to " + target->describe() +
                    ", which is removed; take it out of the relation, or do not remove it");
    const auto session = scope_.lock();
    if (target->scope.lock() != session || session == nullptr)
        throw Error(relation.entity + "." + relation.name + " refers to " + target->describe() +
                    ", which is not in this session; add it, or take it out of the relation");
}

void RelationSync::copy_key(const Object& child, std::span<const std::uint16_t> foreign_key, const Object& parent,
                            std::span<const std::uint16_t> key, const Relation& relation) {
    require_member(parent, relation);
    const mapping::Mapper& mapper = child->mapper();
    const auto column = [&](std::size_t i) -> const mapping::Column& { return mapper.column(foreign_key[i]); };
    const bool waits = !knows_key(*parent) || waiting_.contains(parent.get()) || comes_later(child, parent, relation);
    if (waits && relation.options.post_update) {
        postponed_.insert(child.get());
        for (std::size_t i = 0; child->state == ObjectState::pending && i < foreign_key.size(); ++i)
            column(i).type->set_null(column(i).in(child->values()));
        return;
    }
    if (waits) {
        waiting_.insert(child.get());
        needed_.insert(parent.get());
        return;
    }
    for (std::size_t i = 0; i < foreign_key.size(); ++i) {
        const mapping::Column& from = parent->mapper().column(key[i]);
        convert(from, current(*parent, from), mapper, column(i), column(i).in(child->values()));
    }
    if (parent->state == ObjectState::pending && parent != child)
        behind_.emplace_back(child.get(), parent.get());
}

// Within a table updates go ahead of inserts, and tables that refer to each other have one order for all of their rows.
bool RelationSync::comes_later(const Object& child, const Object& parent, const Relation& relation) {
    if (parent->state != ObjectState::pending || parent == child)
        return false;
    if (&parent->mapper() == &child->mapper())
        return child->state == ObjectState::persistent;
    const auto [known, added] = comes_later_.try_emplace({&child->mapper(), &relation}, false);
    if (added) {
        const bool leads_back = leads_to(parent->mapper(), child->mapper());
        const bool is_first = comes_first(child->mapper(), parent->mapper());
        known->second = relation.options.post_update ? leads_back || is_first : leads_back && is_first;
    }
    return known->second;
}

void RelationSync::pair(const Object& owner, const Ends& ends, const Member& member, const RelationContent* before) {
    for (const Object& target : member.living()) {
        const bool known_here = before != nullptr && before->loaded;
        if (known_here
                ? holds(before->targets, target)
                : owner->state == ObjectState::persistent && ends.other() != nullptr &&
                      has_pair(*target, *ends.other(), [&](const auto& handles) { return holds(handles, owner); }))
            continue;
        if (target->doomed || owner->doomed)
            continue;
        require_member(target, *ends.relation);
        bool known = true;
        for (const Object& side : {owner, target}) {
            if (!knows_key(*side))
                needed_.insert(side.get());
            known = known && knows_key(*side) && !waiting_.contains(side.get());
        }
        if (known)
            add_pair(owner, ends, target, false);
        else
            pairs_wait_ = true;
    }
    if (before == nullptr || !member.loaded())
        return;
    for (const std::weak_ptr<Instance>& weak : before->targets) {
        const Object target = weak.lock();
        // All pairs of one that is removed go together, if it knows of them.
        if (target && target->state == ObjectState::persistent && (!target->doomed || ends.other() == nullptr) &&
            !owner->doomed && !holds(member.links(), target))
            add_pair(owner, ends, target, true);
    }
}

void RelationSync::add_pair(const Object& owner, const Ends& ends, const Object& target, bool removed) {
    owner->mapper().require_usable("a flush");
    const mapping::AssociationEnds table = mapping::association_of(ends);
    const Object row = Instance::create(table.mapper);
    std::size_t at = 0;
    for (const Object& side : {table.swapped ? target : owner, table.swapped ? owner : target}) {
        for (const std::uint16_t index : side->mapper().key_columns()) {
            const mapping::Column& from = side->mapper().column(index);
            const mapping::Column& to = table.mapper->column(at++);
            convert(from, removed ? loaded(*side, from) : current(*side, from), *table.mapper, to,
                    to.in(row->values()));
        }
    }
    std::string key;
    table.mapper->append_key(row->values(), key);
    // Linked from both sides it is one pair.
    if (!pairs_.insert(table.mapper->table() + (removed ? '-' : '+') + key).second)
        return;
    row->state = removed ? ObjectState::persistent : ObjectState::pending;
    if (removed)
        row->key = std::move(key);
    (removed ? unlinked_ : linked_).push_back(row);
}

void RelationSync::clear_pairs(const Object& instance) {
    if (instance->book() == nullptr)
        return;
    for (const Ends& ends : mapping::RelationMap::of(instance->mapper())) {
        if (ends.kind() != RelationKind::many_to_many)
            continue;
        const mapping::AssociationEnds table = mapping::association_of(ends);
        const std::size_t first = table.swapped ? ends.there.size() : 0;
        const auto known = std::find_if(cleared_.begin(), cleared_.end(), [&](const Unlinked& other) {
            return other.association == table.mapper && other.first == first;
        });
        Unlinked& cleared = known != cleared_.end() ? *known : cleared_.emplace_back(Unlinked{table.mapper, first, {}});
        cleared.objects.push_back(instance);
    }
}

// Rows whose keys others wait for, what they refer to themselves, and new rows of tables that they may refer to without
// a link.
void RelationSync::find_first(std::span<const Object> added) {
    for (const Instance* instance : needed_) {
        if (!waiting_.contains(instance))
            first_.insert(instance);
    }
    if (first_.empty() && postponed_.empty())
        throw_circle();
    const bool all_first = !postponed_.empty() && needed_.empty();
    std::vector<const mapping::Mapper*> mappers; // each once: there are many objects of few
    const auto bring_in = [&mappers](const mapping::Mapper& mapper) {
        if (std::find(mappers.begin(), mappers.end(), &mapper) == mappers.end())
            mappers.push_back(&mapper);
    };
    for (const Object& instance : added) {
        if (all_first || first_.contains(instance.get()))
            bring_in(instance->mapper());
    }
    // A table of theirs may bring in another.
    for (bool is_new = true; is_new;) {
        const std::size_t known = first_.size();
        for (const Object& instance : added) {
            if (waiting_.contains(instance.get()) || first_.contains(instance.get()))
                continue;
            const mapping::Mapper& own = instance->mapper();
            const bool earlier = std::any_of(mappers.begin(), mappers.end(), [&](const mapping::Mapper* mapper) {
                return mapper == &own || refers_to(*mapper, own);
            });
            if (all_first || earlier) {
                first_.insert(instance.get());
                bring_in(own);
            }
        }
        for (const auto& [child, parent] : behind_) {
            if (first_.contains(child))
                first_.insert(parent);
        }
        is_new = first_.size() != known;
    }
    // An old row that moves to a new one of a later stage.
    for (const auto& [child, parent] : behind_) {
        if (child->state == ObjectState::persistent && !first_.contains(parent))
            ahead_.insert(child);
    }
}

std::vector<RelationSync::Object> RelationSync::ordered(std::span<const Object> added) const {
    boost::unordered_flat_map<const Instance*, std::vector<const Instance*>> parents;
    for (const auto& [child, parent] : behind_) {
        if (&child->mapper() == &parent->mapper())
            parents[child].push_back(parent);
    }
    if (parents.empty())
        return {added.begin(), added.end()};
    boost::unordered_flat_map<const Instance*, const Object*> handles;
    for (const Object& instance : added)
        handles.emplace(instance.get(), &instance);
    std::vector<Object> order;
    order.reserve(added.size());
    boost::unordered_flat_set<const Instance*> seen;
    for (const Object& instance : added) {
        // Up to the first that refers to none, and back.
        std::vector<const Instance*> path;
        if (seen.insert(instance.get()).second)
            path.push_back(instance.get());
        while (!path.empty()) {
            const auto above = parents.find(path.back());
            if (above != parents.end() && !above->second.empty()) {
                const Instance* const parent = above->second.back();
                above->second.pop_back();
                if (handles.contains(parent) && seen.insert(parent).second)
                    path.push_back(parent);
                continue;
            }
            order.push_back(*handles.at(path.back()));
            path.pop_back();
        }
    }
    return order;
}

void RelationSync::throw_circle() const {
    std::vector<std::string> names;
    for (const Instance* instance : waiting_)
        names.push_back(instance->describe());
    std::sort(names.begin(), names.end());
    throw Error("new objects need each other's keys, which the server has yet to generate: " + joined(names) +
                "; give one of them its key, flush them one after the other, or map one of the relations with "
                "post_update");
}

FlushStatement clear_pairs(const Unlinked& unlinked) {
    const mapping::Mapper& mapper = *unlinked.association;
    FlushStatement statement = start_statement(FlushStatement::Kind::unlink, mapper, {});
    const mapping::Mapper& side = unlinked.objects.front()->mapper();
    std::vector<ColumnIndex> columns;
    for (std::size_t i = 0; i < side.key_columns().size(); ++i) {
        columns.push_back(static_cast<ColumnIndex>(unlinked.first + i));
        const mapping::Column& key = side.column(side.key_columns()[i]);
        add_column(statement.parameters, side, key, unlinked.objects.size(), true,
                   [&](std::size_t row) { return loaded(*unlinked.objects[row], key); });
    }
    statement.text = mapper.extension<StatementTexts>().remove_where(columns);
    return statement;
}

} // namespace corm::uow
