// Errors of statements that the program has not written.
#pragma once

#include <exception>
#include <source_location>
#include <string>

namespace corm::orm {

/// What the server refused was a part of the call or came ahead of it: says so, behind what `error` says of it already.
/// Errors of other kinds than `DatabaseError` stay as they are, since they name entity and keys.
[[nodiscard]] std::exception_ptr failed_while(const std::string& doing, const std::exception_ptr& error);

/// `error` with the name of what was read in front, if it is `ResultTooLarge`; else null.
[[nodiscard]] std::exception_ptr too_large(const std::string& subject, const std::exception_ptr& error,
                                           std::source_location where);

} // namespace corm::orm
