// The tag that names a C++ type in calls found by argument-dependent lookup.
#pragma once

namespace corm {

/// Carries a type, nothing else. User code takes it by value in `corm_mapping(corm::type<User>)` and
/// `corm_enum(corm::type<Mood>)`, which are found in the namespace of `User` or `Mood`.
template <class T>
struct type {};

} // namespace corm
