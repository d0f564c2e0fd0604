// expect: corm: the number of key parts does not fit the primary key of the mapping; give a composite key
#include "mapping_entities.hpp"

const corm::mapping::KeyArgument<Country> country = corm::mapping::key("AT", 43);
