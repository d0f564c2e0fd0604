// What each error of corm means in HTTP.
#pragma once

#include "message.hpp"

#include <exception>

namespace atlas {

/// A JSON body with one text.
[[nodiscard]] Response error_response(unsigned status, std::string_view text);

/// The answer to a request that ended with `error`. Never throws it on; what nobody expected is 500 and goes to
/// standard error. Texts hold no row values: `what()` of corm's errors is safe to show.
[[nodiscard]] Response response_to(const std::exception_ptr& error);

} // namespace atlas
