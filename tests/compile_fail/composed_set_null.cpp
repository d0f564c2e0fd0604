// expect: corm: this expression can be NULL, and the column holds none; set corm::coalesce
#include "composed_entities.hpp"

auto statement = corm::update<Item>().set<&Item::amount>(col<&Item::rest>);
