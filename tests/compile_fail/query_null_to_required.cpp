// expect: corm: this column holds no NULL, because its member is not std::optional; compare it with a value
#include "query_entities.hpp"

auto condition = corm::query::col<&User::age> == std::nullopt;
