// expect: corm: this time point is no column type: PostgreSQL counts whole microseconds
#include "mapping_entities.hpp"

#include <chrono>

struct Job {
    std::int64_t id = 0;
    std::chrono::system_clock::time_point member{};
};
BOOST_DESCRIBE_STRUCT(Job, (), (id, member))
constexpr auto corm_mapping(corm::type<Job>) {
    return corm::mapping::table<Job>("jobs").primary_key<&Job::id>();
}
const auto& mapper = corm::mapping::mapper_of<Job>();
