// Rows that are deleted ahead of the saves, because another row takes a unique value of theirs.
#include "uow/table_changes.hpp"

#include <corm/base/error.hpp>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace corm::uow {
namespace {

/// Calls `use` with the members by which rows of `referring` refer to rows of `target`, until it returns true.
template <class Use>
bool any_foreign_key(const mapping::Mapper& referring, const mapping::Mapper& target, Use use) {
    using mapping::RelationKind;
    const auto any = [&](const mapping::Mapper& owner, const mapping::Mapper& other, bool to_many) {
        const auto relations = owner.relations();
        return std::any_of(relations.begin(), relations.end(), [&](const mapping::Relation& relation) {
            if ((relation.kind == RelationKind::one_to_many) != to_many || relation.target().get() != &other)
                return false;
            const int index = referring.find_member(relation.foreign_key);
            return index >= 0 && use(static_cast<ColumnIndex>(index));
        });
    };
    return any(referring, target, false) || any(target, referring, true);
}

/// One that moves away from a row of `removed`, and that row; nulls if there is none.
std::pair<const RowChange*, Handle> find_moving_away(const Handles& removed, const mapping::Column& column,
                                                     std::span<const RowChange> waiting) {
    boost::unordered_flat_map<std::string_view, Handle> gone;
    for (const Handle handle : removed)
        gone.emplace((*handle)->key, handle);
    std::string key;
    for (const RowChange& row : waiting) {
        const void* const before = loaded(**row.old, column);
        if (column.type->same(before, current(**row.fresh, column)) || column.type->is_null(before))
            continue;
        key.clear();
        column.type->encode(before, key);
        if (const auto found = gone.find(key); found != gone.end())
            return {&row, found->second};
    }
    return {};
}

/// True if the flush inserts one of the rows, or moves keys of the table.
bool awaits(const TableChanges& target, const mapping::Column& column, const Handles& instances) {
    const bool keys_move = std::any_of(target.updates.begin(), target.updates.end(), [&target](const Update& update) {
        return std::any_of(update.columns.begin(), update.columns.end(),
                           [&target](ColumnIndex index) { return target.mapper->column(index).key; });
    });
    if (keys_move)
        return true;
    boost::unordered_flat_set<std::string> added;
    std::string key;
    for (const Handle handle : target.inserts) {
        if (leaves_key_to_server(**handle) || has_null_key(**handle))
            continue;
        key.clear();
        target.mapper->append_key((*handle)->values(), key);
        added.insert(key);
    }
    return std::any_of(instances.begin(), instances.end(), [&](Handle handle) {
        const void* const after = current(**handle, column);
        if (added.empty() || column.type->is_null(after))
            return false;
        key.clear();
        column.type->encode(after, key);
        return added.contains(key);
    });
}

} // namespace

bool moves_first(const TableChanges& removed, const TableChanges& referring, const Update& update,
                 std::span<const TableChanges> tables) {
    if (removed.deletes.empty() || writes_unique(*referring.mapper, update.columns))
        return false;
    std::vector<RowChange> rows;
    for (const Handle instance : update.instances)
        rows.push_back({instance, instance, 0});
    const bool moves = any_foreign_key(*referring.mapper, *removed.mapper, [&](ColumnIndex index) {
        return find_moving_away(removed.deletes, referring.mapper->column(index), rows).first != nullptr;
    });
    return moves && std::none_of(tables.begin(), tables.end(), [&](const TableChanges& target) {
               return any_foreign_key(*referring.mapper, *target.mapper, [&](ColumnIndex index) {
                   return std::binary_search(update.columns.begin(), update.columns.end(), index) &&
                          awaits(target, referring.mapper->column(index), update.instances);
               });
           });
}

void refuse_moving_away(const TableChanges& removed, const mapping::Mapper& referring,
                        std::span<const RowChange> waiting) {
    if (removed.deletes.empty() || waiting.empty())
        return;
    any_foreign_key(referring, *removed.mapper, [&](ColumnIndex index) {
        const mapping::Column& column = referring.column(index);
        const auto [row, gone] = find_moving_away(removed.deletes, column, waiting);
        if (row != nullptr)
            throw MappingError(
                (*row->old)->describe() + " moves away from " + (*gone)->describe() + " by its " + column.member +
                ", and that row has to be deleted ahead, because another row takes a unique value of it; "
                "flush the move first");
        return false;
    });
}

} // namespace corm::uow
