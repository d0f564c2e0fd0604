// expect: corm: column<N>() is for tuples and single values; a struct has members: rows[&Row::member]
#include "query_entities.hpp"

#include <corm/query/values.hpp>

void make(const std::vector<User>& users) {
    static_cast<void>(corm::query::values("users", users).column<0>());
}
