// Mappings against the database, at the start of a program. Optional: corm/corm.hpp does not include it.
#pragma once

#include <corm/base/clock.hpp>
#include <corm/mapping/mapped.hpp>
#include <corm/mapping/registry.hpp>
#include <corm/orm/engine.hpp>
#include <corm/schema/verification.hpp>
#include <corm/wire/task.hpp>

#include <memory>
#include <source_location>
#include <vector>

namespace corm::orm {

/// Compares mappings with the database: everything that differs, at once.
///
/// ```cpp
/// (co_await corm::verify<User, Order>(engine)).require(); // throws MappingError with all differences
/// ```
///
/// See `schema::verify` for what is compared. Round trips, errors and cancellation: as `reflect`; none without
/// mappings.
[[nodiscard]] Task<schema::Verification> verify(const Engine& engine,
                                                std::vector<std::shared_ptr<const mapping::Mapper>> mappers,
                                                std::source_location where = std::source_location::current());
/// All mappings of a registry.
[[nodiscard]] Task<schema::Verification> verify(const Engine& engine, const mapping::Registry& registry,
                                                std::source_location where = std::source_location::current());
/// Those of structs.
template <class... Structs>
    requires(sizeof...(Structs) > 0)
[[nodiscard]] Task<schema::Verification> verify(const Engine& engine,
                                                std::source_location where = std::source_location::current()) {
    std::vector<std::shared_ptr<const mapping::Mapper>> mappers{mapping::mapper_of<Structs>()...};
    return verify(engine, std::move(mappers), where);
}

} // namespace corm::orm

namespace corm {
using orm::verify;
} // namespace corm
