// What each error of corm means in HTTP.
#pragma once

#include "message.hpp"

#include <exception>
#include <string>

namespace examples {

/// Why a request failed.
struct Problem {
    unsigned status = 500;
    std::string message{};
    unsigned retry_after = 0; ///< seconds; 0: trying again as it is does not help
};

/// Never throws `error` on; what nobody expected is 500 and goes to standard error. Texts hold no row values: `what()`
/// of corm's errors is safe to show.
[[nodiscard]] Problem problem_of(const std::exception_ptr& error);

/// The same as JSON.
[[nodiscard]] Response error_response(const Problem& problem);
/// 405; `allow`: the methods that the resource knows.
[[nodiscard]] Response not_allowed(const std::string& allow);

} // namespace examples
