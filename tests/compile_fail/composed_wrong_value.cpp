// expect: corm: this value does not convert to the type of the expression without loss
#include "composed_entities.hpp"

auto condition = col<&Item::amount> + 1 > 1.5;
