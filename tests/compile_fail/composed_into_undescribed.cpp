// expect: corm: into<T>() needs a struct with BOOST_DESCRIBE_STRUCT
#include "composed_entities.hpp"

auto query = select(col<&Item::id>).from<Item>().into<Undescribed>();
