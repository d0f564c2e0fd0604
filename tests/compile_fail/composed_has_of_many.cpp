// expect: corm: a join reads members of type corm::One
#include "composed_entities.hpp"

struct Owner;
struct Thing {
    std::int64_t id = 0;
    std::int64_t owner_id = 0;
};
BOOST_DESCRIBE_STRUCT(Thing, (), (id, owner_id))
struct Owner {
    std::int64_t id = 0;
    corm::Many<Thing> things{};
};
BOOST_DESCRIBE_STRUCT(Owner, (), (id, things))
constexpr auto corm_mapping(corm::type<Thing>) {
    return corm::table<Thing>("things").primary_key<&Thing::id>();
}
constexpr auto corm_mapping(corm::type<Owner>) {
    return corm::table<Owner>("owners").primary_key<&Owner::id>().one_to_many<&Owner::things, &Thing::owner_id>();
}

auto condition = corm::has<&Owner::things>();
