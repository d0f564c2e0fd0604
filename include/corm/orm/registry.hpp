// Tables mapped at run time, by hand or by what the database says of them. Optional: corm/corm.hpp does not include it.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/mapping/registry.hpp>
#include <corm/orm/engine.hpp>
#include <corm/schema/record_definitions.hpp>
#include <corm/schema/reflect_options.hpp>
#include <corm/wire/task.hpp>

#include <memory>
#include <source_location>
#include <string>
#include <vector>

namespace corm::orm {

/// What was mapped, and what was not. Holds the mappers: they end when nobody else uses them either.
struct ReflectedTables {
    mapping::Mappers mappers;
    std::vector<schema::LeftOut> left_out;
};

/// A registry that can ask the database; see `mapping::Registry`.
class Registry : public mapping::Registry {
public:
    /// Reads the tables and views that `which` names from the catalogue and defines them, together: see
    /// `schema::record_definitions` for what is made of them. Each is in the module of its schema. What was defined
    /// before by those names has to be disposed of first; nothing is, if it throws.
    ///
    /// One round trip, and errors and cancellation: as `reflect`. `MappingError` if a name is taken.
    [[nodiscard]] Task<ReflectedTables> reflect(const Engine& engine, schema::ReflectOptions which = {},
                                                schema::RecordOptions options = {},
                                                std::source_location where = std::source_location::current());
    /// One table. Throws `MappingError` if there is no such table, or none that can be mapped. An empty schema stands
    /// for the first of the search path that has it.
    [[nodiscard]] Task<std::shared_ptr<const mapping::Mapper>>
    reflect(const Engine& engine, std::string schema, std::string table, schema::RecordOptions options = {},
            std::source_location where = std::source_location::current());
};

} // namespace corm::orm

namespace corm {
using mapping::clear_mappers;
using mapping::Dependents;
using mapping::Mappers;
using mapping::RecordDefinition;
using mapping::RegistryStats;
using mapping::RelationTarget;
using orm::ReflectedTables;
using orm::Registry;
} // namespace corm
