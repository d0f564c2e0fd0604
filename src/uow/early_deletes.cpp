// Rows that are deleted ahead of the saves, because another row takes a unique value of theirs.
#include "uow/table_changes.hpp"

#include <corm/base/error.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <string>

namespace corm::uow {
namespace {

/// Null if the key is NULL.
bool encode(const mapping::Column& column, const void* value, std::string& out) {
    out.clear();
    if (column.type->is_null(value))
        return false;
    column.type->encode(value, out);
    return true;
}

void refuse_by_key(const TableChanges& removed, const mapping::Mapper& referring, const std::string& member,
                   std::span<const RowChange> waiting) {
    const int index = referring.find_member(member);
    if (index < 0)
        return;
    const mapping::Column& column = referring.column(static_cast<std::size_t>(index));
    boost::unordered_flat_map<std::string_view, Handle> gone;
    for (const Handle handle : removed.deletes)
        gone.emplace((*handle)->key, handle);
    std::string key;
    for (const auto& [old, fresh, group] : waiting) {
        const void* const before = loaded(**old, column);
        if (column.type->same(before, current(**fresh, column)) || !encode(column, before, key))
            continue;
        const auto found = gone.find(key);
        if (found == gone.end())
            continue;
        throw MappingError((*old)->describe() + " moves away from " + (*found->second)->describe() + " by its " +
                           member +
                           ", and that row has to be deleted ahead, because another row takes a unique value "
                           "of it; flush the move first");
    }
}

} // namespace

void refuse_moving_away(const TableChanges& removed, const mapping::Mapper& referring,
                        std::span<const RowChange> waiting) {
    if (removed.deletes.empty() || waiting.empty())
        return;
    using mapping::RelationKind;
    for (const mapping::Relation& relation : referring.relations()) {
        if (relation.kind != RelationKind::one_to_many && relation.target().get() == removed.mapper)
            refuse_by_key(removed, referring, relation.foreign_key, waiting);
    }
    for (const mapping::Relation& relation : removed.mapper->relations()) {
        if (relation.kind == RelationKind::one_to_many && relation.target().get() == &referring)
            refuse_by_key(removed, referring, relation.foreign_key, waiting);
    }
}

} // namespace corm::uow
