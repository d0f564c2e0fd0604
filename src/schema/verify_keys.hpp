// What the keys and indexes of a table keep.
#pragma once

#include <corm/schema/model.hpp>

#include <optional>
#include <string>
#include <vector>

namespace corm::schema {

/// What keeps columns unique.
struct Uniqueness {
    bool deferrable = false;
};
/// Nothing if these columns are not unique.
[[nodiscard]] std::optional<Uniqueness> uniqueness(const Table& table, const std::vector<std::string>& columns);
/// They are, or some of them are by themselves.
[[nodiscard]] bool is_unique(const Table& table, const std::vector<std::string>& columns);
/// Some index begins with these columns, in any order.
[[nodiscard]] bool is_indexed(const Table& table, const std::vector<std::string>& columns);
/// Each of the columns refers to the one of `key` in its place.
[[nodiscard]] bool has_foreign_key(const Table& table, const std::vector<std::string>& columns, const Table& target,
                                   const std::vector<std::string>& key);

} // namespace corm::schema
