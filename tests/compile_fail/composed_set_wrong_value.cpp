// expect: corm: this value does not convert to the type of the column without loss
#include "composed_entities.hpp"

auto statement = corm::update<Item>().set<&Item::amount>("many");
