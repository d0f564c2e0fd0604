// expect: corm: the foreign key of a relation must have the members of the key that it refers to, in their order and of
// their types (or optional, or another integer type)
#include "mapping_entities.hpp"

#include <string>

struct Owner;
struct Thing {
    std::int64_t id = 0;
    std::string owner_id{};
    corm::mapping::One<Owner> owner{};
};
BOOST_DESCRIBE_STRUCT(Thing, (), (id, owner_id, owner))
struct Owner {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Owner, (), (id))
constexpr auto corm_mapping(corm::type<Owner>) {
    return corm::mapping::table<Owner>("owners").primary_key<&Owner::id>();
}
constexpr auto corm_mapping(corm::type<Thing>) {
    return corm::mapping::table<Thing>("things")
        .primary_key<&Thing::id>()
        .many_to_one<&Thing::owner, &Thing::owner_id>();
}
const auto& mapper = corm::mapping::mapper_of<Thing>();
