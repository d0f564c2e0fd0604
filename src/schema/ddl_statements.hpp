// The statements of create_sql and drop_sql, with what they do.
#pragma once

#include <corm/schema/ddl.hpp>

#include <string>
#include <vector>

namespace corm::schema {

struct DdlStatement {
    std::string sql;
    std::string doing;       ///< for messages: "creating table app.users"
    bool adds_label = false; ///< to an enum; such statements come first, and have to be committed before others run
};

[[nodiscard]] std::vector<DdlStatement> create_statements(Database wanted, const Database& existing,
                                                          const CreateOptions& options);
[[nodiscard]] std::vector<DdlStatement> drop_statements(const Database& database, const DropOptions& options);

/// Statements that give an enum of the database the labels it lacks.
void add_labels(const Enum& wanted, const Enum& existing, std::vector<DdlStatement>& statements);

} // namespace corm::schema
