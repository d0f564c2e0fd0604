// expect: corm: rows cannot be read into this type
#include "query_entities.hpp"

struct Point {
    int x;
};
int read(const corm::types::Rows& rows) {
    return corm::query::RowReader<Point>{rows}.size();
}
