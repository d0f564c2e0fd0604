#include <corm/mapping/record_definition.hpp>

#include "mapping/define_group.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/record.hpp>

#include <algorithm>

namespace corm::mapping {

RelationTarget::RelationTarget(std::string table)
    : table_(std::move(table)), many_(&relation_slot<Many<Record>>), one_(&relation_slot<One<Record>>) {}

RelationTarget::RelationTarget(std::string schema, std::string table) : RelationTarget(std::move(table)) {
    schema_ = std::move(schema);
}

RelationTarget::RelationTarget(std::shared_ptr<const Mapper> mapper)
    : mapper_(std::move(mapper)), many_(&relation_slot<Many<Record>>), one_(&relation_slot<One<Record>>) {
    if (mapper_ == nullptr)
        throw MappingError("a relation of a record leads to no mapper; give the one of its target");
    if (mapper_->type() != typeid(Record))
        throw MappingError("a relation of a record leads to the struct " + mapper_->entity() +
                           "; name it by corm::type<" + mapper_->entity() + ">{}");
}

RecordDefinition::RecordDefinition(std::string table, std::string schema)
    : table_(std::move(table)), schema_(std::move(schema)) {}

RecordDefinition& RecordDefinition::column(std::string name, const types::ValueType& type, std::string sql_type) {
    columns_.push_back({std::move(name), &type, std::move(sql_type)});
    return *this;
}

RecordDefinition& RecordDefinition::primary_key(std::vector<std::string> columns, bool assigned) {
    key_ = std::move(columns);
    assigned_key_ = assigned;
    return *this;
}

RecordDefinition& RecordDefinition::version(std::string column, bool assigned) {
    version_ = {std::move(column), assigned};
    return *this;
}

RecordDefinition& RecordDefinition::unique(std::initializer_list<std::string_view> columns) {
    return unique(std::vector<std::string>{columns.begin(), columns.end()});
}

RecordDefinition& RecordDefinition::unique(std::vector<std::string> columns, bool deferrable) {
    unique_sets_.push_back({std::move(columns), deferrable});
    return *this;
}

RecordDefinition& RecordDefinition::unique(std::initializer_list<std::string_view> columns, Deferrable) {
    return unique(std::vector<std::string>{columns.begin(), columns.end()}, true);
}

RecordDefinition& RecordDefinition::unique(std::initializer_list<std::string_view> columns,
                                           std::shared_ptr<const void> temporary, const types::ValueType& type) {
    unique_sets_.push_back({{columns.begin(), columns.end()}, false, std::move(temporary), &type});
    return *this;
}

RecordDefinition& RecordDefinition::confirm_rows(bool confirmed) {
    confirms_rows_ = confirmed;
    return *this;
}

RecordDefinition& RecordDefinition::bulk_copy(std::size_t min_rows) {
    bulk_copy_rows_ = std::max<std::size_t>(min_rows, 1);
    return *this;
}

RecordDefinition& RecordDefinition::sequence(std::string column, std::string name, std::string schema) {
    sequence_ = {std::move(column), std::move(name), std::move(schema)};
    return *this;
}

RecordDefinition& RecordDefinition::generated(std::string column) {
    generated_.push_back(std::move(column));
    return *this;
}

RecordDefinition& RecordDefinition::server_default(std::string column) {
    server_defaults_.push_back(std::move(column));
    return *this;
}

RecordDefinition& RecordDefinition::server_onupdate(std::string column) {
    server_onupdates_.push_back(std::move(column));
    return *this;
}

RecordDefinition& RecordDefinition::references(RelationTarget target) {
    references_.push_back(std::move(target));
    return *this;
}

RecordDefinition& RecordDefinition::references(TargetMapper target) {
    kept_references_.push_back(target);
    return *this;
}

RecordDefinition& RecordDefinition::relate(RelationDefinition relation) {
    relations_.push_back(std::move(relation));
    return *this;
}

RecordDefinition& RecordDefinition::one_to_many(std::string name, RelationTarget target,
                                                std::vector<std::string> foreign_key, RelationOptions options) {
    return relate(
        {std::move(name), RelationKind::one_to_many, std::move(target), std::move(foreign_key), options, {}, {}});
}

RecordDefinition& RecordDefinition::many_to_one(std::string name, RelationTarget target,
                                                std::vector<std::string> foreign_key, RelationOptions options) {
    return relate(
        {std::move(name), RelationKind::many_to_one, std::move(target), std::move(foreign_key), options, {}, {}});
}

RecordDefinition& RecordDefinition::one_to_one(std::string name, RelationTarget target,
                                               std::vector<std::string> foreign_key, RelationOptions options) {
    return relate(
        {std::move(name), RelationKind::one_to_one, std::move(target), std::move(foreign_key), options, {}, {}});
}

RecordDefinition& RecordDefinition::one_to_one_inverse(std::string name, RelationTarget target,
                                                       std::vector<std::string> foreign_key, RelationOptions options) {
    return relate({std::move(name),
                   RelationKind::one_to_one_inverse,
                   std::move(target),
                   std::move(foreign_key),
                   options,
                   {},
                   {}});
}

RecordDefinition& RecordDefinition::many_to_many(std::string name, RelationTarget target, AssociationTable association,
                                                 RelationOptions options) {
    return relate(
        {std::move(name), RelationKind::many_to_many, std::move(target), {}, options, std::move(association), {}});
}

RecordDefinition& RecordDefinition::order_by(std::string_view relation, std::vector<RelationOrder> order) {
    const auto found = std::find_if(relations_.begin(), relations_.end(),
                                    [relation](const RelationDefinition& each) { return each.name == relation; });
    if (found == relations_.end())
        throw MappingError(table_ + "." + std::string{relation} +
                           " is ordered before it is related; write order_by behind its one_to_many or many_to_many");
    found->order = std::move(order);
    return *this;
}

std::shared_ptr<const Mapper> RecordDefinition::build() const {
    GroupDefinition group{nullptr, std::nullopt};
    group.add(*this);
    const std::shared_ptr<const MapperGroup> made = group.build();
    return made->share(*made->mappers().front());
}

RecordDefinition define(std::string table, std::string schema) {
    return RecordDefinition{std::move(table), std::move(schema)};
}

} // namespace corm::mapping
