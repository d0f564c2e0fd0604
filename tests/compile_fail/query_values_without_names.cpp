// expect: corm: tuples and single values need names for their columns: values("name", {"a", "b"}, rows)
#include "query_entities.hpp"

#include <corm/query/values.hpp>

void make(const std::vector<std::int32_t>& rows) {
    static_cast<void>(corm::query::values("rows", rows));
}
