// expect: corm: one_to_many needs a member of type corm::Many<Target>
#include "mapping_entities.hpp"

struct User {
    std::int64_t id = 0;
    std::int64_t orders = 0;
};
BOOST_DESCRIBE_STRUCT(User, (), (id, orders))
constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users").primary_key<&User::id>().one_to_many<&User::orders, &Line::order_no>();
}
const auto& mapper = corm::mapping::mapper_of<User>();
