// expect: corm: an argument of this SQL statement has a type that corm cannot send
#include "query_entities.hpp"

struct Point {
    int x;
};
auto statement = corm::query::raw_sql("SELECT $1", Point{});
