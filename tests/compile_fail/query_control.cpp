// expect-ok
#include "query_entities.hpp"

using namespace corm::query;

auto condition = col<&User::age> == 1 && col<&User::name> == "x" && col<&User::email> != std::nullopt &&
                 col<&User::mood> == Mood::sad && col<&Dated::created, User> < 5 && col<&User::active> == true;
auto lock = read_options(for_update, nowait);
auto statement = raw_sql("SELECT $1", 1);
auto named = raw_sql("SELECT :age, ':no', a[1:age], :age::text", arg<"age">(1));

int read(const corm::types::Rows& rows) {
    return RowReader<User>{rows}.size();
}
