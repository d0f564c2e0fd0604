// expect: corm: a mapped member must not be const; corm writes it when a row is loaded
#include "mapping_entities.hpp"

struct User {
    std::int64_t id = 0;
    const std::int32_t age = 0;
};
BOOST_DESCRIBE_STRUCT(User, (), (id, age))
constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users").primary_key<&User::id>();
}
const auto& mapper = corm::mapping::mapper_of<User>();
