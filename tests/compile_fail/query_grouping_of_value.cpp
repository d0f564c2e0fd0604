// expect: corm: grouping() takes up to 31 of the columns and expressions that group_by() has
#include "query_entities.hpp"

#include <corm/query/grouping.hpp>

const auto bits = corm::query::grouping("age");
