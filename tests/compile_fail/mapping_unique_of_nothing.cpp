// expect: corm: unique names no member; write .unique<&Struct::member>()
#include "mapping_entities.hpp"

struct Desk {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Desk, (), (id))
constexpr auto corm_mapping(corm::type<Desk>) {
    return corm::mapping::table<Desk>("desks").primary_key<&Desk::id>().unique();
}
const auto& mapper = corm::mapping::mapper_of<Desk>();
