// expect: corm: this member is no column: it is a relation, or its type has no codec; use a member that holds a value
#include "query_entities.hpp"

struct Team {
    std::int64_t id = 0;
    corm::mapping::Many<User> members;
};
BOOST_DESCRIBE_STRUCT(Team, (), (id, members))
constexpr auto corm_mapping(corm::type<Team>) {
    return corm::mapping::table<Team>("teams").primary_key<&Team::id>();
}
auto condition = corm::query::col<&Team::members> == 1;
