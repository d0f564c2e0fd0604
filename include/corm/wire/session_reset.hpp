// When a server session is brought back to its defaults.
#pragma once

#include <cstdint>

namespace corm::wire {

/// What happens to a connection that comes back to the pool. Raw SQL can leave behind what no later statement would
/// notice: search_path, role, time limits, temporary tables, LISTEN, held cursors, advisory locks. All of that is
/// undone; prepared statements stay.
enum class SessionReset : std::uint8_t {
    /// After raw SQL. Statements that corm writes itself change nothing that lasts, unless triggers or functions of the
    /// database do.
    automatic,
    always, ///< after every lease
    never,  ///< whatever is left behind is found by the next session
};

} // namespace corm::wire
