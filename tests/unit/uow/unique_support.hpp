// Rows as they were loaded, and what a plan says of them.
#pragma once

#include "support.hpp"

namespace uow_test {

using Int32s = std::vector<std::int32_t>;

template <class Entity, class... Values>
Handle loaded(Session& session, const Values&... values) {
    const auto columns = corm::mapping::mapper_of<Entity>()->columns();
    std::vector<std::pair<std::string, corm::types::Oid>> shape;
    for (const auto& column : columns)
        shape.emplace_back(column.name, column.type->oid);
    EncodedRows rows{std::move(shape)};
    rows.row(values...);
    return session.attach<Entity>(rows);
}

/// The keys of a statement's rows, as they were loaded: "2" or "1,3".
inline std::string rows_of(const FlushPlan& plan, std::size_t statement) {
    std::string keys;
    for (const auto& row : plan.statements.at(statement).rows)
        keys += (keys.empty() ? "" : ",") + row.instance->mapper().key_text(row.instance->key);
    return keys;
}
inline std::string dump(const FlushPlan& plan, std::size_t statement) {
    return dump(plan.statements.at(statement).parameters);
}
template <class T>
const corm::uow::StatementTexts& texts() {
    return corm::mapping::mapper_of<T>()->template extension<corm::uow::StatementTexts>();
}
using Columns = std::vector<corm::uow::ColumnIndex>;

} // namespace uow_test
