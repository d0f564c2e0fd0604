// expect: corm: a mapped member must not be const; corm writes it when a row is loaded
#include "mapping_entities.hpp"

struct User {
    const std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(User, (), (id))
constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users").primary_key<&User::id>();
}
