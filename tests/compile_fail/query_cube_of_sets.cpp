// expect: corm: cube() takes columns, expressions and group(...) of them; a value groups nothing
#include "query_entities.hpp"

#include <corm/query/grouping.hpp>

const auto entry = corm::query::cube(corm::query::rollup(corm::query::col<&User::age>));
