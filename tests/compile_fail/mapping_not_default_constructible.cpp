// expect: corm: a mapped struct must be default-constructible; corm makes one for each row
#include "mapping_entities.hpp"

struct User {
    explicit User(std::int64_t given) : id(given) {}
    std::int64_t id;
};
BOOST_DESCRIBE_STRUCT(User, (), (id))
constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users").primary_key<&User::id>();
}
const auto& mapper = corm::mapping::mapper_of<User>();
