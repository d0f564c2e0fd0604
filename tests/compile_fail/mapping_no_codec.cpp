// expect: corm: a described member has a type that corm cannot store; specialise corm::types::Codec for it
#include "mapping_entities.hpp"

struct Point {
    int x = 0;
};
struct User {
    std::int64_t id = 0;
    Point home;
};
BOOST_DESCRIBE_STRUCT(User, (), (id, home))
constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users").primary_key<&User::id>();
}
const auto& mapper = corm::mapping::mapper_of<User>();
