// expect: corm: the class of this member is not mapped
#include "query_entities.hpp"

auto condition = corm::query::col<&User::created> == 1;
