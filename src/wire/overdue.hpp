// What a deadline that has passed means for a request.
#pragma once

#include "wire/request.hpp"

#include <cstddef>
#include <exception>
#include <source_location>

namespace corm::wire {

/// TimeoutError naming the first statement without an answer, `answered` of which have come.
[[nodiscard]] std::exception_ptr make_timeout(const Request& request, std::size_t answered);

/// What the answer of a COMMIT comes to that was cancelled at its deadline and then awaited: `error`, or TimeoutError
/// with Phase::commit where the server gave it up.
[[nodiscard]] std::exception_ptr settle_overdue(std::exception_ptr error, std::source_location where);

} // namespace corm::wire
