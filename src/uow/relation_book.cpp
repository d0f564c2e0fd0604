#include "uow/relation_book.hpp"

#include <corm/uow/relation_history.hpp>

#include <algorithm>
#include <utility>

namespace corm::uow {

RelationBook::RelationBook(const std::shared_ptr<Instance>& instance) : self_(instance), mapper_(instance->mapper()) {
    for (const Relation& relation : mapper_.relations())
        Member{*instance, relation}.bind(*this, relation);
}

RelationContents RelationBook::contents() const {
    const std::shared_ptr<Instance> instance = owner();
    RelationContents made;
    for (const Relation& relation : mapper_.relations()) {
        const Member member{*instance, relation};
        RelationContent& content = made.emplace_back();
        content.loaded = member.loaded();
        if (!content.loaded)
            continue;
        for (const Link& link : member.links())
            content.targets.push_back(link.lock());
    }
    return made;
}

void RelationBook::remember() {
    const ObjectState state = owner()->state;
    // Nothing of a new object was written, nor is what it changed before it had a base.
    if (sent.empty() && state != ObjectState::transient && state != ObjectState::pending && !is_changed())
        sent = contents();
}

void disown_parent(Instance& child, const mapping::RelationEnds& ends, const std::shared_ptr<Instance>& parent) {
    const mapping::RelationEnds* const other = ends.other();
    if (other == nullptr)
        return;
    for (Link& link : Member{child, *other->relation}.links()) {
        if (link.refers_to(parent))
            link.disown();
    }
}

void RelationBook::restore(std::size_t relation, const RelationContent& content) {
    const std::shared_ptr<Instance> instance = owner();
    const mapping::RelationEnds& ends = mapping::RelationMap::of(mapper_)[relation];
    const Member member{*instance, *ends.relation};
    std::vector<Link> links; // ahead of `unload`: the member may be all that keeps them
    for (const std::weak_ptr<Instance>& weak : content.targets) {
        if (std::shared_ptr<Instance> target = weak.lock())
            links.emplace_back(std::move(target));
    }
    member.unload();
    if (!content.loaded || links.size() != content.targets.size())
        return;
    for (Link& link : links) {
        if (owns_targets(ends.kind()))
            disown_parent(*link.owned(), ends, instance);
        if (leads_to(*link.owned(), *instance))
            link.disown();
    }
    member.links() = std::move(links);
    member.loaded() = true;
}

void RelationBook::restore(const RelationContents& contents) {
    for (std::size_t i = 0; i < contents.size(); ++i)
        restore(i, contents[i]);
}

void RelationBook::take_back() {
    const std::shared_ptr<Instance> instance = owner();
    for (std::size_t i = 0; i < sent.size(); ++i) {
        const mapping::RelationEnds& ends = mapping::RelationMap::of(mapper_)[i];
        const mapping::RelationEnds* const other = ends.other();
        const Member member{*instance, *ends.relation};
        if (!member.changed() || owns_targets(ends.kind()))
            continue;
        const std::vector<std::shared_ptr<Instance>> now = member.living();
        restore(i, sent[i]);
        if (other == nullptr || (member.loaded() && member.living() == now))
            continue;
        if (refers(ends.kind())) {
            std::string key;
            const std::shared_ptr<Scope> scope = instance->scope.lock();
            const std::shared_ptr<Instance> written =
                scope && append_related_key(*instance, ends, key) ? scope->find(*ends.target, key) : nullptr;
            for (const std::shared_ptr<Instance>& target : {now.empty() ? nullptr : now.front(), written}) {
                if (target != nullptr)
                    Member{*target, *other->relation}.unload();
            }
            continue;
        }
        const auto held = addresses(member.links());
        for (const std::shared_ptr<Instance>& target : now) {
            const Member mirror{*target, *other->relation};
            if (!held.contains(target.get()) &&
                !has_pair(*target, *other, [&](const auto& handles) { return holds(handles, instance); }))
                std::erase_if(mirror.links(), [&](const Link& link) { return link.refers_to(instance); });
        }
        for (const std::shared_ptr<Instance>& target : member.living()) {
            const Member mirror{*target, *other->relation};
            if (mirror.loaded() && !mirror.holds(instance)) {
                mirror.links().emplace_back(instance);
                if (leads_to(*instance, *target))
                    mirror.links().back().disown();
            }
        }
    }
}

void RelationBook::unload() {
    const std::shared_ptr<Instance> instance = owner();
    for (const Relation& relation : mapper_.relations())
        Member{*instance, relation}.unload();
    sent.clear();
}

bool RelationBook::is_changed() const {
    const std::shared_ptr<Instance> instance = owner();
    return std::any_of(mapper_.relations().begin(), mapper_.relations().end(),
                       [&](const Relation& relation) { return Member{*instance, relation}.changed(); });
}

void RelationBook::settle(bool final) {
    const std::shared_ptr<Instance> instance = owner();
    if (!final && begin.empty() && !instance->inserted_now)
        begin = std::move(sent);
    sent.clear();
    for (const Relation& relation : mapper_.relations()) {
        const Member member{*instance, relation};
        member.changed() = false;
        if (!member.loaded())
            member.links().clear();
    }
}

void RelationBook::forget_row() {
    sent.clear();
    const std::shared_ptr<Instance> instance = owner();
    for (const Relation& relation : mapper_.relations()) {
        const Member member{*instance, relation};
        if (refers(relation.kind) || member.loaded())
            continue;
        member.loaded() = true;
        member.given() = false; // it has nothing to say about the row that it had
        member.read_at() = 0;
    }
}

void RelationBook::lose_transaction() {
    if (begin.empty())
        return;
    const std::shared_ptr<Instance> instance = owner();
    sent = std::move(begin);
    for (std::size_t i = 0; i < sent.size(); ++i) {
        const Member member{*instance, mapper_.relations()[i]};
        if (owns_targets(mapper_.relations()[i].kind) || !member.loaded())
            continue;
        if (sent[i].loaded)
            member.changed() = true;
        else
            member.unload(); // what was there before is not known, so neither is what to write
    }
}

void RelationBook::undo(bool whole_transaction) {
    RelationContents& from = whole_transaction && !begin.empty() ? begin : sent;
    if (!from.empty())
        restore(from);
    sent.clear();
    if (whole_transaction)
        begin.clear();
}

RelationHistory relation_history(Instance& instance, const Relation& relation) {
    RelationHistory history;
    const Member member{instance, relation};
    const RelationBook* const book = instance.book();
    const auto index = static_cast<std::size_t>(&relation - instance.mapper().relations().data());
    const bool fresh = instance.state == ObjectState::transient || instance.state == ObjectState::pending;
    if (fresh || !member.loaded()) {
        history.added = member.living();
        return history;
    }
    if (!member.changed() || book == nullptr || book->sent.empty()) {
        history.unchanged = member.living();
        return history;
    }
    const std::vector<std::weak_ptr<Instance>>& before = book->sent[index].targets;
    std::vector<std::shared_ptr<Instance>> now = member.living();
    const auto here = addresses(now), there = addresses(before);
    for (std::shared_ptr<Instance>& target : now)
        (there.contains(target.get()) ? history.unchanged : history.added).push_back(std::move(target));
    for (const std::weak_ptr<Instance>& weak : before) {
        if (std::shared_ptr<Instance> target = weak.lock(); target && !here.contains(target.get()))
            history.deleted.push_back(std::move(target));
    }
    return history;
}

} // namespace corm::uow
