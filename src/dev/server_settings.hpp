// The texts that a private server is configured and reached by.
#pragma once

#include <map>
#include <string>

namespace corm::dev {

/// Lines for postgresql.conf. Throws Error that names a setting whose value cannot be written there.
[[nodiscard]] std::string settings_text(const std::map<std::string, std::string>& settings);

/// `text` with everything but letters, digits and `-_.~` as %XX.
[[nodiscard]] std::string url_encoded(const std::string& text);

/// Hexadecimal digits from the system's source of randomness.
[[nodiscard]] std::string random_digits(int count);

/// A port of 127.0.0.1 that nobody listens on now. Somebody may take it before the server does: the caller tries again.
[[nodiscard]] int free_port();

} // namespace corm::dev
