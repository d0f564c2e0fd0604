#include "mapping/relation_ends.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/record_definition.hpp>

#include <algorithm>
#include <string>
#include <tuple>

namespace corm::mapping {
namespace {

std::vector<std::uint16_t> indices(const Mapper& mapper, const std::vector<std::string>& members,
                                   const Relation& relation) {
    std::vector<std::uint16_t> found;
    for (const std::string& member : members) {
        const int index = mapper.find_member(member);
        if (index < 0)
            throw MappingError(relation.entity + "." + relation.name + " names " + mapper.entity() + "." + member +
                               " as its foreign key, which is no column; map that member");
        found.push_back(static_cast<std::uint16_t>(index));
    }
    return found;
}

std::vector<RelationEnds::OrderedBy> order(const Mapper& target, const Relation& relation) {
    std::vector<RelationEnds::OrderedBy> found;
    for (const RelationOrder& term : relation.order) {
        const int index = target.find_member(term.member);
        if (index < 0)
            throw MappingError(relation.entity + "." + relation.name + " is ordered by " + target.entity() + "." +
                               term.member + ", which is no column; map that member, or order by another one");
        found.push_back({static_cast<std::uint16_t>(index), term.descending});
    }
    return found;
}

std::vector<std::uint16_t> keys(const Mapper& mapper) {
    return {mapper.key_columns().begin(), mapper.key_columns().end()};
}

bool same_table(const AssociationTable& a, const AssociationTable& b) {
    return std::tie(a.schema, a.table) == std::tie(b.schema, b.table);
}

/// The two members stand for the same foreign key, or for the same pairs.
bool is_reverse(const Relation& relation, const Relation& other) {
    if (&relation == &other)
        return false;
    if (relation.kind == RelationKind::many_to_many)
        return other.kind == RelationKind::many_to_many && same_table(relation.association, other.association) &&
               relation.association.own == other.association.target &&
               relation.association.target == other.association.own;
    return other.kind != RelationKind::many_to_many && refers(relation.kind) != refers(other.kind) &&
           relation.foreign_key == other.foreign_key;
}

std::shared_ptr<const Mapper> make_association(const RelationEnds& ends) {
    const AssociationTable& table = ends.relation->association;
    RecordDefinition definition{table.table, table.schema};
    std::vector<std::string> all;
    const auto add = [&](const Mapper& side, const std::vector<std::string>& names) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            definition.column(names[i], *side.column(side.key_columns()[i]).type);
            all.push_back(names[i]);
        }
    };
    add(*ends.owner, table.own);
    add(*ends.target, table.target);
    return definition.primary_key(std::move(all), true)
        .references(ends.relation->owner)
        .references(ends.relation->target)
        .build();
}

/// Kept by the mapper of one side: the first by name, so that both find the same.
class Associations : public MapperExtension {
public:
    explicit Associations(const Mapper& mapper) {
        for (const RelationEnds& ends : RelationMap::of(mapper))
            made_.push_back(is_first(ends) ? make_association(ends) : nullptr);
    }
    [[nodiscard]] static bool is_first(const RelationEnds& ends) {
        if (ends.kind() != RelationKind::many_to_many)
            return false;
        const RelationEnds* const other = ends.other();
        const auto place = [](const RelationEnds& of) {
            return std::tie(of.relation->entity, of.owner->schema(), of.relation->name);
        };
        return other == nullptr || place(ends) < place(*other);
    }
    [[nodiscard]] static const std::shared_ptr<const Mapper>& of(const RelationEnds& ends) {
        return ends.owner->extension<Associations>()
            .made_[static_cast<std::size_t>(ends.relation - ends.owner->relations().data())];
    }

private:
    std::vector<std::shared_ptr<const Mapper>> made_;
};

} // namespace

const RelationEnds* RelationEnds::other() const {
    return reverse < 0 ? nullptr : &RelationMap::of(*target)[static_cast<std::size_t>(reverse)];
}

RelationMap::RelationMap(const Mapper& mapper) {
    for (const Relation& relation : mapper.relations()) {
        RelationEnds& ends = ends_.emplace_back();
        ends.relation = &relation;
        ends.owner = &mapper;
        ends.target = &relation.target.get();
        ends.here = refers(relation.kind) ? indices(mapper, relation.foreign_key, relation) : keys(mapper);
        ends.there = relation.kind == RelationKind::many_to_many || refers(relation.kind)
                         ? keys(*ends.target)
                         : indices(*ends.target, relation.foreign_key, relation);
        ends.order = order(*ends.target, relation);
        const auto others = ends.target->relations();
        for (std::size_t i = 0; i < others.size(); ++i) {
            if (&others[i].target.get() != &mapper || !is_reverse(relation, others[i]))
                continue;
            if (ends.reverse >= 0)
                throw MappingError(relation.entity + "." + relation.name + " is the reverse of both " +
                                   others[static_cast<std::size_t>(ends.reverse)].name + " and " + others[i].name +
                                   " of " + ends.target->entity() + "; map one relation for each foreign key");
            ends.reverse = static_cast<int>(i);
        }
    }
}

AssociationEnds association_of(const RelationEnds& ends) {
    if (Associations::is_first(ends))
        return {Associations::of(ends), false};
    return {Associations::of(*ends.other()), true};
}

} // namespace corm::mapping
