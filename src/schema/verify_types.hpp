// Whether a member can hold what a column does, and the other way round.
#pragma once

#include <corm/mapping/mapper.hpp>
#include <corm/schema/model.hpp>

#include <optional>
#include <string>

namespace corm::schema {

/// What is wrong with the types, as the end of a sentence that begins with the member; nothing if they go together.
[[nodiscard]] std::optional<std::string> type_difference(const Database& database, const mapping::Column& mapped,
                                                         const Column& column);
/// The same of types that go together, but of which the server has another idea which values are equal.
[[nodiscard]] std::optional<std::string> comparison_difference(const Database& database, const mapping::Column& mapped,
                                                               const Column& column);
/// The same of the labels of an enum whose types go together.
[[nodiscard]] std::optional<std::string> label_difference(const Database& database, const mapping::Column& mapped,
                                                          const Column& column);
/// The same of the attributes of a composite whose types go together: by their places, as values travel.
[[nodiscard]] std::optional<std::string> field_difference(const Database& database, const mapping::Column& mapped,
                                                          const Column& column);
/// The server gives it a value, be it by its domain.
[[nodiscard]] bool has_default(const Database& database, const Column& column);
/// The column cannot hold NULL, be it for its domain.
[[nodiscard]] bool is_not_null(const Database& database, const Column& column);

/// Every insert has to write it.
[[nodiscard]] bool has_to_be_given(const Database& database, const Column& column);

} // namespace corm::schema
