// Names for constraints and indexes that a model leaves without one.
#pragma once

#include <corm/schema/model.hpp>

#include <string>

namespace corm::schema {

/// How constraints and indexes are named: texts in which `{table}`, `{schema}`, `{columns}` (joined by underscores, an
/// expression of an index is `expr`), and for foreign keys `{target}` and `{target_columns}` are replaced. The defaults
/// are PostgreSQL's own names, but that a check is always named by its table.
struct Naming {
    std::string primary_key{"{table}_pkey"};
    std::string unique{"{table}_{columns}_key"};
    std::string foreign_key{"{table}_{columns}_fkey"};
    std::string check{"{table}_check"}; ///< of domains too, whose name is `{table}`
    std::string exclusion{"{table}_{columns}_excl"};
    std::string index{"{table}_{columns}_idx"};
};

/// Gives a name to every constraint and index without one. A name that is taken (by a constraint of the table, or, for
/// keys, exclusions and indexes, by anything with rows or an index in the schema) has a number behind it, as
/// PostgreSQL does it: `users_check1`. One of more than 63 bytes is cut and ends with a hash of all of it, so that long
/// names with the same beginning stay apart. The same model always gets the same names, wherever its tables stand.
///
/// Throws `MappingError` naming it for something else in braces.
void apply_naming(Database& database, const Naming& naming = {});

} // namespace corm::schema
