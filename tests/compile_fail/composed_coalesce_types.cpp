// expect: corm: these expressions and values are of different types
#include "composed_entities.hpp"

auto value = corm::coalesce(col<&Item::note>, 7);
