// What the server said about a failure, field by field.
#pragma once

#include <corm/base/sqlstate.hpp>

#include <string>

namespace corm {

/// The fields of a server error or notice.
///
/// `message`, `detail`, `hint` and `context` may quote row and parameter values; they are kept apart from
/// `Error::what()`, which is safe to log. Owns all its text.
struct Diagnostics {
    SqlState sqlstate;
    std::string severity; ///< not translated: ERROR, FATAL, WARNING, ...
    std::string message;  ///< may hold values
    std::string detail;   ///< may hold values
    std::string hint;     ///< may hold values
    std::string context;  ///< may hold values
    std::string schema;
    std::string table;
    std::string column;
    std::string data_type;
    std::string constraint;
    std::string routine;     ///< the server function that raised, for conditions that share a code
    int position = 0;        ///< 1-based character position in `sql`, 0 when unknown
    std::string sql;         ///< the statement text with its `$n`; never values
    bool stale_plan = false; ///< corm's own finding, see `DatabaseError::is_stale_plan`
    std::string during{};    ///< what corm was doing, where that is not the call itself
};

} // namespace corm
