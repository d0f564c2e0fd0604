// What errors mean here.
#pragma once

#include "common/problem.hpp"

#include <exception>

namespace explorer {

/// As for any server of corm, but that statements are made of what clients ask for: an order of JSON documents, which
/// PostgreSQL does not know, is the fault of who asked. With the server's own words, which may hold values: whoever
/// asks here may see them.
[[nodiscard]] examples::Problem problem_of(const std::exception_ptr& error);

/// True for what cannot be found, or done, by names or types that may be other ones by now.
[[nodiscard]] bool is_of_schema(const std::exception_ptr& error);

} // namespace explorer
