// From the tables of a database to mappings of records.
#pragma once

#include <corm/mapping/record_definition.hpp>
#include <corm/schema/model.hpp>

#include <string>
#include <utility>
#include <vector>

namespace corm::schema {

/// What is made of tables.
struct RecordOptions {
    // No aggregate: g++ 12 destroys those that have texts twice, where one is made inside of an awaited expression.
    RecordOptions() noexcept {} // NOLINT(modernize-use-equals-default)

    /// These options with a version.
    [[nodiscard]] RecordOptions with_version(std::string column) && {
        version_column = std::move(column);
        return std::move(*this);
    }

    /// A column of this name, if a table has it as an integer that is NOT NULL, is its version. Empty: none.
    std::string version_column{};
    /// Columns of array types are `std::vector<std::optional<T>>`, which holds arrays of one dimension; otherwise they
    /// are `TextForm`, which holds any.
    bool typed_arrays = true;
    /// Only columns of integers, texts and uuid have C++ types, which hold every value of theirs; all others are
    /// `TextForm`. For programs that show or copy whatever there is: infinite timestamps, and numbers in JSON documents
    /// with more digits than a double.
    bool exact_types = false;
    /// Foreign keys become relations in both directions; see `derive_relations` for their names.
    bool relations = true;
};

/// A table that is not mapped, and the reason.
struct LeftOut {
    QualifiedName table{};
    std::string why{};
};

struct RecordDefinitions {
    std::vector<mapping::RecordDefinition> definitions{};
    std::vector<LeftOut> left_out{};
};

/// A definition for each table and view that has something to find its rows by: a primary key, or else a unique
/// constraint over columns that are NOT NULL. Pure.
///
/// * Types: those that corm has a C++ type for, domains of them included; all others are `TextForm`. NULL where the
///   column allows it: `std::optional`.
/// * A key that the server generates (identity, a default) is left to it, and the sequence of the default is named
/// where
///   the column does not own it. Other columns with a default are `server_default`, 64 at most; generated ones, and
///   those that are GENERATED ALWAYS AS IDENTITY, are `generated`.
/// * Unique constraints. Deferrable ones are.
/// * Foreign keys that refer to the key that a table is mapped by. ON DELETE CASCADE becomes `delete_` with
///   `passive_deletes`, SET NULL and SET DEFAULT `passive_deletes`: rows that are not loaded are left to the server.
[[nodiscard]] RecordDefinitions record_definitions(const Database& database, const RecordOptions& options = {});

} // namespace corm::schema
