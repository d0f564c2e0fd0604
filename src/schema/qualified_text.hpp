// Names with a schema as SQL writes them.
#pragma once

#include <corm/schema/column.hpp>

#include <optional>
#include <string_view>

namespace corm::schema {

/// `app.customer`, `customer`, `"Odd.Schema"."Tab""le"`: a part in quotes is taken as it is between them, and so is one
/// without, whose letters stay as they are too. Nothing for what is no such name.
[[nodiscard]] std::optional<QualifiedName> qualified_name(std::string_view text);

} // namespace corm::schema
