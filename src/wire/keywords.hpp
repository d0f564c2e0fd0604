// libpq's keywords and their values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corm::wire {

using Keywords = std::vector<std::pair<std::string, std::string>>;

/// Throws `ConnectionError`: `what` is wrong with the configuration. Never holds a value.
[[noreturn]] void refuse(const std::string& what);

/// Null when it is not there.
[[nodiscard]] std::string* find(Keywords& keywords, std::string_view name);
/// Adds or replaces. Refuses a value that holds a NUL.
void set(Keywords& keywords, const std::string& name, std::string value);
/// Takes it out; empty when it is not there.
[[nodiscard]] std::string take(Keywords& keywords, std::string_view name);
/// Refuses values that libpq would only notice when it connects, and then quote: a password may have slipped into them.
void check_values(const Keywords& keywords);

} // namespace corm::wire
