// expect: corm: like(), starts_with() and their kin need a text column; its member is not std::string
#include "query_entities.hpp"

auto condition = corm::query::col<&User::age>.starts_with("4");
