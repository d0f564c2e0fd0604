// Errors that list everything that does not fit.
#pragma once

#include <string>
#include <string_view>

namespace corm::query::detail {

[[nodiscard]] inline std::string in_quotes(std::string_view name) {
    return '"' + std::string{name} + '"';
}

inline void add_problem(std::string& problems, std::string_view text) {
    (problems += problems.empty() ? "" : "; ") += text;
}

} // namespace corm::query::detail
