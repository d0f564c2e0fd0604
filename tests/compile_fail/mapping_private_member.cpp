// BOOST_DESCRIBE_STRUCT stands outside of the class, so this sentence is the compiler's.
// expect-error: is (private within this context|a private member of 'User')
// max-errors: 2
#include "mapping_entities.hpp"

class User {
public:
    std::int64_t id = 0;

private:
    std::int32_t age = 0;
};
BOOST_DESCRIBE_STRUCT(User, (), (id, age))
