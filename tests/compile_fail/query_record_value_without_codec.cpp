// expect: corm: a value of this type has no codec; give a value of the column's type
#include "query_entities.hpp"

struct Point {
    int x;
};
auto condition = corm::query::column(nullptr, "age") == Point{};
