// expect: corm: in() and not_in() take a range of values, or a list in braces
#include "query_entities.hpp"

auto condition = corm::query::col<&User::age>.in(41);
