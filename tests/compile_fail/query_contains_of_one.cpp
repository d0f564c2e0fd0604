// expect: corm: contains<>() needs a member of type corm::Many; of a corm::One ask refers_to<>()
#include "related_entities.hpp"

const auto condition = corm::query::contains<&Page::book>(1);
