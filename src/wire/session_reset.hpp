// The statements that bring a server session back to its defaults.
#pragma once

#include <array>

namespace corm::wire {

/// DISCARD ALL without its DEALLOCATE ALL, which would cost every prepared statement, and in a form that may travel in
/// a pipeline. A transaction of its own: when one of them fails, the server skips what comes behind them as well, so
/// that nothing runs on a session that is not clean.
inline constexpr std::array reset_statements{
    "BEGIN",
    // First: a time limit that was left behind would apply to the rest.
    "RESET ALL",
    "SET SESSION AUTHORIZATION DEFAULT",
    // Its own default may come from ALTER ROLE .. SET role, which the line above does not restore.
    "RESET ROLE",
    "CLOSE ALL",
    "UNLISTEN *",
    "SELECT pg_catalog.pg_advisory_unlock_all()",
    "DISCARD SEQUENCES",
    "DISCARD TEMP",
};

/// Follows when the program has prepared statements by SQL, whose names are not known. The cache starts anew.
inline constexpr const char* deallocate_statement = "DEALLOCATE ALL";

} // namespace corm::wire
