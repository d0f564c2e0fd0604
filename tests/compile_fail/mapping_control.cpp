// expect-ok
#include "mapping_entities.hpp"

using namespace corm::mapping;

const KeyArgument<Line> line = key(7, 2);
const KeyArgument<Country> country = "AT";
const auto& mapper = mapper_of<Line>();
