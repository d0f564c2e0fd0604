// expect: corm: group() takes columns and expressions; a value groups nothing, and a group has no other one within it
#include "query_entities.hpp"

#include <corm/query/grouping.hpp>

const auto entry = corm::query::group(corm::query::group(corm::query::col<&User::age>));
