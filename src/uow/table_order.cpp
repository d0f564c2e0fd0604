#include "uow/table_order.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace corm::uow {

bool refers_to(const mapping::Mapper& child, const mapping::Mapper& parent) {
    if (&child == &parent)
        return false;
    const auto has = [](const mapping::Mapper& owner, const mapping::Mapper& target, bool referring) {
        const auto relations = owner.relations();
        return std::any_of(relations.begin(), relations.end(), [&](const mapping::Relation& relation) {
            return relation.kind != mapping::RelationKind::many_to_many && !relation.options.post_update &&
                   refers(relation.kind) == referring && &relation.target.get() == &target;
        });
    };
    const auto references = child.references();
    return has(child, parent, true) || has(parent, child, false) ||
           std::any_of(references.begin(), references.end(),
                       [&parent](mapping::TargetMapper target) { return &target.get() == &parent; });
}

bool comes_first(const mapping::Mapper& first, const mapping::Mapper& second) {
    return std::tie(first.schema(), first.table()) < std::tie(second.schema(), second.table());
}

bool leads_to(const mapping::Mapper& from, const mapping::Mapper& to) {
    std::vector<const mapping::Mapper*> found{&from};
    for (std::size_t next = 0; next < found.size(); ++next) {
        const mapping::Mapper& here = *found[next];
        if (refers_to(here, to))
            return true;
        const auto add = [&found](const mapping::Mapper& target) {
            if (std::find(found.begin(), found.end(), &target) == found.end())
                found.push_back(&target);
        };
        for (const mapping::Relation& relation : here.relations()) {
            if (refers(relation.kind) && !relation.options.post_update)
                add(relation.target.get());
        }
        for (const mapping::TargetMapper target : here.references())
            add(target.get());
    }
    return false;
}

std::vector<const mapping::Mapper*> order_tables(std::vector<const mapping::Mapper*> mappers) {
    if (mappers.size() < 2)
        return mappers;
    std::sort(mappers.begin(), mappers.end(),
              [](const mapping::Mapper* a, const mapping::Mapper* b) { return comes_first(*a, *b); });
    std::vector<const mapping::Mapper*> order;
    while (!mappers.empty()) {
        auto next = std::find_if(mappers.begin(), mappers.end(), [&mappers](const mapping::Mapper* candidate) {
            return std::none_of(mappers.begin(), mappers.end(),
                                [candidate](const mapping::Mapper* other) { return refers_to(*candidate, *other); });
        });
        if (next == mappers.end())
            next = mappers.begin();
        order.push_back(*next);
        mappers.erase(next);
    }
    return order;
}

std::vector<const mapping::Mapper*> referring_tables(const mapping::Mapper& mapper,
                                                     const std::vector<const mapping::Mapper*>& order) {
    std::vector<const mapping::Mapper*> found{&mapper};
    for (std::size_t next = 0; next < found.size(); ++next) {
        for (const mapping::Mapper* candidate : order) {
            if (refers_to(*candidate, *found[next]) && std::find(found.begin(), found.end(), candidate) == found.end())
                found.push_back(candidate);
        }
    }
    std::vector<const mapping::Mapper*> last_first;
    std::copy_if(order.rbegin(), order.rend(), std::back_inserter(last_first), [&](const mapping::Mapper* candidate) {
        return std::find(found.begin() + 1, found.end(), candidate) != found.end();
    });
    return last_first;
}

} // namespace corm::uow
