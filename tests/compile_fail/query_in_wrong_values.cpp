// expect: corm: the values of in() do not convert to the type of the column without loss
#include "query_entities.hpp"

auto condition = corm::query::col<&User::age>.in(std::vector<std::string>{"41"});
