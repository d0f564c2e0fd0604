// Which members of a mapped struct are written as JSON.
#pragma once

namespace corm::mapping {

/// The value of `json_without` and `json_only`.
template <bool Only, auto... Members>
struct JsonMembers {};

/// Leaves members out wherever corm/json.hpp writes the struct, relations included. Declare it beside the mapping, so
/// that no file sees the struct without it:
///
/// ```cpp
/// constexpr auto corm_json(corm::type<User>) { return corm::json_without<&User::password_hash>; }
/// ```
template <auto... Members>
inline constexpr JsonMembers<false, Members...> json_without{};
/// Writes these members and no others: one that is added later stays out until it is named.
template <auto... Members>
inline constexpr JsonMembers<true, Members...> json_only{};

} // namespace corm::mapping
