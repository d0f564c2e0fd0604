// expect: corm: stream() takes a select, or raw SQL with the type of its rows
#include "query_entities.hpp"

#include <corm/corm.hpp>

auto streamed(corm::AsyncSession& session) {
    return session.stream(corm::count<User>(), {.batch = 10});
}
