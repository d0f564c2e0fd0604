// expect: corm: a type with corm_composite must be a described struct
#include "mapping_entities.hpp"

#include <corm/type/composite.hpp>

struct Place {
    double x = 0;
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
