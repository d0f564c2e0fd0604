// Pieces of C++ text.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace corm::schema {

/// `"customers"`, with escapes where they are needed.
[[nodiscard]] std::string string_literal(std::string_view text);

/// Lines that begin with `start`, `// ` for example; none for an empty text. What would end or continue a comment, or
/// show it in another order than it has, is left out.
[[nodiscard]] std::string comment(std::string_view start, std::string_view text);

/// `head` and the items, between commas, on as many lines as it takes; `tail` behind the last.
[[nodiscard]] std::string list_text(std::string_view head, std::span<const std::string> items, std::string_view tail);

} // namespace corm::schema
