// expect: corm: two arguments of this SQL statement have one name; give it once, and use the :name as often as needed
#include "query_entities.hpp"

using namespace corm::query;

auto statement = unsafe_sql("SELECT :age", arg<"age">(1), arg<"age">(2));
