// UPDATE, DELETE and INSERT ... SELECT as a plain aggregate.
#pragma once

#include <corm/sql/compile.hpp>
#include <corm/sql/query.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace corm::sql {

struct Assignment {
    std::string column; ///< of the table that is changed
    Expr value;
};

struct Change {
    enum class Kind : std::uint8_t { update, delete_, insert };

    Kind kind = Kind::update;
    /// The table that is changed, in front of others that conditions and values refer to, which count by their rows
    /// alone: conditions between them are in `where`.
    std::vector<Source> sources{};
    std::vector<Assignment> assignments{};
    Expr where{};
    /// Of an insert: its columns and their values.
    std::vector<std::string> columns{};
    QueryPtr query{};
    bool skips_conflicts = false;
    std::vector<Item> returning{};
};

/// As for queries.
[[nodiscard]] bool calls_unknown(const Change& change);
/// Throws as for queries.
[[nodiscard]] Compiled compile(const Change& change);

} // namespace corm::sql
