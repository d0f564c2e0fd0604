// expect: use std::chrono::microseconds or corm::types::Interval
#include "mapping_entities.hpp"

#include <chrono>

struct Job {
    std::int64_t id = 0;
    std::optional<std::chrono::days> member{};
};
BOOST_DESCRIBE_STRUCT(Job, (), (id, member))
constexpr auto corm_mapping(corm::type<Job>) {
    return corm::mapping::table<Job>("jobs").primary_key<&Job::id>();
}
const auto& mapper = corm::mapping::mapper_of<Job>();
