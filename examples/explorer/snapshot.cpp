#include "snapshot.hpp"

#include <corm/schema/record_definitions.hpp>

#include <algorithm>

namespace explorer {
namespace {

namespace schema = corm::schema;

corm::Mappers define(corm::Registry& registry, const schema::RecordDefinitions& found) {
    return found.definitions.empty() ? corm::Mappers{} : registry.define(found.definitions);
}

} // namespace

Snapshot::Snapshot(schema::Database database, const std::string& version_column)
    : database_(std::move(database)), relations_(schema::derive_relations(database_)) {
    schema::RecordOptions options;
    options.version_column = version_column;
    options.typed_arrays = false; // they are shown and edited as text
    const schema::RecordDefinitions found = schema::record_definitions(database_, options);
    const corm::Mappers related = define(related_, found);
    options.relations = false;
    const corm::Mappers alone = define(alone_, schema::record_definitions(database_, options));

    for (const schema::Table& shape : database_.tables) {
        Table& table = tables_.emplace_back(Table{.shape = &shape});
        table.mapper = related.find(shape.schema, shape.name);
        table.alone = alone.find(shape.schema, shape.name);
        table.relations = schema::relations_of(relations_, shape.qualified_name());
        const auto left_out = std::ranges::find(found.left_out, shape.qualified_name(), &schema::LeftOut::table);
        if (left_out != found.left_out.end())
            table.why = left_out->why;
    }
}

const Table* Snapshot::find(std::string_view schema, std::string_view name) const noexcept {
    const auto found = std::ranges::find_if(
        tables_, [&](const Table& table) { return table.shape->schema == schema && table.shape->name == name; });
    return found == tables_.end() ? nullptr : &*found;
}

} // namespace explorer
