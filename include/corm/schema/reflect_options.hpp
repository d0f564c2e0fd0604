// What a reflection reads.
#pragma once

#include <corm/schema/column.hpp>

#include <string>
#include <utility>
#include <vector>

namespace corm::schema {

/// Which part of a database is read. Without a schema and without a table: all of it but pg_catalog,
/// information_schema, TOAST and temporary objects, and whatever belongs to extensions.
///
/// With either, what is named: all of `schemas`, and besides them `tables`. Everything that these use comes along: the
/// types of their columns and what those are made of, the sequences of their columns, the schemas of all that. Targets
/// of foreign keys, parents and partitions do not. What does not exist is left out.
struct ReflectOptions {
    /// May name schemas of the system.
    std::vector<std::string> schemas{};
    /// Tables and views, of extensions too. An empty schema stands for the first of the search path that has one.
    std::vector<QualifiedName> tables{};

    /// These options with one more schema, for options that are made inside of an awaited expression: g++ 12 destroys
    /// texts twice that braces give to a member there.
    [[nodiscard]] ReflectOptions with_schema(std::string name) && {
        schemas.push_back(std::move(name));
        return std::move(*this);
    }
    /// These options with one more table.
    [[nodiscard]] ReflectOptions with_table(std::string schema, std::string name) && {
        tables.push_back(QualifiedName{std::move(schema), std::move(name)});
        return std::move(*this);
    }
};

} // namespace corm::schema
