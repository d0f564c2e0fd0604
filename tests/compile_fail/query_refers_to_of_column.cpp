// expect: corm: refers_to<>() needs a member of type corm::One; of a corm::Many ask contains<>()
#include "related_entities.hpp"

const auto condition = corm::query::refers_to<&Page::book_id>(1);
