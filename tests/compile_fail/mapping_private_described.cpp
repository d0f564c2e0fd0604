// expect: corm: a mapped member must be public; corm does not map described private or protected members
#include "mapping_entities.hpp"

class User {
public:
    std::int64_t id = 0;

private:
    std::int32_t age_ = 0;
    BOOST_DESCRIBE_CLASS(User, (), (id), (), (age_))
};
constexpr auto corm_mapping(corm::type<User>) {
    return corm::mapping::table<User>("users").primary_key<&User::id>();
}
const auto& mapper = corm::mapping::mapper_of<User>();
