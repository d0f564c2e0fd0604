// Conditions and statements in readable form.
#pragma once

#include "../sql/support.hpp"
#include "entities.hpp"

#include <corm/query/select.hpp>

namespace query_test {

using sql_test::show;

/// The condition as a WHERE clause on users, and its parameters.
inline std::string where(const corm::query::Condition& condition) {
    return show(condition.expression(), {"app", "users"});
}

template <class Query>
std::string show_query(const Query& query) {
    return show(corm::sql::compile(query.erased().statement));
}

} // namespace query_test
