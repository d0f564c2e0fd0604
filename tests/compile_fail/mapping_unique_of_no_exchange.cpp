// expect: corm: unique takes corm::deferrable or corm::temporary(value), or nothing
#include "mapping_entities.hpp"

struct Desk {
    std::int64_t id = 0;
    std::int64_t number = 0;
};
BOOST_DESCRIBE_STRUCT(Desk, (), (id, number))
constexpr auto corm_mapping(corm::type<Desk>) {
    return corm::mapping::table<Desk>("desks").primary_key<&Desk::id>().unique<&Desk::number>(-1);
}
const auto& mapper = corm::mapping::mapper_of<Desk>();
