// A model as a diagram of tables and their references.
#pragma once

#include <corm/schema/model.hpp>

#include <string>

namespace corm::schema {

struct DiagramOptions {
    bool columns = true;     ///< the boxes list their columns
    bool partitions = false; ///< partitions have boxes of their own
    bool views = true;       ///< views and foreign tables have boxes
};

/// The text of a Mermaid `erDiagram`. A box for each table, a line for each foreign key between boxes. Mermaid takes
/// few characters in the names of columns and types: others become underscores, and the name is put beside it.
[[nodiscard]] std::string to_mermaid(const Database& database, const DiagramOptions& options = {});

/// The text of a Graphviz `digraph`, for `dot`: a box for each table, its primary key underlined; an arrow for each
/// foreign key, from column to column; dashed where it may be NULL.
[[nodiscard]] std::string to_dot(const Database& database, const DiagramOptions& options = {});

} // namespace corm::schema
