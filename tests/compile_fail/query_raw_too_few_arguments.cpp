// expect-thrown: corm: the highest $ of the SQL text is not the number of arguments; give one argument for each
// max-errors: 2
#include "query_entities.hpp"

using namespace corm::query;

auto statement = raw_sql("SELECT $1, $2", 1);
