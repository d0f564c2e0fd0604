// expect: corm: this expression is not of the type of the column that is set
#include "composed_entities.hpp"

auto statement = corm::update<Item>().set<&Item::amount>(corm::lower(col<&Item::name>));
