// The language has no pointer to a reference member, so this sentence is the compiler's.
// expect-error: pointer to reference member|of reference type
// max-errors: 2
#include "mapping_entities.hpp"

struct User {
    std::int64_t id = 0;
    std::string& name;
};
BOOST_DESCRIBE_STRUCT(User, (), (id, name))
