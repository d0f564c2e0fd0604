// expect: corm: this member is not one of the struct whose rows values() was given; name one of its own
#include "query_entities.hpp"

#include <corm/query/values.hpp>

struct Price {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Price, (), (id))
void make(const std::vector<Price>& prices) {
    static_cast<void>(corm::query::values("prices", prices)[&User::id]);
}
