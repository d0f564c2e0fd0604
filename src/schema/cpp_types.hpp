// Which types of a database can be types of C++.
#pragma once

#include <corm/schema/model.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace corm::schema {

inline constexpr std::size_t most_described = 52; // members that the macros of Boost.Describe 1.81 take

/// Why a database's enum is none of C++; empty if it can be one.
[[nodiscard]] std::string why_no_enum(const Enum& type);

struct CompositePlan {
    std::vector<const Composite*> structs{}; ///< each behind those that it holds
    /// Why others are none.
    std::map<QualifiedName, std::string> left_out{};
};

/// The composites whose attributes all have types of C++: what a record holds of others are bytes, not their text.
/// Points into `database`.
[[nodiscard]] CompositePlan plan_composites(const Database& database);

} // namespace corm::schema
