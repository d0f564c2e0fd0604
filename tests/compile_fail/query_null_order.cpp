// expect: corm: NULL has no order; compare the column with a value, not with an optional
#include "query_entities.hpp"

auto condition = corm::query::col<&User::email> < std::nullopt;
