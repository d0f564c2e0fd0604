// expect-ok
#include "composed_entities.hpp"

auto total = corm::sum(col<&Item::amount>).as("total");
auto query = select(col<&Item::name>, total, corm::coalesce(col<&Item::note>, "none"))
                 .from<Item>()
                 .where(col<&Item::amount> + 1 > 2 && col<&Item::id>.in(select(col<&Item::id>).from<Item>()))
                 .group_by(col<&Item::id>)
                 .order_by(corm::label("total").desc());
auto statement = corm::update<Item>().set<&Item::amount>(corm::coalesce(col<&Item::rest>, 0)).all_rows();
auto rows = corm::union_all(select(col<&Item::id>).from<Item>(), select(col<&Item::id>).from<Item>());

corm::Task<> run(corm::AsyncSession& session) {
    static_cast<void>(co_await session.all(query));
    static_cast<void>(co_await session.execute(statement));
}
