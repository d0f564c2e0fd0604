#include "uow/plan.hpp"

#include "uow/flush_statements.hpp"
#include "uow/table_order.hpp"
#include "uow/unique_order.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace corm::uow {
namespace {

/// Objects whose changes are in the same columns.
struct Update {
    std::vector<ColumnIndex> columns;
    Handles instances;
};

/// Objects that are removed, each with the one that is added under its key.
struct Switch {
    std::vector<ColumnIndex> columns;
    Handles old{};
    Handles fresh{};
};

/// The changes of one table.
struct TableChanges {
    explicit TableChanges(const mapping::Mapper& of) : mapper(&of) {}

    const mapping::Mapper* mapper;
    std::vector<Update> updates;
    Handles inserts;
    Handles deletes;
    std::vector<Switch> switches;
    bool locked = false;
    bool locked_as_updated = false; ///< the lock has the keys of the one update, in its order
};

void find_changes(const Instance& instance, std::vector<ColumnIndex>& columns) {
    columns.clear();
    if (!instance.sent)
        return;
    const void* const values = instance.values();
    ColumnIndex index = 0;
    for (const mapping::Column& column : instance.mapper().columns()) {
        if (!column.version && !column.computed && !column.type->same(column.in(values), instance.sent.at(column)))
            columns.push_back(index);
        ++index;
    }
}

void add_update(TableChanges& table, const std::vector<ColumnIndex>& columns, Handle instance, std::size_t expected) {
    auto found = std::find_if(table.updates.rbegin(), table.updates.rend(),
                              [&columns](const Update& update) { return update.columns == columns; });
    Update& update = found != table.updates.rend() ? *found : table.updates.emplace_back(Update{columns, {}});
    if (table.updates.size() == 1 && update.instances.empty())
        update.instances.reserve(expected); // most flushes write the same columns of every object
    update.instances.push_back(instance);
}

void find_inserted(const mapping::Mapper& mapper, std::uint64_t given, bool generated,
                   std::vector<ColumnIndex>& columns) {
    columns.clear();
    for (std::size_t i = 0; i < mapper.columns().size(); ++i) {
        const bool left_key = generated && static_cast<int>(i) == mapper.generated_key();
        if (!left_key && mapper.column(i).inserted(given))
            columns.push_back(static_cast<ColumnIndex>(i));
    }
}

void plan_inserts(std::vector<FlushStatement>& out, const mapping::Mapper& mapper, const Handles& inserts) {
    // Keys come back sorted, which matches them to rows only if they ascend in the order of insertion: a sequence's do.
    const bool ascending =
        mapper.generated_key() >= 0 && mapper.column(static_cast<std::size_t>(mapper.generated_key())).type->integer;
    std::vector<ColumnIndex> columns;
    for (std::size_t first = 0; first < inserts.size();) {
        const bool generated = leaves_key_to_server(**inserts[first]);
        const std::uint64_t given = (*inserts[first])->given;
        find_inserted(mapper, given, generated, columns);
        std::size_t last = first + 1;
        if (!generated || (ascending && !columns.empty())) {
            while (last < inserts.size() && (*inserts[last])->given == given &&
                   leaves_key_to_server(**inserts[last]) == generated)
                ++last;
        }
        out.push_back(insert_rows(mapper, generated, columns, std::span{inserts}.subspan(first, last - first)));
        first = last;
    }
}

bool writes_unique(const mapping::Mapper& mapper, const std::vector<ColumnIndex>& columns) {
    return std::any_of(columns.begin(), columns.end(), [&mapper](ColumnIndex index) {
        return mapper.column(index).key || mapper.column(index).unique;
    });
}

constexpr auto by_key = [](Handle a, Handle b) { return (*a)->key < (*b)->key; };

bool has_null_key(const Instance& instance) {
    const auto keys = instance.mapper().key_columns();
    return std::any_of(keys.begin(), keys.end(), [&instance](ColumnIndex index) {
        const mapping::Column& column = instance.mapper().column(index);
        return column.type->is_null(current(instance, column));
    });
}

void add_switch(TableChanges& table, Handle old, Handle fresh, std::vector<ColumnIndex>& columns) {
    const mapping::Mapper& mapper = *table.mapper;
    find_inserted(mapper, (*fresh)->given, false, columns);
    std::erase_if(columns, [&mapper](ColumnIndex i) { return mapper.column(i).key || mapper.column(i).version; });
    // A table of nothing but its key has nothing else that could be set.
    if (columns.empty()) {
        columns.assign(mapper.key_columns().begin(), mapper.key_columns().end());
        std::sort(columns.begin(), columns.end());
    }
    const auto known = std::find_if(table.switches.begin(), table.switches.end(),
                                    [&columns](const Switch& one) { return one.columns == columns; });
    Switch& same = known != table.switches.end() ? *known : table.switches.emplace_back(Switch{columns});
    same.old.push_back(old);
    same.fresh.push_back(fresh);
}

/// Objects that are added under the key of one that is removed.
void find_switches(TableChanges& table) {
    if (table.inserts.empty() || table.deletes.empty())
        return;
    boost::unordered_flat_map<std::string_view, Handle> removed;
    std::sort(table.deletes.begin(), table.deletes.end(), by_key);
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

class Planner {
public:
    explicit Planner(const ChangeSet& changes) {
        std::vector<ColumnIndex> columns;
        for (const Handle instance : changes.modified) {
            find_changes(**instance, columns);
            if (!columns.empty())
                add_update(table((*instance)->mapper()), columns, instance, changes.modified.size());
        }
        for (const auto& instance : changes.added)
            table(instance->mapper()).inserts.push_back(&instance);
        for (const auto& instance : changes.removed)
            table(instance->mapper()).deletes.push_back(&instance);
    }

    [[nodiscard]] FlushPlan run() && {
        std::vector<const mapping::Mapper*> mappers;
        for (const TableChanges& changed : tables_)
            mappers.push_back(changed.mapper);
        order_ = order_tables(std::move(mappers));
        for (const mapping::Mapper* mapper : order_)
            plan_saves(table(*mapper));
        for (auto mapper = order_.rbegin(); mapper != order_.rend(); ++mapper)
            plan_deletes(table(**mapper));
        return std::move(plan_);
    }

private:
    // A flush touches a few tables, and objects of one mostly come together.
    [[nodiscard]] TableChanges& table(const mapping::Mapper& mapper) {
        const auto known = std::find_if(tables_.rbegin(), tables_.rend(),
                                        [&mapper](const TableChanges& changes) { return changes.mapper == &mapper; });
        return known != tables_.rend() ? *known : tables_.emplace_back(mapper);
    }

    void add(FlushStatement&& statement) { plan_.statements.push_back(std::move(statement)); }

    // The statements of a table may come in two parts, the second behind those of other tables: one lock for all.
    void lock(TableChanges& table) {
        if (std::exchange(table.locked, true))
            return;
        find_switches(table);
        const mapping::Mapper& mapper = *table.mapper;
        // In the order of their columns, whatever was edited first.
        std::sort(table.updates.begin(), table.updates.end(),
                  [](const Update& a, const Update& b) { return a.columns < b.columns; });
        bool keys_written = !table.deletes.empty();
        std::size_t touched = table.deletes.size();
        for (Update& update : table.updates) {
            std::sort(update.instances.begin(), update.instances.end(), by_key);
            keys_written = keys_written || writes_unique(mapper, update.columns);
            touched += update.instances.size();
        }
        for (const Switch& one : table.switches) {
            keys_written = keys_written || writes_unique(mapper, one.columns);
            touched += one.old.size();
        }
        if (touched < 2)
            return;
        if (table.deletes.empty() && table.switches.empty() && table.updates.size() == 1) {
            table.locked_as_updated = true;
            add(lock_rows(mapper, keys_written, table.updates.front().instances));
            return;
        }
        Handles all = table.deletes;
        for (const Update& update : table.updates)
            all.insert(all.end(), update.instances.begin(), update.instances.end());
        for (const Switch& one : table.switches)
            all.insert(all.end(), one.old.begin(), one.old.end());
        std::sort(all.begin(), all.end(), by_key);
        add(lock_rows(mapper, keys_written, all));
    }

    void plan_saves(TableChanges& table) {
        lock(table);
        if (const std::vector<RowChange> rows = contested_rows(table); !rows.empty() || frees_for_inserts(table)) {
            const auto steps = order_rows(*table.mapper, rows, table.deletes, table.inserts);
            const bool in_any_order = steps.size() == 1 && steps.front().kind == RowStep::Kind::write;
            if (!steps.empty() && !in_any_order) {
                plan_steps(table, rows, steps);
                plan_inserts(plan_.statements, *table.mapper, table.inserts);
                return;
            }
        }
        for (const Update& update : table.updates) {
            add(update_rows(*table.mapper, update.columns, update.instances,
                            table.locked_as_updated ? &plan_.statements.back().parameters : nullptr));
        }
        for (const Switch& one : table.switches)
            add(switch_rows(*table.mapper, one.columns, one.old, one.fresh));
        plan_inserts(plan_.statements, *table.mapper, table.inserts);
    }

    void plan_deletes(TableChanges& table) {
        if (table.deletes.empty())
            return;
        std::sort(table.deletes.begin(), table.deletes.end(), by_key);
        add(remove_rows(*table.mapper, table.deletes));
        table.deletes.clear();
    }

    /// Rows that take or leave a unique value; groups are numbered through updates, then switches. None if a single one
    /// cannot meet another.
    [[nodiscard]] static std::vector<RowChange> contested_rows(const TableChanges& table) {
        std::vector<RowChange> rows;
        for (std::size_t group = 0; group < table.updates.size(); ++group) {
            const Update& update = table.updates[group];
            if (!writes_unique(*table.mapper, update.columns))
                continue;
            for (const Handle instance : update.instances)
                rows.push_back({instance, instance, group});
        }
        for (std::size_t i = 0; i < table.switches.size(); ++i) {
            const Switch& one = table.switches[i];
            if (!writes_unique(*table.mapper, one.columns))
                continue;
            for (std::size_t at = 0; at < one.old.size(); ++at)
                rows.push_back({one.old[at], one.fresh[at], table.updates.size() + i});
        }
        if (rows.size() < 2 && table.deletes.empty())
            rows.clear();
        return rows;
    }

    /// An added object has no value of its key that a deleted row leaves: that is a row switch.
    [[nodiscard]] static bool frees_for_inserts(const TableChanges& table) {
        return !table.inserts.empty() && !table.deletes.empty() && table.mapper->unique_sets().size() > 1;
    }

    /// The groups that are in nobody's way, and then the steps.
    void plan_steps(TableChanges& table, const std::vector<RowChange>& rows, const std::vector<RowStep>& steps) {
        const mapping::Mapper& mapper = *table.mapper;
        for (const Update& update : table.updates) {
            if (!writes_unique(mapper, update.columns))
                add(update_rows(mapper, update.columns, update.instances, nullptr));
        }
        for (const Switch& one : table.switches) {
            if (!writes_unique(mapper, one.columns))
                add(switch_rows(mapper, one.columns, one.old, one.fresh));
        }
        std::vector<const RowStep*> moved(rows.size()); // by which step a row left its key
        for (const RowStep& step : steps) {
            switch (step.kind) {
            case RowStep::Kind::remove:
                for (const mapping::Mapper* referring : referring_tables(mapper, order_)) {
                    TableChanges& other = this->table(*referring);
                    if (!other.deletes.empty())
                        lock(other);
                    plan_deletes(other);
                }
                plan_deletes(table);
                break;
            case RowStep::Kind::write: plan_rows(table, rows, step.rows, moved); break;
            case RowStep::Kind::claim:
            case RowStep::Kind::park:
                rearrange(mapper, rows, step, moved);
                for (const std::size_t row : step.rows)
                    moved[row] = step.set->key ? &step : moved[row];
                break;
            }
        }
    }

    using Moved = std::vector<const RowStep*>;

    /// Rows of one group follow each other and share a statement.
    void plan_rows(const TableChanges& table, const std::vector<RowChange>& rows, std::vector<std::size_t> step,
                   const Moved& moved) {
        std::sort(step.begin(), step.end(), [&rows](std::size_t a, std::size_t b) {
            return std::pair{rows[a].group, a} < std::pair{rows[b].group, b};
        });
        for (std::size_t first = 0; first < step.size();) {
            const std::size_t group = rows[step[first]].group;
            std::size_t last = first + 1;
            while (last < step.size() && rows[step[last]].group == group)
                ++last;
            const auto part = std::span{step}.subspan(first, last - first);
            const auto [old, fresh] = handles(rows, part);
            first = last;
            if (group >= table.updates.size()) {
                add(switch_rows(*table.mapper, table.switches[group - table.updates.size()].columns, old, fresh));
                continue;
            }
            const std::optional<types::Parameters> keys = moved_keys(*table.mapper, rows, part, moved);
            add(update_rows(*table.mapper, table.updates[group].columns, old, keys ? &*keys : nullptr));
        }
    }

    void rearrange(const mapping::Mapper& mapper, const std::vector<RowChange>& rows, const RowStep& step,
                   const Moved& moved) {
        const auto [old, fresh] = handles(rows, step.rows);
        const std::optional<types::Parameters> keys = moved_keys(mapper, rows, step.rows, moved);
        if (step.kind == RowStep::Kind::park) {
            const ColumnIndex last[] = {step.set->columns.back()};
            add(rearrange_rows(mapper, last, old, fresh, step.set->temporary.get(), keys ? &*keys : nullptr));
            return;
        }
        std::vector<ColumnIndex> columns = step.set->columns;
        std::sort(columns.begin(), columns.end());
        add(rearrange_rows(mapper, columns, old, fresh, nullptr, keys ? &*keys : nullptr));
    }

    [[nodiscard]] static std::pair<Handles, Handles> handles(const std::vector<RowChange>& rows,
                                                             std::span<const std::size_t> part) {
        std::pair<Handles, Handles> found;
        for (const std::size_t row : part) {
            found.first.push_back(rows[row].old);
            found.second.push_back(rows[row].fresh);
        }
        return found;
    }

    /// The keys under which the rows are, if some have left those that were loaded.
    [[nodiscard]] static std::optional<types::Parameters> moved_keys(const mapping::Mapper& mapper,
                                                                     const std::vector<RowChange>& rows,
                                                                     std::span<const std::size_t> part,
                                                                     const Moved& moved) {
        if (std::none_of(part.begin(), part.end(), [&moved](std::size_t row) { return moved[row] != nullptr; }))
            return {};
        types::Parameters keys;
        for (const ColumnIndex index : mapper.key_columns()) {
            const mapping::Column& column = mapper.column(index);
            add_column(keys, mapper, column, part.size(), part.size() > 1, [&](std::size_t i) {
                const Instance& instance = **rows[part[i]].old;
                const RowStep* const step = moved[part[i]];
                if (step == nullptr)
                    return loaded(instance, column);
                if (step->kind == RowStep::Kind::claim)
                    return current(instance, column);
                return index == step->set->columns.back() ? step->set->temporary.get() : loaded(instance, column);
            });
        }
        return keys;
    }

    std::vector<TableChanges> tables_;
    std::vector<const mapping::Mapper*> order_;
    FlushPlan plan_;
};

} // namespace

FlushPlan plan_flush(const ChangeSet& changes) {
    return Planner{changes}.run();
}

} // namespace corm::uow
