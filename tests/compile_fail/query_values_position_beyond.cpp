// expect: corm: the rows of values() have fewer items
#include "query_entities.hpp"

#include <corm/query/values.hpp>

void make(const std::vector<std::tuple<std::int32_t, std::string>>& rows) {
    static_cast<void>(corm::query::values("rows", {"a", "b"}, rows).column<2>());
}
