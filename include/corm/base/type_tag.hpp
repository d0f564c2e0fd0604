// The tag that names a C++ type in calls found by argument-dependent lookup.
#pragma once

namespace corm {

/// Carries a type, nothing else. User code takes it by value in `corm_mapping(corm::type<User>)`,
/// `corm_enum(corm::type<Mood>)` and `corm_json(corm::type<Address>)`, which are found in the namespace of these types.
template <class T>
struct type {};

} // namespace corm
