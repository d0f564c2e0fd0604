// expect: corm: this key does not convert to the type of the key member without narrowing; cast it to that type
#include "mapping_entities.hpp"

const corm::mapping::KeyArgument<Country> country = 43;
