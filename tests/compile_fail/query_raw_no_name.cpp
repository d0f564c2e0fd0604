// expect: corm: this is no name for an argument of SQL; use letters, digits and underscores, and leave the colon out
#include "query_entities.hpp"

using namespace corm::query;

auto statement = unsafe_sql("SELECT :age", arg<":age">(1));
