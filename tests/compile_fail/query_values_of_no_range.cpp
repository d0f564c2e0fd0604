// expect: corm: values() takes a range of structs with BOOST_DESCRIBE_STRUCT, of std::tuple, or of values with a codec
#include "query_entities.hpp"

#include <corm/query/values.hpp>

void make(const User& user) {
    static_cast<void>(corm::query::values("rows", user));
}
