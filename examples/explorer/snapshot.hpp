// The schema of a database as it was at one time, with the mappings that were made of it.
#pragma once

#include <corm/corm.hpp>
#include <corm/orm/registry.hpp>
#include <corm/schema/model.hpp>
#include <corm/schema/relations.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace explorer {

/// A table or view. Valid as long as its snapshot.
struct Table {
    const corm::schema::Table* shape;
    /// Null for one without a key, whose rows can only be listed.
    std::shared_ptr<const corm::Mapper> mapper{};
    /// The same without relations. Rows are changed through this one: what a change does to others is then what the
    /// foreign keys of the database say, and nothing that corm would do along relations.
    std::shared_ptr<const corm::Mapper> alone{};
    std::string why{}; ///< there is no mapper
    std::span<const corm::schema::Relation> relations{};
};

/// Immutable. Its mappers live as long as it does, and end without a trace with the last request that uses it.
class Snapshot {
public:
    Snapshot(corm::schema::Database database, const std::string& version_column);
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

    [[nodiscard]] const corm::schema::Database& database() const noexcept { return database_; }
    [[nodiscard]] std::span<const Table> tables() const noexcept { return tables_; }
    /// Null if there is none.
    [[nodiscard]] const Table* find(std::string_view schema, std::string_view name) const noexcept;
    [[nodiscard]] const Table* find(const corm::schema::QualifiedName& name) const noexcept {
        return find(name.schema, name.name);
    }

private:
    corm::schema::Database database_;
    std::vector<corm::schema::Relation> relations_;
    corm::Registry related_;
    corm::Registry alone_;
    std::vector<Table> tables_; ///< in the order of the database's
};

} // namespace explorer
