// expect-thrown: corm: the SQL text does not have the :name of one of the arguments; leave the argument out
// max-errors: 2
#include "query_entities.hpp"

using namespace corm::query;

auto statement = raw_sql("SELECT :age -- :name", arg<"age">(1), arg<"name">("x"));
