// ORDER BY terms: asc<&User::name>, desc<&User::id>.
#pragma once

#include <corm/query/member.hpp>
#include <corm/sql/select.hpp>

namespace corm::query {

/// One term of ORDER BY, as a statement holds it.
class Ordering {
public:
    explicit Ordering(sql::OrderBy term) noexcept : term_(std::move(term)) {}

    /// Where rows go whose column is NULL. Unless asked for: last in ascending, first in descending order.
    [[nodiscard]] Ordering nulls_first() const { return with(sql::Nulls::first); }
    [[nodiscard]] Ordering nulls_last() const { return with(sql::Nulls::last); }

    [[nodiscard]] const sql::OrderBy& term() const noexcept { return term_; }

private:
    [[nodiscard]] Ordering with(sql::Nulls nulls) const {
        return Ordering{{term_.expression, term_.descending, nulls}};
    }

    sql::OrderBy term_;
};

/// A term over a member, before any mapper is touched: constants can be made of it. Converts to `Ordering`.
class OrderTerm {
public:
    constexpr OrderTerm(detail::Locate locate, bool descending, sql::Nulls nulls = sql::Nulls::by_direction) noexcept
        : locate_(locate), descending_(descending), nulls_(nulls) {}

    [[nodiscard]] constexpr OrderTerm nulls_first() const noexcept { return {locate_, descending_, sql::Nulls::first}; }
    [[nodiscard]] constexpr OrderTerm nulls_last() const noexcept { return {locate_, descending_, sql::Nulls::last}; }

    /// Throws `MappingError` for a member that is left out of the mapping.
    operator Ordering() const { // NOLINT: a term is an Order
        return Ordering{{detail::column_expression(locate_()), descending_, nulls_}};
    }

private:
    detail::Locate locate_;
    bool descending_;
    sql::Nulls nulls_;
};

/// The entity is named for members of a base class that is not mapped, as with `col`.
template <auto Member, class Entity = mapping::member_class<Member>>
inline constexpr OrderTerm asc{detail::locator<Member, Entity>(), false};
template <auto Member, class Entity = mapping::member_class<Member>>
inline constexpr OrderTerm desc{detail::locator<Member, Entity>(), true};

} // namespace corm::query
