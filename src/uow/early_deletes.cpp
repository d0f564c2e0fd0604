// Rows that are deleted ahead of the saves, because another row takes a unique value of theirs.
#include "uow/table_changes.hpp"

#include <corm/base/error.hpp>

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace corm::uow {
namespace {

/// Calls `use` with the members by which rows of `referring` refer to rows of `target`, until it returns true.
template <class Use>
bool any_foreign_key(const mapping::Mapper& referring, const mapping::Mapper& target, Use use) {
    const auto any = [&](const mapping::Mapper& owner, const mapping::Mapper& other, bool refers_itself) {
        const auto relations = owner.relations();
        return std::any_of(relations.begin(), relations.end(), [&](const mapping::Relation& relation) {
            // A foreign key of several columns is seen by none of them.
            if (relation.kind == mapping::RelationKind::many_to_many || refers(relation.kind) != refers_itself ||
                &relation.target.get() != &other || relation.foreign_key.size() != 1)
                return false;
            const int index = referring.find_member(relation.foreign_key.front());
            return index >= 0 && use(static_cast<ColumnIndex>(index));
        });
    };
    return any(referring, target, true) || any(target, referring, false);
}

/// True if `.references<>()` says that rows of `referring` refer to rows of `target`, which does not tell by what.
bool refers_somehow(const mapping::Mapper& referring, const mapping::Mapper& target) {
    const auto references = referring.references();
    return std::any_of(references.begin(), references.end(),
                       [&target](mapping::TargetMapper other) { return &other.get() == &target; });
}

/// Brings the end of `out`, an encoded integer, to the width of the widest: a foreign key may be of another width than
/// what it refers to.
void widen(const mapping::Column& column, std::size_t start, std::string& out) {
    if (!column.type->integer || out.size() == start)
        return;
    const bool negative = (static_cast<unsigned char>(out[start]) & 0x80) != 0;
    out.insert(start, sizeof(std::int64_t) - (out.size() - start), negative ? '\xff' : '\0');
}

/// A value as it is compared with one that it may refer to.
void append_comparable(const mapping::Column& column, const void* value, std::string& out) {
    const std::size_t start = out.size();
    column.type->encode(value, out);
    widen(column, start, out);
}

using Values = boost::unordered_flat_set<std::string>;

/// The value is there, and one of `values`.
bool contains(const Values& values, const mapping::Column& column, const void* value, std::string& buffer) {
    if (values.empty() || column.type->is_null(value))
        return false;
    buffer.clear();
    append_comparable(column, value, buffer);
    return values.contains(buffer);
}

/// One that moves away from a row of `removed`, and that row; nulls if there is none.
std::pair<const RowChange*, Handle> find_moving_away(const Handles& removed, const mapping::Column& column,
                                                     std::span<const RowChange> waiting) {
    boost::unordered_flat_map<std::string, Handle> gone;
    for (const Handle handle : removed) {
        const mapping::Mapper& mapper = (*handle)->mapper();
        if (mapper.key_columns().size() != 1)
            return {}; // a foreign key of one column refers to none of them
        std::string key{(*handle)->key.view()};
        widen(mapper.column(mapper.key_columns().front()), 0, key);
        gone.emplace(std::move(key), handle);
    }
    std::string buffer;
    for (const RowChange& row : waiting) {
        const void* const before = loaded(**row.old, column);
        const bool stays = row.fresh != nullptr && column.type->same(before, current(**row.fresh, column));
        if (stays || column.type->is_null(before))
            continue;
        buffer.clear();
        append_comparable(column, before, buffer);
        if (const auto found = gone.find(buffer); found != gone.end())
            return {&row, found->second};
    }
    return {};
}

/// The values of a column in the rows that the flush inserts, as far as they are known.
void add_inserted(const TableChanges& target, ColumnIndex index, Values& values) {
    const mapping::Column& column = target.mapper->column(index);
    std::string value;
    for (const Handle handle : target.inserts) {
        const void* const inserted = current(**handle, column);
        if ((column.generated && leaves_key_to_server(**handle)) || column.type->is_null(inserted))
            continue;
        value.clear();
        append_comparable(column, inserted, value);
        values.insert(value);
    }
}

/// True if the flush inserts one of the rows, or moves keys of the table.
bool awaits(const TableChanges& target, const mapping::Column& column, const Handles& instances) {
    if (moves_keys(target))
        return true;
    Values added;
    if (target.mapper->key_columns().size() == 1)
        add_inserted(target, target.mapper->key_columns().front(), added);
    std::string buffer;
    return std::any_of(instances.begin(), instances.end(),
                       [&](Handle handle) { return contains(added, column, current(**handle, column), buffer); });
}

/// The same where the columns of the foreign key are not known: true if the update may refer to what is yet to come.
bool may_await(const TableChanges& target, const mapping::Mapper& referring, const Update& update) {
    if (moves_keys(target))
        return true;
    // A foreign key refers to the primary key or to a unique set. One of several columns has written but some of them.
    Values by_one, by_several;
    for (const mapping::UniqueSet& set : target.mapper->unique_sets())
        add_inserted(target, set.columns.front(), set.columns.size() == 1 ? by_one : by_several);
    std::string buffer;
    return std::any_of(update.instances.begin(), update.instances.end(), [&](Handle handle) {
        const auto has = [&](ColumnIndex index, const Values& values) {
            const mapping::Column& column = referring.column(index);
            return contains(values, column, current(**handle, column), buffer);
        };
        if (std::any_of(update.columns.begin(), update.columns.end(), [&](ColumnIndex i) { return has(i, by_one); }))
            return true;
        for (std::size_t i = 0; !by_several.empty() && i < referring.columns().size(); ++i) {
            if (has(static_cast<ColumnIndex>(i), by_several))
                return true;
        }
        return false;
    });
}

/// True if a row gets a value of a unique set, or of the key; NULL is none.
bool takes_unique(const mapping::Mapper& mapper, const Update& update) {
    return std::any_of(update.columns.begin(), update.columns.end(), [&](ColumnIndex index) {
        const mapping::Column& column = mapper.column(index);
        return column.key || (column.unique &&
                              std::any_of(update.instances.begin(), update.instances.end(), [&column](Handle handle) {
                                  return !column.type->is_null(current(**handle, column));
                              }));
    });
}

} // namespace

bool moves_keys(const TableChanges& table) {
    return std::any_of(table.updates.begin(), table.updates.end(), [&table](const Update& update) {
        return std::any_of(update.columns.begin(), update.columns.end(),
                           [&table](ColumnIndex index) { return table.mapper->column(index).key; });
    });
}

bool moves_first(const TableChanges& removed, const TableChanges& referring, const Update& update,
                 std::span<const TableChanges> tables) {
    if (removed.deletes.empty() || takes_unique(*referring.mapper, update))
        return false;
    std::vector<RowChange> rows;
    for (const Handle instance : update.instances)
        rows.push_back({instance, instance, 0});
    // Where the foreign key is not known, each update may be one that moves away.
    const bool moves =
        refers_somehow(*referring.mapper, *removed.mapper) ||
        any_foreign_key(*referring.mapper, *removed.mapper, [&](ColumnIndex index) {
            return find_moving_away(removed.deletes, referring.mapper->column(index), rows).first != nullptr;
        });
    return moves && std::none_of(tables.begin(), tables.end(), [&](const TableChanges& target) {
               if (refers_somehow(*referring.mapper, *target.mapper) && may_await(target, *referring.mapper, update))
                   return true;
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
                ", and that row has to be deleted ahead, because another row takes a unique value of it or of one that "
                "it refers to; flush the move first");
        return false;
    });
}

} // namespace corm::uow
