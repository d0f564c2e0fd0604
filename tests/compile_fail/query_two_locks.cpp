// expect: corm: give one lock, the strongest that is needed
#include "query_entities.hpp"

auto options = corm::query::read_options(corm::query::for_share, corm::query::for_update);
