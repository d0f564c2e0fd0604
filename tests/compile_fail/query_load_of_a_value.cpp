// expect: corm: load and with take relation members, of type corm::Many or corm::One
#include "query_entities.hpp"

const auto path = corm::query::path_of<User>(corm::query::load<&User::age>);
