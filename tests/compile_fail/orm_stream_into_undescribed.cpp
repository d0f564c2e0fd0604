// expect: corm: rows cannot be streamed into this type; use a struct with BOOST_DESCRIBE_STRUCT
#include <corm/corm.hpp>

struct Point {
    int x;
};
auto streamed(corm::AsyncSession& session) {
    return session.stream<Point>(corm::raw_sql("select 1 as x"));
}
