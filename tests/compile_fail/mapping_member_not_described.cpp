// expect: corm: this member is not described; add it to the BOOST_DESCRIBE_STRUCT of the struct
#include "mapping_entities.hpp"

struct User {
    std::int64_t id = 0;
    std::int32_t version = 0;
};
BOOST_DESCRIBE_STRUCT(User, (), (id))
constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users").primary_key<&User::id>().version<&User::version>();
}
