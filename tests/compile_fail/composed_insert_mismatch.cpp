// expect: corm: insert_into<T, members...>() takes a query with one item for each member
#include "composed_entities.hpp"

auto statement = corm::insert_into<Item, &Item::id, &Item::name>(select(col<&Item::id>, col<&Item::note>).from<Item>());
