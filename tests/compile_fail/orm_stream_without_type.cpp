// expect: corm: the rows of raw SQL are streamed into a type: session.stream<T>(corm::raw_sql(...))
#include <corm/corm.hpp>

auto streamed(corm::AsyncSession& session) {
    return session.stream(corm::raw_sql("select 1"));
}
