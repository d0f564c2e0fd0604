// expect: corm: grouping_sets() takes columns, expressions, group(), rollup() and cube(); a value groups nothing
#include "query_entities.hpp"

#include <corm/query/grouping.hpp>

const auto entry = corm::query::grouping_sets(corm::query::col<&User::age>, 5);
