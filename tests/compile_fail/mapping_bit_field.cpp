// The language has no pointer to a bit-field, so this sentence is the compiler's.
// expect-error: (invalid pointer to bit-field|address of bit-field requested)
// max-errors: 2
#include "mapping_entities.hpp"

struct User {
    std::int64_t id = 0;
    unsigned flags : 3 = 0;
};
BOOST_DESCRIBE_STRUCT(User, (), (id, flags))
