// expect-thrown: corm: the text has $1 where all arguments are corm::arg<>(); write their :names
// max-errors: 2
#include "query_entities.hpp"

using namespace corm::query;

auto statement = raw_sql("SELECT :age, $1", arg<"age">(1));
