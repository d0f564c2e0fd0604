// The queries that read the catalogue of a database.
#pragma once

#include <corm/schema/reflect_options.hpp>
#include <corm/type/parameters.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace corm::schema {

/// The statements, in the order in which they are sent and their results are read.
enum class CatalogPart : std::size_t {
    search_path,        ///< tells it, and remembers it for the selection of tables
    settings,           ///< from here on names come out qualified
    selected_relations, ///< remembers the numbers of the tables that are read
    selected_types,     ///< and those of the types
    schemas,
    extensions,
    types,       ///< every type that is used, and what the database's own are made of
    relations,   ///< tables and views
    links,       ///< parents of tables, and what views read
    columns,     ///< of tables, and attributes of composite types
    constraints, ///< of tables and domains
    indexes,
    index_terms,
    sequences,
};
inline constexpr std::size_t catalog_parts = static_cast<std::size_t>(CatalogPart::sequences) + 1;

struct CatalogQuery {
    std::shared_ptr<const std::string> text;
    types::Parameters parameters{};
};

/// One statement for each part. They have to run in one transaction, best a read-only one with one snapshot, whose
/// local settings the first four write. PostgreSQL 13 or later. Need no rights beyond CONNECT. Throws `ConversionError`
/// for a name that is no text.
[[nodiscard]] std::vector<CatalogQuery> catalog_queries(const ReflectOptions& options);

} // namespace corm::schema
