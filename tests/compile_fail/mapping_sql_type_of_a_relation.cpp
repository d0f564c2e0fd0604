// expect: corm: sql_type names a member that is a column; relations and unmapped members have no type there
#include "mapping_entities.hpp"

#include <corm/mapping/relation.hpp>

struct Desk {
    std::int64_t id = 0;
    corm::mapping::Many<Country> countries;
};
BOOST_DESCRIBE_STRUCT(Desk, (), (id, countries))
constexpr auto corm_mapping(corm::type<Desk>) {
    return corm::mapping::table<Desk>("desks").primary_key<&Desk::id>().sql_type<&Desk::countries>("inet");
}
const auto& mapper = corm::mapping::mapper_of<Desk>();
