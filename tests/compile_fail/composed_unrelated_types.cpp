// expect: corm: these expressions have types that PostgreSQL does not compare with each other
#include "composed_entities.hpp"

auto condition = col<&Item::amount> + 1 == corm::lower(col<&Item::name>);
