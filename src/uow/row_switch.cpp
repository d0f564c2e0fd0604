#include "uow/table_changes.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <string>

namespace corm::uow {
namespace {

void add_switch(TableChanges& table, Handle old, Handle fresh, std::vector<ColumnIndex>& columns) {
    const mapping::Mapper& mapper = *table.mapper;
    mapper.find_inserted((*fresh)->given(), false, columns);
    std::erase_if(columns, [&mapper](ColumnIndex i) { return mapper.column(i).key || mapper.column(i).counted; });
    // A table of nothing but its key has nothing else that could be set.
    if (columns.empty()) {
        columns.assign(mapper.key_columns().begin(), mapper.key_columns().end());
        std::sort(columns.begin(), columns.end());
    }
    const auto known = std::find_if(table.switches.begin(), table.switches.end(),
                                    [&columns](const Switch& one) { return one.columns == columns; });
    if (known != table.switches.end()) {
        known->old.push_back(old);
        known->fresh.push_back(fresh);
        return;
    }
    Switch& added = table.switches.emplace_back(Switch{columns, writes_unique(mapper, columns), {old}, {fresh}});
    for (const ColumnIndex left : returned_by_switch(mapper, columns))
        added.writes_unique = added.writes_unique || (mapper.column(left).unique && !mapper.column(left).computed);
}

} // namespace

bool writes_unique(const mapping::Mapper& mapper, Columns columns) {
    return std::any_of(columns.begin(), columns.end(), [&mapper](ColumnIndex index) {
        return mapper.column(index).key || mapper.column(index).unique;
    });
}

bool misses_rows(const mapping::Mapper& mapper) {
    return !mapper.confirms_rows() && mapper.version_column() < 0;
}

void find_switches(TableChanges& table) {
    if (table.inserts.empty() || table.deletes.empty() || misses_rows(*table.mapper))
        return;
    boost::unordered_flat_map<std::string_view, Handle> removed;
    for (const Handle handle : table.deletes)
        removed.emplace((*handle)->key, handle);
    boost::unordered_flat_map<Handle, Handle> successors;
    std::string key;
    std::erase_if(table.inserts, [&](Handle handle) {
        if (leaves_key_to_server(**handle) || has_null_key(**handle))
            return false;
        key.clear();
        table.mapper->append_key((*handle)->values(), key);
        const auto found = removed.find(key);
        return found != removed.end() && successors.emplace(found->second, handle).second;
    });
    std::vector<ColumnIndex> columns;
    std::erase_if(table.deletes, [&](Handle handle) {
        const auto successor = successors.find(handle);
        if (successor == successors.end())
            return false;
        add_switch(table, handle, successor->second, columns);
        return true;
    });
}

} // namespace corm::uow
