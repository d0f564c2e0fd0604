#include "snapshot.hpp"

#include <corm/schema/record_definitions.hpp>

#include <algorithm>

namespace explorer {
namespace {

namespace schema = corm::schema;

corm::Mappers define(corm::Registry& registry, const schema::RecordDefinitions& found) {
    return found.definitions.empty() ? corm::Mappers{} : registry.define(found.definitions);
}

/// Other than partitions, whose rows have one key.
bool has_heirs(const schema::Database& database, const schema::Table& table) {
    return std::ranges::any_of(database.tables, [&](const schema::Table& other) {
        return !other.is_partition() && std::ranges::count(other.parents, table.qualified_name()) > 0;
    });
}

} // namespace

Snapshot::Snapshot(schema::Database database, const std::string& version_column)
    : database_(std::move(database)), relations_(schema::derive_relations(database_)) {
    schema::RecordOptions options;
    options.version_column = version_column;
    options.exact_types = true; // everything is shown and edited as text
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
        if (has_heirs(database_, shape)) {
            table.mapper = table.alone = nullptr;
            table.why = "other tables inherit from it, in which its keys may come again";
        }
    }
}

const Table* Snapshot::find(std::string_view schema, std::string_view name) const noexcept {
    const auto found = std::ranges::find_if(
        tables_, [&](const Table& table) { return table.shape->schema == schema && table.shape->name == name; });
    return found == tables_.end() ? nullptr : &*found;
}

} // namespace explorer
