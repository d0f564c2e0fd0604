// expect: corm: this struct is not described; write BOOST_DESCRIBE_STRUCT
#include <corm/mapping/describe.hpp>
#include <corm/type/types.hpp>

struct User {
    std::int64_t id = 0;
};

constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users").primary_key<&User::id>();
}

const auto& mapper = corm::mapping::mapper_of<User>();
