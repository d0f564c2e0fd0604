// expect: corm: this member is not described
#include "mapping_entities.hpp"

struct Desk {
    std::int64_t id = 0;
    std::int64_t number = 0;
};
BOOST_DESCRIBE_STRUCT(Desk, (), (id))
constexpr auto table = corm::mapping::table<Desk>("desks").primary_key<&Desk::id>().sequence<&Desk::number>("numbers");
