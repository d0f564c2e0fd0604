#include "uow/relation_book.hpp"

#include <corm/uow/relation_history.hpp>

#include <algorithm>
#include <utility>

namespace corm::uow {

bool RelationContent::holds(const std::shared_ptr<Instance>& target) const noexcept {
    return std::any_of(targets.begin(), targets.end(), [&](const std::weak_ptr<Instance>& weak) {
        return !weak.owner_before(target) && !target.owner_before(weak);
    });
}

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
    if (sent.empty())
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

void RelationBook::restore(const RelationContents& contents) {
    const std::shared_ptr<Instance> instance = owner();
    const auto all = mapping::RelationMap::of(mapper_);
    for (std::size_t i = 0; i < contents.size(); ++i) {
        const Member member{*instance, mapper_.relations()[i]};
        std::vector<Link> links; // before the member lets go of what it owns now
        for (const std::weak_ptr<Instance>& weak : contents[i].targets) {
            if (std::shared_ptr<Instance> target = weak.lock())
                links.emplace_back(std::move(target));
        }
        member.unload();
        if (!contents[i].loaded || links.size() != contents[i].targets.size())
            continue;
        for (Link& link : links) {
            if (owns_targets(all[i].kind()))
                disown_parent(*link.owned(), all[i], instance);
            if (leads_to(*link.owned(), *instance))
                link.disown();
        }
        member.links() = std::move(links);
        member.loaded() = true;
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
    const RelationContent& before = book->sent[index];
    for (std::shared_ptr<Instance>& target : member.living())
        (before.holds(target) ? history.unchanged : history.added).push_back(std::move(target));
    for (const std::weak_ptr<Instance>& weak : before.targets) {
        if (std::shared_ptr<Instance> target = weak.lock(); target && !member.holds(target))
            history.deleted.push_back(std::move(target));
    }
    return history;
}

} // namespace corm::uow
