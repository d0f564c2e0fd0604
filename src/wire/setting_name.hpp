// Names of server settings.
#pragma once

#include <string_view>

namespace corm::wire {

/// What may stand as a name of a setting, in the options of a connection and in those of a transaction: ASCII letters,
/// digits, '_' and '$', no digit or '$' in front, or several such joined by dots. The server takes letters of other
/// alphabets as well; but options of a connection are split at whatever its locale calls a blank, which may be a byte
/// of such a letter.
[[nodiscard]] bool is_setting_name(std::string_view name) noexcept;

/// For messages.
inline constexpr const char* setting_name_rule =
    "names are made of ASCII letters, digits, '_' and '$', with dots between them";

} // namespace corm::wire
