// expect: corm: some arguments of this SQL statement are named and some are not; give all of them as
// corm::arg<"name">(value), or none
#include "query_entities.hpp"

using namespace corm::query;

auto statement = unsafe_sql("SELECT :age, $2", arg<"age">(1), 2);
