// A model as SQL: statements that create it, and statements that drop it. Pure.
#pragma once

#include <corm/schema/model.hpp>
#include <corm/schema/naming.hpp>

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace corm::schema {

/// What `create_sql` may do. Not an aggregate: g++ 12 destroys the texts of one twice that is made by braces inside of
/// an awaited expression.
struct CreateOptions {
    CreateOptions() = default;

    Naming naming;          ///< of constraints and indexes that have no name
    bool schemas = true;    ///< CREATE SCHEMA
    bool extensions = true; ///< CREATE EXTENSION

    /// These options with another convention.
    [[nodiscard]] CreateOptions with_naming(Naming convention) && {
        naming = std::move(convention);
        return std::move(*this);
    }
};

/// What `drop_sql` may do.
struct DropOptions {
    bool cascade = false;    ///< drop with CASCADE what the model does not know of: views, foreign keys, functions
    bool schemas = true;     ///< DROP SCHEMA, but for `public`
    bool extensions = false; ///< DROP EXTENSION: other programs may use them
};

/// Statements, without semicolons, that create what `wanted` has and `existing` lacks, each of them once what it needs
/// is there: schemas, extensions, sequences, types and tables, views. An object comes with its indexes and comments. A
/// foreign key is a part of its CREATE TABLE unless its target comes later, as in a circle of tables; then it is added
/// by ALTER TABLE behind all tables, as constraints that are NOT VALID are.
///
/// `existing` is a model as `reflect` gives it. An object that it has by kind and name is left as it is, also when it
/// differs: no columns, constraints, indexes or comments are added to it. The exception is an enum that lacks labels,
/// which gets them by ALTER TYPE, ahead of everything else; these have to be committed before the labels are used. The
/// schema `public` is taken as there.
///
/// Partitions: one that lists no columns is made by PARTITION OF and takes everything of its parent; one with columns
/// is made with all that it lists and attached, which keeps its names and the order of its columns.
///
/// The same models give the same statements. Throws `MappingError`: for names that are no identifiers; when an object
/// of another kind has the name; when the labels of an enum are in another order in `existing`; for types, parents and
/// views that need each other in a circle.
[[nodiscard]] std::vector<std::string> create_sql(const Database& wanted, const Database& existing = {},
                                                  const CreateOptions& options = {});

/// Statements, without semicolons, that drop everything in the model, in the reverse order. Foreign keys that form a
/// circle are dropped first; one without a name is expected to have that of the default `Naming`. Sequences of identity
/// columns and those of OWNED BY go with their tables. What the model does not know of and depends on something in it
/// is an error of the server, unless `cascade` is set; the statements have IF EXISTS then, since one of them may have
/// done the work of another.
///
/// Throws `MappingError` as `create_sql`.
[[nodiscard]] std::vector<std::string> drop_sql(const Database& database, const DropOptions& options = {});

/// The part of `existing` that `wanted` has by kind and name: what `drop_all` drops.
[[nodiscard]] Database intersection(const Database& existing, const Database& wanted);

/// The statements as a script: each ends with a semicolon, with an empty line between two.
[[nodiscard]] std::string to_script(std::span<const std::string> statements);

} // namespace corm::schema
