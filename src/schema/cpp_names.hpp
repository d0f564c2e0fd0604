// Identifiers of C++ for names of a database.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace corm::schema {

/// It can stand in a program as it is: ASCII, no word of the language or of its macros, and not reserved.
[[nodiscard]] bool is_identifier(std::string_view name);

/// The nearest identifier for a member: `Ref.erence` is `Ref_erence`, `class` is `class_`, `2nd` is `column_2nd`.
[[nodiscard]] std::string member_identifier(std::string_view name);

/// The nearest one for a type: `order_line` is `OrderLine`, `2nd` is `Type2nd`.
[[nodiscard]] std::string type_identifier(std::string_view name);

/// One name for each list of them, the best first: the first that is not taken, and that no other list has in the same
/// place; those give way to each other. When none is left, the last with a number. Adds them to `taken`.
[[nodiscard]] std::vector<std::string> choose_names(std::span<const std::vector<std::string>> lists,
                                                    std::set<std::string>& taken);

/// For the members of one struct, in their order. Names that are identifiers already keep them; others, and those that
/// are `taken`, get a number where they have to.
[[nodiscard]] std::vector<std::string> member_identifiers(std::span<const std::string> names,
                                                          const std::set<std::string>& taken);

} // namespace corm::schema
