// expect: corm: the branches of case_when() are of different types
#include "composed_entities.hpp"

auto value = corm::case_when(col<&Item::id> == 1, "one").otherwise(2);
