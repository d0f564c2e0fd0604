// Text inside of HTML.
#pragma once

#include <string>
#include <string_view>

namespace examples {

/// Text as it may stand in an element or an attribute.
[[nodiscard]] std::string escape(std::string_view text);

} // namespace examples
