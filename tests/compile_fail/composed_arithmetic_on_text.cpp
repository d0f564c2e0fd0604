// expect: corm: PostgreSQL has no such operator for these types
#include "composed_entities.hpp"

auto sum = col<&Item::name> + col<&Item::amount>;
