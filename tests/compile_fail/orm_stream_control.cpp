// expect-ok
#include "query_entities.hpp"

#include <corm/corm.hpp>

corm::Task<> read(corm::AsyncSession& session) {
    auto users = session.stream(corm::select<User>(), {.batch = 10});
    while (corm::Ref<User> user = co_await users.next())
        static_cast<void>(user);
    auto numbers = session.stream<std::int64_t>(corm::raw_sql("select 1"));
    static_cast<void>(co_await numbers.next_batch(7));
    co_await numbers.close();
}
