// expect-thrown: corm: a :name of the SQL text is not among the arguments; add corm::arg<\"name\">(value)
// max-errors: 2
#include "query_entities.hpp"

using namespace corm::query;

auto statement = raw_sql("SELECT :age, :nmae", arg<"age">(1));
