// Pages of a query by the values of their last rows.
#pragma once

#include <corm/query/select.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace corm::query {

/// Which page is asked for.
struct PageOptions {
    std::int64_t size = 50; ///< rows, 1 at least
    std::string after{};    ///< `Page::next` of the page before; empty for the first
};

/// A query for one page, with the order that its tokens stand for.
struct PagedQuery {
    struct Term {
        std::size_t column; ///< of the mapper
        bool descending;
        bool nulls_first;
    };
    SelectQuery query;
    std::vector<Term> terms{};
    std::int64_t size = 0;
};

/// Adds the key to the order, where it does not end it yet, and the condition that leaves out what was shown. Throws
/// `MappingError` for an order by anything but columns of the entity, a limit or offset, a size below 1;
/// `ConversionError` for a token that was not made for this order.
[[nodiscard]] PagedQuery paged(SelectQuery query, const PageOptions& options);
/// Where the next page begins, behind this row of its result; its objects may have been edited. Of letters, digits, `-`
/// and `_`.
[[nodiscard]] std::string page_token(const PagedQuery& query, const types::Rows& rows, int row);

} // namespace corm::query
