// expect: corm: sql_type names a member that is a column; relations and unmapped members have no type there
#include "mapping_entities.hpp"

struct Desk {
    std::int64_t id = 0;
    std::string note;
};
BOOST_DESCRIBE_STRUCT(Desk, (), (id, note))
constexpr auto corm_mapping(corm::type<Desk>) {
    return corm::mapping::table<Desk>("desks")
        .primary_key<&Desk::id>()
        .sql_type<&Desk::note>("inet")
        .unmapped<&Desk::note>();
}
const auto& mapper = corm::mapping::mapper_of<Desk>();
