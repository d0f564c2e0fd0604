// The only place that quotes identifiers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace corm::sql {

/// PostgreSQL's limit in bytes. A longer name is truncated by the server with no more than a NOTICE, so that two
/// names could become one; corm refuses it instead.
inline constexpr std::size_t max_identifier_size = 63;

/// Appends `name` as a quoted identifier: always in double quotes, `"` doubled, never split at dots. Throws
/// `MappingError` naming it unless it is 1 to 63 bytes of valid UTF-8 without NUL; `out` is unchanged then.
void append_identifier(std::string& out, std::string_view name);

/// The quoted form alone.
[[nodiscard]] std::string quote_identifier(std::string_view name);

} // namespace corm::sql
