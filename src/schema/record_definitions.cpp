#include <corm/schema/record_definitions.hpp>

#include "schema/record_types.hpp"
#include "schema/table_mappings.hpp"

#include <utility>

namespace corm::schema {
namespace {

using mapping::RecordDefinition;
using mapping::RelationTarget;

void add_column(RecordDefinition& definition, const Database& database, const ColumnMapping& mapped,
                TypeChoice choice) {
    const Column& column = *mapped.column;
    RecordType type = record_type(database, column.type, mapped.nullable, choice);
    definition.column(column.name, *type.type, std::move(type.sql_type));
    switch (mapped.mark) {
    case ColumnMark::none: break;
    case ColumnMark::version: definition.version(column.name); break;
    case ColumnMark::generated: definition.generated(column.name); break;
    case ColumnMark::server_default: definition.server_default(column.name); break;
    }
}

void add_relation(RecordDefinition& definition, const RelationMapping& mapped) {
    const Relation& relation = mapped.relation;
    RelationTarget target{relation.target.schema, relation.target.name};
    switch (relation.kind) {
    case RelationKind::many_to_one:
        definition.many_to_one(relation.name, std::move(target), relation.columns, mapped.options);
        break;
    case RelationKind::one_to_one:
        definition.one_to_one(relation.name, std::move(target), relation.columns, mapped.options);
        break;
    case RelationKind::one_to_many:
        definition.one_to_many(relation.name, std::move(target), relation.target_columns, mapped.options);
        break;
    case RelationKind::one_to_one_inverse:
        definition.one_to_one_inverse(relation.name, std::move(target), relation.target_columns, mapped.options);
        break;
    case RelationKind::many_to_many:
        definition.many_to_many(relation.name, std::move(target),
                                {relation.association.schema, relation.association.name, relation.association_columns,
                                 relation.association_target_columns},
                                mapped.options);
        break;
    }
}

} // namespace

RecordDefinitions record_definitions(const Database& database, const RecordOptions& options) {
    TableMappings mappings = table_mappings(database, options);
    RecordDefinitions made;
    made.left_out = std::move(mappings.left_out);
    for (const TableMapping& mapped : mappings.tables) {
        RecordDefinition& definition = made.definitions.emplace_back(mapped.table->name, mapped.table->schema);
        for (const ColumnMapping& column : mapped.columns)
            add_column(definition, database, column, {options.typed_arrays, options.exact_types});
        definition.primary_key(mapped.key, mapped.assigned);
        if (mapped.sequence)
            definition.sequence(mapped.key.front(), mapped.sequence->name, mapped.sequence->schema);
        for (const UniqueMapping& unique : mapped.unique)
            definition.unique(unique.columns, unique.deferrable);
        for (const RelationMapping& relation : mapped.relations)
            add_relation(definition, relation);
    }
    return made;
}

} // namespace corm::schema
