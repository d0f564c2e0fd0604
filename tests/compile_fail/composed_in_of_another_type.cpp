// expect: corm: in() takes a query whose column is of the type of the expression
#include "composed_entities.hpp"

auto condition = col<&Item::id>.in(select(col<&Item::name>).from<Item>());
