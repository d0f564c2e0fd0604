// Places in the program, for messages.
#pragma once

#include <source_location>
#include <string>

namespace corm::detail {

/// "orders.cpp:42".
[[nodiscard]] inline std::string place_of(const std::source_location& where) {
    return where.line() == 0 ? "an unknown place" : std::string{where.file_name()} + ":" + std::to_string(where.line());
}

} // namespace corm::detail
