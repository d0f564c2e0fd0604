// The relations of merged objects.
#include "uow/merge.hpp"

#include "uow/relation_book.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace corm::uow {
namespace {

using mapping::RelationEnds;
using mapping::RelationKind;
using Object = std::shared_ptr<Instance>;

/// The link counts, and the foreign key follows with the flush: nobody has written it yet.
bool decides(const Instance& source, const RelationEnds& ends, const Member& member) {
    return refers(ends.kind()) && member.loaded() && (member.changed() || (!source.key.has_value() && member.given()));
}

/// What a source says about a relation; nothing if it does not know, or if its foreign key says it all.
std::optional<std::vector<Object>> said_by(const Object& source, const RelationEnds& ends) {
    const Member member{*source, *ends.relation};
    if (!member.says())
        return std::nullopt;
    std::vector<Object> found = member.living();
    const bool whole = found.size() == member.links().size();
    if (refers(ends.kind()) && !decides(*source, ends, member)) {
        // The program may have written the foreign key by itself.
        std::string key;
        if (!whole || found.empty() || !append_related_key(*source, ends, key) || found.front()->key != key)
            return std::nullopt;
    }
    if (!whole)
        throw NotLoadedError("merge() was given " + source->describe() + ", whose " + ends.relation->name +
                             " refers to an object that nobody has kept; keep a handle to it until it is merged");
    return found;
}

void require_readable(const Object& object) {
    if (object != nullptr)
        static_cast<void>(object->readable());
}

} // namespace

void Merge::walk(std::size_t index) {
    const Object source = entries_[index].source;
    if (source->book() == nullptr)
        return;
    for (const RelationEnds& ends : mapping::RelationMap::of(source->mapper())) {
        if (decides(*source, ends, Member{*source, *ends.relation}))
            entries_[index].linked.insert(entries_[index].linked.end(), ends.here.begin(), ends.here.end());
        const std::vector<const RelationEnds*>& by = entries_[index].reached_by;
        const bool reverse =
            index >= given_ && ends.other() != nullptr && std::find(by.begin(), by.end(), ends.other()) != by.end();
        if (!ends.relation->options.merge || reverse)
            continue;
        const std::optional<std::vector<Object>> said = said_by(source, ends);
        if (!said)
            continue;
        Links links{&ends, {}};
        for (const Object& object : *said) {
            const std::size_t place = links.targets.emplace_back(reach(object));
            Entry& entry = entries_[place];
            if (std::find(entry.reached_by.begin(), entry.reached_by.end(), &ends) == entry.reached_by.end())
                entry.reached_by.push_back(&ends);
            if (owns_targets(ends.kind()))
                entry.linked.insert(entry.linked.end(), ends.there.begin(), ends.there.end());
        }
        entries_[index].relations.push_back(std::move(links));
    }
}

std::vector<RelationLoad> Merge::unread_relations() const {
    boost::unordered_flat_map<const RelationEnds*, std::vector<Object>> owners;
    std::vector<const RelationEnds*> order;
    for (const Entry& entry : entries_) {
        const Object owner = target(entry);
        for (const Links& links : entry.relations) {
            if (refers(links.ends->kind()) || owner == nullptr)
                continue;
            std::vector<Object>& list = owners[links.ends];
            if (list.empty())
                order.push_back(links.ends);
            list.push_back(owner);
        }
    }
    std::vector<RelationLoad> loads;
    for (const RelationEnds* ends : order) {
        // What is taken out of a collection must be readable, too.
        const auto lacks_values = [ends](const Object& owner) {
            const std::vector<Object> living = Member{*owner, *ends->relation}.living();
            return std::any_of(living.begin(), living.end(),
                               [](const Object& object) { return object->freshness == Freshness::expired; });
        };
        const std::vector<Object>& list = owners[ends];
        RelationLoad load = uow_.load(*ends, list, std::any_of(list.begin(), list.end(), lacks_values));
        if (!load.empty())
            loads.push_back(std::move(load));
    }
    return loads;
}

std::vector<Merge::Change> Merge::changes(const std::vector<Object>& targets) const {
    std::vector<Change> all;
    boost::unordered_flat_map<std::pair<const Instance*, const RelationEnds*>, std::size_t> places;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        for (const Links& links : entries_[i].relations) {
            const auto [place, added] = places.try_emplace({targets[i].get(), links.ends}, all.size());
            if (added)
                all.push_back({targets[i], links.ends, {}});
            std::vector<Object>& content = all[place->second].content;
            content.clear();
            boost::unordered_flat_set<const Instance*> seen;
            for (const std::size_t at : links.targets) {
                if (seen.insert(targets[at].get()).second)
                    content.push_back(targets[at]);
            }
        }
    }
    return all;
}

// Whatever refuses to change does so ahead of the first change.
void Merge::prepare(Change& change) {
    const RelationEnds& ends = *change.ends;
    const RelationEnds* const other = ends.other();
    const Member member{*change.owner, *ends.relation};
    if (!refers(ends.kind()) && !member.loaded())
        throw NotLoadedError("merge() has read " + change.owner->describe() + "." + ends.relation->name +
                             ", which was let go meanwhile; merge it again");
    if (other != nullptr || is_to_many(ends.kind()))
        std::for_each(change.content.begin(), change.content.end(), require_readable);
    if (!is_to_many(ends.kind())) {
        if (other != nullptr && ends.kind() != RelationKind::many_to_one) {
            require_readable(referred(change.owner, ends));
            for (const Object& object : change.content)
                require_readable(referred(object, *other));
        }
        return;
    }
    const auto wanted = addresses(change.content);
    for (const Link& link : member.links()) {
        Object object = link.lock();
        if (object == nullptr)
            throw NotLoadedError("merge() has to take an object out of " + change.owner->describe() + "." +
                                 ends.relation->name + " that nobody has kept; keep a handle to it until then");
        if (wanted.contains(object.get()))
            continue;
        require_readable(object);
        change.removed.push_back(std::move(object));
    }
}

void Merge::link(const Change& change) const {
    const RelationEnds& ends = *change.ends;
    const Member member{*change.owner, *ends.relation};
    RelationBook& book = *change.owner->book();
    if (is_to_many(ends.kind())) {
        const auto held = addresses(member.living());
        for (const Object& object : change.content) {
            if (!held.contains(object.get()))
                book.link(*ends.relation, object);
        }
        return;
    }
    const Object object = change.content.empty() ? nullptr : change.content.front();
    if (member.loaded() && member.single() == object && (object != nullptr || member.links().empty()))
        return;
    std::string key;
    if (object != nullptr && !member.loaded() && refers(ends.kind()) && append_related_key(*change.owner, ends, key) &&
        key == object->key)
        uow_.know_links(change.owner, ends, {object}); // the row says so already
    else
        book.link(*ends.relation, object);
}

void Merge::unlink(const Change& change) {
    const Member member{*change.owner, *change.ends->relation};
    const auto held = addresses(member.living());
    for (const Object& object : change.removed) {
        if (held.contains(object.get()))
            change.owner->book()->unlink(*change.ends->relation, object);
    }
}

void Merge::sort(const Change& change) {
    boost::unordered_flat_map<const Instance*, std::size_t> places;
    for (const Object& object : change.content)
        places.emplace(object.get(), places.size());
    const auto place = [&](const Link& link) {
        const auto found = places.find(link.lock().get());
        return found == places.end() ? places.size() : found->second;
    };
    std::vector<Link>& links = Member{*change.owner, *change.ends->relation}.links();
    std::sort(links.begin(), links.end(), [&](const Link& a, const Link& b) { return place(a) < place(b); });
}

} // namespace corm::uow
