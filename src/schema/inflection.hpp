// English plurals of names.
#pragma once

#include <string>
#include <string_view>

namespace corm::schema {

/// The plural of the last word of a name: `order_line` is `order_lines`, `Category` is `Categories`. A name that is a
/// plural already stays as it is; one that does not end with a letter gets `_list`. Knows the regular forms and the
/// irregular words that tables are often named by.
[[nodiscard]] std::string plural(std::string_view name);
/// The singular of the last word of a name, which may be one already.
[[nodiscard]] std::string singular(std::string_view name);

} // namespace corm::schema
