// A mapped type, written as it should be: the other files here fail for what they do differently.
// expect-ok
#include <corm/mapping/describe.hpp>
#include <corm/type/types.hpp>

#include <boost/describe/class.hpp>

#include <cstdint>
#include <string>

struct User {
    std::int64_t id = 0;
    std::string name;
};
BOOST_DESCRIBE_STRUCT(User, (), (id, name))

constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users").primary_key<&User::id>();
}

const auto& mapper = corm::mapping::mapper_of<User>();
