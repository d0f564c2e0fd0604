// expect: corm: in() takes a query of one column; select just that
#include "composed_entities.hpp"

auto condition = col<&Item::id>.in(select(col<&Item::id>, col<&Item::name>).from<Item>());
