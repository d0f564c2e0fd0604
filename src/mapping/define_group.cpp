#include "mapping/define_group.hpp"

#include "mapping/record_object.hpp"
#include "mapping/registry_names.hpp"
#include "mapping/relation_ends.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <span>
#include <utility>

namespace corm::mapping {
namespace {

RelationState& record_relation(void* object, std::size_t index) {
    return RecordObject::relation(object, index);
}

std::string name_of(const Mapper& owner, std::string_view relation) {
    return owner.entity() + "." + std::string{relation};
}

/// The columns of the side that refers, as the core knows them.
std::vector<std::string> members_of(const Mapper& referring, const std::vector<std::string>& columns) {
    std::vector<std::string> members;
    for (const std::string& name : columns)
        members.push_back(column_by_name(referring, name).member);
    return members;
}

void check_foreign_key(const std::string& name, const Mapper& referring, const std::vector<std::string>& columns,
                       const Mapper& referred) {
    const auto key = referred.key_columns();
    if (columns.size() != key.size())
        throw MappingError(name + " has a foreign key of " + std::to_string(columns.size()) + " columns, and " +
                           referred.entity() + " a primary key of " + std::to_string(key.size()) +
                           "; name a column for each part of the key, in its order");
    for (std::size_t i = 0; i < key.size(); ++i) {
        const Column& from = column_by_name(referring, columns[i]);
        const Column& to = referred.column(key[i]);
        const bool same = (from.type->integer && to.type->integer) || from.sql_type() == to.sql_type();
        if (!same)
            throw MappingError(name + ": " + referring.entity() + "." + from.name + " is " +
                               std::string{from.sql_type()} + " and refers to " + referred.entity() + "." + to.name +
                               ", which is " + std::string{to.sql_type()} + "; a foreign key has the types of the key");
    }
}

void check_association(const std::string& name, const AssociationTable& table, const Mapper& owner,
                       const Mapper& target) {
    if (table.table.empty())
        throw MappingError(name + " names no association table; give its name, and its columns for both sides");
    if (table.own.size() != owner.key_columns().size() || table.target.size() != target.key_columns().size())
        throw MappingError(name + ": the association table " + table.table +
                           " needs a column for each part of the key of " + owner.entity() + ", and of " +
                           target.entity());
}

void apply_marks(MapperBuilder& builder, const std::vector<std::string>& columns,
                 void (MapperBuilder::*mark)(std::string_view)) {
    for (const std::string& column : columns)
        (builder.*mark)(column);
}

} // namespace

GroupDefinition::GroupDefinition(std::shared_ptr<RegistryNames> names, std::optional<std::string> module)
    : names_(std::move(names)), module_(std::move(module)) {}

void GroupDefinition::add(const RecordDefinition& definition) {
    if (find(definition.schema_, definition.table_) != nullptr)
        throw MappingError(definition.table_ + " is defined twice; define tables of one name in modules of their own");
    MapperBuilder builder{definition.table_, definition.schema_, definition.table_, RecordObject::type, typeid(Record)};
    for (const auto& column : definition.columns_)
        builder.add_column(column.name, column.name, *column.type, 0, column.sql_type);
    for (const std::string& column : definition.key_)
        builder.add_to_key(column, definition.assigned_key_);
    if (definition.version_)
        builder.set_version(definition.version_->column, definition.version_->assigned);
    for (const auto& set : definition.unique_sets_) {
        const std::vector<std::string_view> columns{set.columns.begin(), set.columns.end()};
        builder.set_unique(std::span{columns}, set.deferrable, set.temporary, set.type);
    }
    builder.set_confirm_rows(definition.confirms_rows_);
    if (definition.bulk_copy_rows_ != 0)
        builder.set_bulk_copy(definition.bulk_copy_rows_);
    if (definition.sequence_)
        builder.set_sequence(definition.sequence_->column, definition.sequence_->name, definition.sequence_->schema);
    apply_marks(builder, definition.generated_, &MapperBuilder::set_generated);
    apply_marks(builder, definition.server_defaults_, &MapperBuilder::set_server_default);
    apply_marks(builder, definition.server_onupdates_, &MapperBuilder::set_server_onupdate);
    for (const TargetMapper& target : definition.kept_references_)
        builder.add_reference(target);
    builder.pack_as_object();
    mappers_.push_back(builder.take());
    definitions_.push_back(definition);
}

const Mapper* GroupDefinition::find(std::string_view schema, std::string_view table) const noexcept {
    const auto found = std::find_if(mappers_.begin(), mappers_.end(), [&](const auto& mapper) {
        return mapper->table() == table && mapper->schema() == schema;
    });
    return found == mappers_.end() ? nullptr : found->get();
}

const Mapper* GroupDefinition::find_beside(const Mapper& owner, std::string_view table, const std::string& what) const {
    if (const Mapper* const same = find(owner.schema(), table))
        return same;
    const Mapper* found = nullptr;
    for (const std::unique_ptr<Mapper>& mapper : mappers_) {
        if (mapper->table() != table)
            continue;
        if (found != nullptr)
            throw MappingError(what + " leads to \"" + std::string{table} + "\", which is in the schemas " +
                               found->schema() + " and " + mapper->schema() +
                               "; name the schema as well: RelationTarget{schema, table}");
        found = mapper.get();
    }
    return found;
}

GroupDefinition::Resolved GroupDefinition::resolve(const Mapper& owner, const RelationTarget& target,
                                                   const std::string& what) {
    if (target.function_ != nullptr)
        return {TargetMapper{target.function_}, target.function_().get()};
    std::shared_ptr<const Mapper> other = target.mapper_;
    if (other == nullptr) {
        const Mapper* const beside =
            target.schema_ ? find(*target.schema_, target.table_) : find_beside(owner, target.table_, what);
        if (beside != nullptr)
            return {TargetMapper{*beside}, beside};
        if (names_ != nullptr && !target.schema_)
            other = names_->find(module_.value_or(owner.schema()), target.table_);
        if (other == nullptr)
            throw MappingError(what + " leads to \"" + target.table_ +
                               "\", which is not defined; define it before, or both with one call of define");
    }
    if (other->type() != typeid(Record))
        throw MappingError(what + " leads to the struct " + other->entity() + "; name it by corm::type<" +
                           other->entity() + ">{}");
    other->require_usable(what);
    const Mapper& mapper = *other;
    needs_.push_back(std::move(other));
    return {TargetMapper{mapper}, &mapper};
}

void GroupDefinition::relate(std::size_t index, const RecordDefinition::RelationDefinition& given) {
    Mapper& owner = *mappers_[index];
    const std::string name = name_of(owner, given.name);
    if (given.name.empty())
        throw MappingError(owner.entity() + " has a relation without a name; name it");
    if (owner.find_column(given.name) >= 0)
        throw MappingError(name + " is both a column and a relation; give the relation another name");
    for (const Relation& known : owner.relations()) {
        if (known.name == given.name)
            throw MappingError(name + " is defined twice; give each relation a name of its own");
    }
    const auto [target, mapper] = resolve(owner, given.target, name);
    Relation relation;
    relation.name = given.name;
    relation.kind = given.kind;
    relation.owner = TargetMapper{owner};
    relation.target = target;
    relation.options = given.options;
    if (given.kind == RelationKind::many_to_many) {
        check_association(name, given.association, owner, *mapper);
        relation.association = given.association;
    } else {
        const Mapper& referring = refers(given.kind) ? owner : *mapper;
        const Mapper& referred = refers(given.kind) ? *mapper : owner;
        check_foreign_key(name, referring, given.foreign_key, referred);
        relation.foreign_key = members_of(referring, given.foreign_key);
    }
    for (const RelationOrder& term : given.order)
        relation.order.push_back({column_by_name(*mapper, term.member).member, term.descending});
    relation.offset = owner.relations().size();
    relation.state = &record_relation;
    relation.slot = is_to_many(given.kind) ? given.target.many_ : given.target.one_;
    MapperBuilder::add_relation(owner, std::move(relation));
}

std::shared_ptr<const MapperGroup> GroupDefinition::build() {
    for (std::size_t i = 0; i < definitions_.size(); ++i) {
        for (const auto& relation : definitions_[i].relations_)
            relate(i, relation);
        for (const RelationTarget& target : definitions_[i].references_)
            MapperBuilder::add_reference(*mappers_[i],
                                         resolve(*mappers_[i], target, mappers_[i]->entity() + ".references").target);
    }
    const std::shared_ptr<const MapperGroup> group =
        MapperGroup::of_records(std::move(mappers_), std::move(needs_), names_, module_);
    // Two relations of one foreign key are found now, and not by the first query.
    for (const std::unique_ptr<Mapper>& mapper : group->mappers()) {
        if (!mapper->relations().empty())
            static_cast<void>(RelationMap::of(*mapper));
    }
    return group;
}

} // namespace corm::mapping
