// expect: corm: these columns have different types; compare columns of the same type, or numbers
#include "query_entities.hpp"

auto condition = corm::query::col<&User::age> == corm::query::col<&User::name>;
