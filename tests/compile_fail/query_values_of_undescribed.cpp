// expect: corm: values() takes a range of structs with BOOST_DESCRIBE_STRUCT, of std::tuple, or of values with a codec
#include "query_entities.hpp"

#include <corm/query/values.hpp>

struct Plain {
    int x = 0;
};
void make(const std::vector<Plain>& rows) {
    static_cast<void>(corm::query::values("rows", rows));
}
