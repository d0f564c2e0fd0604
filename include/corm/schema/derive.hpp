// From mappings to the tables that they need.
#pragma once

#include <corm/mapping/mapped.hpp>
#include <corm/mapping/mapper.hpp>
#include <corm/schema/model.hpp>

#include <map>
#include <memory>
#include <span>
#include <string>

namespace corm::schema {

/// What mappings do not say.
struct DeriveOptions {
    /// SQL of defaults and generated columns, by `Entity.member`: `{"User.created_at", "now()"}`.
    std::map<std::string, std::string> expressions{};
    /// Foreign keys get an index, unless a key or a unique constraint begins with their columns.
    bool index_foreign_keys = true;
};

/// The tables, types and sequences that mappings need, for `create_sql`; pure. Names of constraints and indexes are
/// left to its naming. Mappers that others lead to by a relation are not added: give all of them.
///
/// * Columns in the order of the members, NOT NULL unless the member may be NULL. A generated integer key is an
/// identity
///   (BY DEFAULT), or takes its values from the sequence that the mapping names; a generated UUID is
///   `gen_random_uuid()`.
/// * Enums of `pg_enum`, with their labels.
/// * UNIQUE constraints, deferrable where the mapping says so.
/// * Foreign keys of relations; what `references` says has no columns to make one of. `passive_deletes` makes them
///   ON DELETE CASCADE where removals cascade, and SET NULL otherwise.
/// * Association tables.
///
/// Throws `MappingError` for a `server_default` or `generated` column without an expression in `options`, and for an
/// expression of no column.
[[nodiscard]] Database derive(std::span<const std::shared_ptr<const mapping::Mapper>> mappers,
                              const DeriveOptions& options = {});
/// Those of structs: `co_await corm::create_all(engine, corm::schema::derive<User, Order>())`.
template <class... Structs>
    requires(sizeof...(Structs) > 0)
[[nodiscard]] Database derive(const DeriveOptions& options = {}) {
    const std::shared_ptr<const mapping::Mapper> mappers[] = {mapping::mapper_of<Structs>()...};
    return derive(mappers, options);
}

} // namespace corm::schema
