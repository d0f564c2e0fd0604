// How tables are mapped, whether records hold their rows or structs do.
#pragma once

#include <corm/schema/record_definitions.hpp>
#include <corm/schema/relations.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace corm::schema {

enum class ColumnMark : std::uint8_t { none, version, generated, server_default };

struct ColumnMapping {
    const Column* column = nullptr;
    bool nullable = false; ///< never of the key
    ColumnMark mark = ColumnMark::none;
};

struct UniqueMapping {
    std::vector<std::string> columns{};
    bool deferrable = false;
};

struct RelationMapping {
    Relation relation{}; ///< the columns that refer stand in the order of the key that a table is mapped by
    mapping::RelationOptions options{};
};

struct TableMapping {
    const Table* table = nullptr;
    std::vector<std::string> key{};
    bool assigned = false; ///< the server gives no value to the key
    /// Behind the default of the only column of the key, which does not own it.
    std::optional<QualifiedName> sequence{};
    std::vector<ColumnMapping> columns{};
    std::vector<UniqueMapping> unique{};
    std::vector<RelationMapping> relations{};
};

struct TableMappings {
    std::vector<TableMapping> tables{};
    std::vector<LeftOut> left_out{};
};

/// See `record_definitions`. Points into `database`, which has to stay as it is.
[[nodiscard]] TableMappings table_mappings(const Database& database, const RecordOptions& options);

} // namespace corm::schema
