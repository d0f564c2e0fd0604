// expect: corm: some arguments of this SQL statement are named and some are not; use corm::arg<>() for all, or for none
#include "query_entities.hpp"

using namespace corm::query;

auto statement = unsafe_sql("SELECT :age, $2", arg<"age">(1), 2);
