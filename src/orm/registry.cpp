#include <corm/orm/registry.hpp>

#include <corm/base/error.hpp>
#include <corm/orm/reflection.hpp>

#include <utility>

namespace corm::orm {

Task<ReflectedTables> Registry::reflect(const Engine& engine, schema::ReflectOptions which,
                                        schema::RecordOptions options, std::source_location where) {
    const schema::Database database = co_await orm::reflect(engine, std::move(which), {}, where);
    schema::RecordDefinitions found = schema::record_definitions(database, options);
    ReflectedTables made;
    if (!found.definitions.empty())
        made.mappers = define(found.definitions);
    made.left_out = std::move(found.left_out);
    co_return made;
}

Task<std::shared_ptr<const mapping::Mapper>> Registry::reflect(const Engine& engine, std::string schema,
                                                               std::string table, schema::RecordOptions options,
                                                               std::source_location where) {
    schema::ReflectOptions which;
    which.tables.push_back({schema, table});
    const ReflectedTables made = co_await reflect(engine, std::move(which), std::move(options), where);
    if (!made.mappers.empty())
        co_return *made.mappers.begin();
    const std::string name = schema.empty() ? table : schema + "." + table;
    if (made.left_out.empty())
        throw MappingError("there is no table or view " + name +
                               " that this role can see; check the name, its case and "
                               "its schema",
                           where);
    throw MappingError(name + " cannot be mapped: " + made.left_out.front().why +
                           "; define it by hand, with the columns that tell its rows apart as primary_key",
                       where);
}

} // namespace corm::orm
