// expect: corm: many_to_one and one_to_one need a member of type corm::One<Target>
#include "mapping_entities.hpp"

struct User {
    std::int64_t id = 0;
    std::int64_t country = 0;
};
BOOST_DESCRIBE_STRUCT(User, (), (id, country))
constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users").primary_key<&User::id>().many_to_one<&User::country, &User::country>();
}
const auto& mapper = corm::mapping::mapper_of<User>();
