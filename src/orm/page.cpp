// Pages of a query.
#include "orm/session_core.hpp"

#include <corm/orm/detail/erased.hpp>
#include <corm/query/page.hpp>

namespace corm::orm::detail {

Task<PageOutcome> page(Core core, query::PagedQuery paged, std::source_location where) {
    PageOutcome page;
    query::SelectQuery query = paged.query;
    Outcome outcome = co_await run(std::move(core), std::move(query), Wanted::any, where);
    page.instances = std::move(outcome.instances);
    if (page.instances.size() <= static_cast<std::size_t>(paged.size))
        co_return page;
    page.instances.pop_back();
    page.next = query::page_token(paged, *outcome.rows, static_cast<int>(page.instances.size()) - 1);
    co_return page;
}

} // namespace corm::orm::detail
