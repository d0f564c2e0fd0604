// expect: corm: the rows of both queries must have the same types, item by item
#include "composed_entities.hpp"

auto rows = corm::union_all(select(col<&Item::id>).from<Item>(), select(col<&Item::name>).from<Item>());
