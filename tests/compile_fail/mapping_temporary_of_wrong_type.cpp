// expect: corm: corm::temporary takes a value of the last member that unique names
#include "mapping_entities.hpp"

struct Desk {
    std::int64_t id = 0;
    std::string label;
};
BOOST_DESCRIBE_STRUCT(Desk, (), (id, label))
constexpr auto corm_mapping(corm::type<Desk>) {
    return corm::mapping::table<Desk>("desks").primary_key<&Desk::id>().unique<&Desk::label>(
        corm::mapping::temporary(1.5));
}
const auto& mapper = corm::mapping::mapper_of<Desk>();
