// expect: corm: sum() takes numbers or intervals
#include "composed_entities.hpp"

auto sum = corm::sum(col<&Item::name>);
