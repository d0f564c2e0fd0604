// expect: corm: an end of between() does not convert to the type of the column without loss
#include "query_entities.hpp"

auto condition = corm::query::col<&User::age>.between(1, 2.5);
