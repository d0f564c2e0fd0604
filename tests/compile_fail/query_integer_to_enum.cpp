// expect: corm: this value does not convert to the type of the column without loss; cast it to the type of the member
#include "query_entities.hpp"

auto condition = corm::query::col<&User::mood> == 1;
