// expect: corm: this key does not convert to the type of the key member without narrowing; cast it to that type
#include "related_entities.hpp"

const auto condition = corm::query::contains<&Book::pages>("seven");
