// expect: corm: PostgreSQL has no ranges of this type
#include "mapping_entities.hpp"

#include <corm/type/range.hpp>

struct Job {
    std::int64_t id = 0;
    corm::Range<std::string> member{};
};
BOOST_DESCRIBE_STRUCT(Job, (), (id, member))
constexpr auto corm_mapping(corm::type<Job>) {
    return corm::mapping::table<Job>("jobs").primary_key<&Job::id>();
}
const auto& mapper = corm::mapping::mapper_of<Job>();
