// expect: corm: a subquery that stands for values selects one column
#include "composed_entities.hpp"

auto value = corm::scalar(select(col<&Item::id>, col<&Item::name>).from<Item>());
