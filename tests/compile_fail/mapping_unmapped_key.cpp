// expect: corm: this type has no mapping; write constexpr auto corm_mapping(corm::type<T>) in its own namespace
#include "mapping_entities.hpp"

struct Plain {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Plain, (), (id))

const corm::mapping::KeyArgument<Plain> key = 7;
