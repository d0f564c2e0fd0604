// A query of any kind.
#include "base/memory.hpp"

#include <corm/orm/detail/erased.hpp>

#include <utility>
#include <variant>

namespace corm::orm::detail {

struct Query::Kinds {
    std::variant<query::SelectQuery, query::RawStatement, Composed> kind;
};

Query::Query(query::SelectQuery&& select) : kinds_(corm::detail::make_recycled<Kinds>(Kinds{std::move(select)})) {}

Query::Query(query::RawStatement&& raw) : kinds_(corm::detail::make_recycled<Kinds>(Kinds{std::move(raw)})) {}

Query::Query(Composed composed) : kinds_(corm::detail::make_recycled<Kinds>(Kinds{std::move(composed)})) {}

const query::SelectQuery* Query::select() const noexcept {
    return std::get_if<query::SelectQuery>(&kinds_->kind);
}

const query::RawStatement* Query::raw() const noexcept {
    return std::get_if<query::RawStatement>(&kinds_->kind);
}

const query::ComposedQuery* Query::composed() const noexcept {
    const Composed* const composed = std::get_if<Composed>(&kinds_->kind);
    return composed != nullptr ? composed->get() : nullptr;
}

} // namespace corm::orm::detail
