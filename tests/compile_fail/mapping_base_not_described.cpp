// expect: of the struct (a member of a base class needs the base in it)
#include "mapping_entities.hpp"

struct Identified {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Identified, (), (id))
struct User : Identified {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(User, (), (name))
constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users").primary_key<&User::id>();
}
