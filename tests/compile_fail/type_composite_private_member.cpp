// expect: corm: a struct kept as a composite must have no described private or protected members
#include "mapping_entities.hpp"

#include <corm/type/composite.hpp>

class Place {
    double x = 0;
    BOOST_DESCRIBE_CLASS(Place, (), (), (), (x))
};
constexpr auto corm_composite(corm::type<Place>) {
    return corm::pg_composite("place");
}
struct Job {
    std::int64_t id = 0;
    Place member{};
};
BOOST_DESCRIBE_STRUCT(Job, (), (id, member))
constexpr auto corm_mapping(corm::type<Job>) {
    return corm::mapping::table<Job>("jobs").primary_key<&Job::id>();
}
const auto& mapper = corm::mapping::mapper_of<Job>();
