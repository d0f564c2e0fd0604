// expect: corm: NULL has no order; compare the expression with a value, not with an optional
#include "composed_entities.hpp"

auto condition = col<&Item::amount> + 1 < std::optional<std::int32_t>{1};
