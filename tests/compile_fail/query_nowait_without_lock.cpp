// expect: corm: nowait and skip_locked need a lock, such as corm::for_update
#include "query_entities.hpp"

auto options = corm::query::read_options(corm::query::nowait);
