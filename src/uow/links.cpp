// Linking objects in memory: both sides in step, and no circle of owners.
#include "uow/relation_book.hpp"

#include <corm/base/error.hpp>

#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>

namespace corm::uow {
namespace {

using mapping::RelationEnds;
using mapping::RelationKind;
using Object = std::shared_ptr<Instance>;

/// The object is about to change: its session watches it from now on.
void touch(const Object& instance) {
    if (const auto scope = instance->scope.lock())
        scope->on_relink(instance);
    static_cast<void>(Instance::editable(instance));
    if (RelationBook* const book = instance->book())
        book->remember();
}

void require_one_session(const Instance& owner, const Relation& relation, const Instance& target) {
    const auto own = owner.scope.lock(), other = target.scope.lock();
    if (own && other && own != other)
        throw Error(owner.describe() + "." + relation.name + " cannot refer to " + target.describe() +
                    ", which belongs to another session; get it in this one, or merge it");
}

void set_single(const Object& instance, const RelationEnds& ends, const Object& target, bool owned) {
    const Member member{*instance, *ends.relation};
    const std::vector<Link> dropped = std::move(member.links());
    member.links().clear();
    member.loaded() = true;
    member.given() = true;
    member.changed() = true;
    if (target == nullptr)
        return;
    member.links().emplace_back(target);
    if (!owned || leads_to(*target, *instance))
        member.links().front().disown();
}

/// True if the object owns the target now. `owned`: unless that would be a circle.
bool append(const Object& instance, const RelationEnds& ends, const Object& target, bool owned = true) {
    const Member member{*instance, *ends.relation};
    member.given() = true;
    member.changed() = true;
    member.links().emplace_back(target);
    if (owned && !leads_to(*target, *instance))
        return true;
    member.links().back().disown();
    return false;
}

/// True if the collection has the target, and owns it. To know that saves a walk through all that it has.
bool owns(const Member& collection, const Object& target) {
    const std::vector<Link>& links = collection.links();
    const auto found =
        std::find_if(links.rbegin(), links.rend(), [&](const Link& link) { return link.refers_to(target); });
    return found != links.rend() && found->owned() != nullptr;
}

void drop(const Object& instance, const RelationEnds& ends, const Object& target) {
    const Member member{*instance, *ends.relation};
    member.changed() = true;
    std::erase_if(member.links(), [&](const Link& link) { return link.refers_to(target); });
}

/// `child` goes out of the collection of its parent, if that is loaded.
void leave_parent(const Object& parent, const RelationEnds& many, const Object& child) {
    const Member member{*parent, *many.relation};
    if (!member.loaded() || !member.holds(child))
        return;
    if (parent->freshness == Freshness::expired) { // it may not be edited, and its children know where they are
        member.unload();
        return;
    }
    touch(parent);
    drop(parent, many, child);
}

/// The session of `owner` takes an object that belongs to none.
void join(const Object& owner, const Relation& relation, const Object& target) {
    if (!relation.options.save_update)
        return;
    if (const auto scope = owner->scope.lock(); scope && target->scope.expired())
        scope->on_link(target);
}

} // namespace

Object referred(const Object& instance, const RelationEnds& ends) {
    const Member member{*instance, *ends.relation};
    if (member.loaded())
        return member.single();
    const auto scope = instance->scope.lock();
    std::string key;
    if (!scope || !refers(ends.kind()) || !append_related_key(*instance, ends, key))
        return nullptr;
    return scope->find(*ends.target, key);
}

bool leads_to(const Instance& from, const Instance& to) {
    if (&from == &to)
        return true;
    if (from.mapper().relations().empty())
        return false;
    std::vector<Instance*> next{const_cast<Instance*>(&from)}; // members are reached by way of the object
    boost::unordered_flat_set<const Instance*> seen{&from};
    while (!next.empty()) {
        Instance& here = *next.back();
        next.pop_back();
        for (const Relation& relation : here.mapper().relations()) {
            for (const Link& link : Member{here, relation}.links()) {
                Instance* const there = link.owned().get();
                if (there == &to)
                    return true;
                if (there != nullptr && !there->mapper().relations().empty() && seen.insert(there).second)
                    next.push_back(there);
            }
        }
    }
    return false;
}

// What the types of structs say, the mappers of records have to.
void require_target(const RelationEnds& ends, const Object& target) {
    if (target == nullptr || &target->mapper() == ends.target)
        return;
    throw MappingError(
        ends.owner->entity() + "." + ends.relation->name + " leads to " + ends.target->entity() + ", and was given " +
        target->describe() + " of " +
        (target->mapper().entity() == ends.target->entity() ? "another mapping of that table" : "another table") +
        "; give it an object of the mapper that it was defined with");
}

void RelationBook::link_many(const RelationEnds& ends, const Object& target) {
    const Object self = owner();
    const RelationEnds* const other = ends.other();
    const Member member{*self, *ends.relation};
    const bool one_parent = ends.kind() == RelationKind::one_to_many && other != nullptr;
    const Object parent = one_parent ? referred(target, *other) : nullptr;
    // Children know their parent: looking through all of them is for those that may be there.
    if ((!one_parent || parent == self) && member.holds(target))
        return;
    // Of a pair the other side may know.
    if (ends.kind() == RelationKind::many_to_many && other != nullptr && !member.loaded()) {
        if (const Member mirror{*target, *other->relation}; mirror.loaded() && mirror.holds(self))
            return;
    }
    require_one_session(*self, *ends.relation, *target);
    touch(self);
    touch(target);
    if (one_parent) {
        if (parent != nullptr && parent != self)
            leave_parent(parent, ends, target);
        set_single(target, *other, self, false);
    }
    // Of one that is not loaded the child knows, and the rest comes with the rows. Where both sides are collections,
    // the one that the program changes owns.
    if (one_parent || other == nullptr) {
        if (member.loaded() || !one_parent)
            append(self, ends, target);
    } else {
        const Member mirror{*target, *other->relation};
        const bool owned = append(self, ends, target, !owns(mirror, self));
        if (mirror.loaded() && !mirror.holds(self))
            append(target, *other, self, !owned);
    }
    join(self, *ends.relation, target);
}

void RelationBook::link_one(const RelationEnds& ends, const Object& target) {
    const Object self = owner();
    const Member member{*self, *ends.relation};
    const RelationEnds* const other = ends.other();
    const Object before = referred(self, ends);
    if (member.loaded() && before == target && (target != nullptr || member.links().empty()))
        return;
    if (target != nullptr)
        require_one_session(*self, *ends.relation, *target);
    const bool one_to_one = ends.kind() != RelationKind::many_to_one;
    const Object rival = one_to_one && other != nullptr && target != nullptr ? referred(target, *other) : nullptr;
    // Whatever refuses to change does so ahead of the first change.
    for (const Object& changed :
         {self, one_to_one && other != nullptr ? before : nullptr, other != nullptr ? target : nullptr, rival}) {
        if (changed != nullptr)
            touch(changed);
    }
    if (other != nullptr && before != nullptr) {
        if (one_to_one)
            set_single(before, *other, nullptr, false);
        else
            leave_parent(before, *other, self);
    }
    set_single(self, ends, nullptr, false); // what it owned must not look like a circle
    bool owned = true;
    if (other != nullptr && target != nullptr) {
        if (one_to_one) {
            if (rival != nullptr && rival != self)
                set_single(rival, ends, nullptr, false);
            // The one without the foreign key is the parent.
            owned = ends.kind() == RelationKind::one_to_one_inverse;
            set_single(target, *other, self, !owned);
        } else if (const Member mirror{*target, *other->relation}; mirror.loaded()) {
            owned = !(mirror.holds(self) ? owns(mirror, self) : append(target, *other, self));
        }
    }
    if (target == nullptr) {
        // What cannot be without its owner, and has no row yet, is not wanted any more.
        if (const auto scope = self->scope.lock(); scope && before != nullptr && other != nullptr &&
                                                   other->relation->options.delete_orphan &&
                                                   self->state == ObjectState::pending)
            scope->on_leave(self);
        return;
    }
    set_single(self, ends, target, owned);
    join(self, *ends.relation, target);
}

void RelationBook::link(const Relation& relation, const Object& target) {
    const RelationEnds& ends = mapping::RelationMap::of(mapper_, relation);
    require_target(ends, target);
    if (is_to_many(relation.kind))
        link_many(ends, target);
    else
        link_one(ends, target);
}

void RelationBook::unlink(const Relation& relation, const Object& target) {
    const RelationEnds& ends = mapping::RelationMap::of(mapper_, relation);
    if (!is_to_many(relation.kind)) {
        link_one(ends, nullptr);
        return;
    }
    const Object self = owner();
    touch(self);
    touch(target);
    drop(self, ends, target);
    if (const RelationEnds* const other = ends.other()) {
        const Member mirror{*target, *other->relation};
        if (relation.kind == RelationKind::many_to_many) {
            if (mirror.holds(self)) // added, if it is not loaded
                drop(target, *other, self);
            else if (mirror.loaded() && !mirror.changed() && mirror.living().size() != mirror.links().size())
                mirror.unload(); // this row may be one whose object is gone
        } else if (referred(target, *other) == self) {
            set_single(target, *other, nullptr, false);
        }
    }
    if (const auto scope = target->scope.lock();
        scope && relation.options.delete_orphan && target->state == ObjectState::pending)
        scope->on_leave(target);
}

void withdraw(const Object& instance, const std::function<void(const Object&)>& watch) {
    if (instance->book() == nullptr)
        return;
    for (const RelationEnds& ends : mapping::RelationMap::of(instance->mapper())) {
        const RelationEnds* const other = ends.other();
        if (other == nullptr || (owns_targets(ends.kind()) && ends.relation->options.delete_))
            continue;
        for (const Object& target : Member{*instance, *ends.relation}.living()) {
            const Member mirror{*target, *other->relation};
            if (target->freshness == Freshness::expired || !mirror.holds(instance))
                continue;
            watch(target);
            if (target->state == ObjectState::persistent)
                target->book()->remember();
            if (is_to_many(other->kind())) {
                drop(target, *other, instance);
                continue;
            }
            set_single(target, *other, nullptr, false);
            if (owns_targets(ends.kind()))
                drop(instance, ends, target);
        }
    }
}

void relate(const Object& instance) {
    RelationBook* const book = instance->book();
    if (book == nullptr)
        return;
    for (const Relation& relation : instance->mapper().relations()) {
        const Member member{*instance, relation};
        const RelationEnds& ends = mapping::RelationMap::of(instance->mapper(), relation);
        if (!member.loaded()) {
            for (const Object& target : member.living()) {
                require_target(ends, target);
                join(instance, relation, target);
            }
            continue;
        }
        std::vector<Object> targets;
        for (const Link& link : member.links()) {
            Object target = link.lock();
            if (target == nullptr && instance->state != ObjectState::pending)
                continue; // its row says what it refers to
            if (target == nullptr)
                throw Error(instance->describe() + "." + relation.name +
                            " refers to an object that nobody has kept; keep a handle to it until both are added");
            require_target(ends, target);
            targets.push_back(std::move(target));
        }
        if (instance->state == ObjectState::pending) {
            const std::vector<Link> links = std::exchange(member.links(), {});
            for (const Object& target : targets)
                book->link(relation, target);
        }
        for (const Object& target : targets)
            join(instance, relation, target);
    }
}

} // namespace corm::uow
