// expect: corm: column<T>() needs a type with a codec
#include "query_entities.hpp"

#include <corm/query/record_source.hpp>

struct Point {
    int x;
};
void make(const std::shared_ptr<const corm::mapping::Mapper>& mapper) {
    static_cast<void>(corm::query::column<Point>(mapper, "at"));
}
