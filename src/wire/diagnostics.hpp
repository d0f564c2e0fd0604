// From libpq's error fields to corm's errors.
#pragma once

#include "wire/pq.hpp"

#include <corm/base/error.hpp>

#include <exception>
#include <string>
#include <string_view>

namespace corm::wire {

/// Every field that the server sent. `sql` is the text of the statement, which the protocol does not return.
[[nodiscard]] Diagnostics read_diagnostics(Pq& pq, const pg_result* result, std::string_view sql);

/// The server ends the session with this message: nothing more will come.
[[nodiscard]] bool is_fatal(const Diagnostics& diagnostics) noexcept;

/// Why a server ends sessions: shutdown, crash, termination, time limits of idle sessions. Kept from notices, because
/// the error that follows a closed socket says nothing (a terminated idle session tells its reason as a notice).
[[nodiscard]] bool is_reason_of_loss(SqlState state) noexcept;

/// "terminated by the administrator", for codes with which sessions end; empty for others.
[[nodiscard]] std::string_view loss_condition(SqlState state) noexcept;

/// What the wire knows about a lost connection.
struct Loss {
    Diagnostics cause;
    bool safe_to_retry = false;
    std::string_view doing; ///< "while idle", "while executing a statement"
    std::source_location where;
};
[[nodiscard]] std::exception_ptr make_connection_lost(Loss loss);

/// The SQLSTATE in an error text of libpq in verbose form ("FATAL:  28P01: ..."), whatever its language; empty if none.
[[nodiscard]] SqlState find_sqlstate(std::string_view verbose_text) noexcept;

} // namespace corm::wire
