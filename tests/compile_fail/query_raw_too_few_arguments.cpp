// expect-thrown: corm: the highest $ of the SQL text is not the number of arguments; give one argument for each
#include "query_entities.hpp"

using namespace corm::query;

auto statement = raw_sql("SELECT $1, $2", 1);
