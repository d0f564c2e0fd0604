// expect: corm: the mapping names no primary key; add .primary_key<&Struct::id>()
#include "mapping_entities.hpp"

struct User {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(User, (), (id))
constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users");
}
const auto& mapper = corm::mapping::mapper_of<User>();
