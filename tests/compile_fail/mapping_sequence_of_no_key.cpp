// expect: corm: sequence names the one member of the primary key, whose values the sequence gives
#include "mapping_entities.hpp"

struct Desk {
    std::int64_t id = 0;
    std::int64_t number = 0;
};
BOOST_DESCRIBE_STRUCT(Desk, (), (id, number))
constexpr auto corm_mapping(corm::type<Desk>) {
    return corm::mapping::table<Desk>("desks").primary_key<&Desk::id>().sequence<&Desk::number>("numbers");
}
const auto& mapper = corm::mapping::mapper_of<Desk>();
