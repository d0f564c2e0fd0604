// Pieces of HTML. No script: every page is complete as it is served.
#pragma once

#include "common/html.hpp"
#include "common/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace explorer {

using examples::escape;

[[nodiscard]] std::string link(std::string_view href, std::string_view text);

struct Crumb {
    std::string text;
    std::string href; ///< empty: where one is
};

/// A whole page; `body` is HTML.
[[nodiscard]] examples::Response page(unsigned status, const std::vector<Crumb>& way, std::string_view body);

} // namespace explorer
