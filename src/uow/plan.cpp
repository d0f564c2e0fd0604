#include "uow/plan.hpp"

#include "uow/moved_rows.hpp"
#include "uow/table_changes.hpp"
#include "uow/table_order.hpp"
#include "uow/unique_order.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace corm::uow {
namespace {

void find_changes(const Instance& instance, std::vector<ColumnIndex>& columns) {
    columns.clear();
    if (!instance.sent())
        return;
    const void* const values = instance.values();
    ColumnIndex index = 0;
    for (const mapping::Column& column : instance.mapper().columns()) {
        if (!column.counted && !column.computed && !column.type->same(column.in(values), instance.sent().at(column)))
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

/// Puts rows, which are in the order of their encoded keys, into that of the server. False for keys of which that order
/// is not known: texts have a collation.
bool sort_as_server(const mapping::Mapper& mapper, Handles& instances) {
    const auto keys = mapper.key_columns();
    if (keys.size() != 1 || !mapper.column(keys.front()).type->integer)
        return false;
    // The first bit is the sign: the negative ones are the last, and come first.
    const auto negative = std::partition_point(instances.begin(), instances.end(), [](Handle instance) {
        return static_cast<signed char>((*instance)->key.view().front()) >= 0;
    });
    std::rotate(instances.begin(), negative, instances.end());
    return true;
}

class Planner {
public:
    explicit Planner(ChangeSet&& changes)
        : is_stage_(changes.is_stage), copies_(changes.copies), guarded_(changes.guarded) {
        std::vector<ColumnIndex> columns;
        for (const Handle instance : changes.modified) {
            find_changes(**instance, columns);
            if (!columns.empty())
                add_update(table((*instance)->mapper()), columns, instance, changes.modified.size());
        }
        for (const auto* const instances : {&changes.added, &changes.linked}) {
            for (const auto& instance : *instances)
                table(instance->mapper()).inserts.push_back(&instance);
        }
        for (const auto* const instances : {&changes.removed, &changes.unlinked}) {
            for (const auto& instance : *instances)
                table(instance->mapper()).deletes.push_back(&instance);
        }
        for (const Handle instance : changes.waiting)
            table((*instance)->mapper()).waiting.push_back(instance);
        for (FlushStatement& statement : changes.cleared) {
            const mapping::Mapper& mapper = *statement.mapper;
            table(mapper).cleared.push_back(std::move(statement));
        }
    }

    [[nodiscard]] FlushPlan run() && {
        std::vector<const mapping::Mapper*> mappers;
        for (const TableChanges& changed : tables_) {
            changed.mapper->require_usable("a flush");
            mappers.push_back(changed.mapper);
        }
        order_ = order_tables(std::move(mappers));
        plan_.statements.reserve(2 * order_.size()); // most tables take a lock and an update, or an insert
        for (const mapping::Mapper* mapper : order_)
            plan_saves(table(*mapper));
        for (auto mapper = order_.rbegin(); mapper != order_.rend() && !is_stage_; ++mapper)
            plan_deletes(table(**mapper));
        ask_ahead(plan_);
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
    // `ahead`: other tables come before the first of them.
    void lock(TableChanges& table, bool ahead) {
        if (std::exchange(table.locked, true))
            return;
        std::sort(table.deletes.begin(), table.deletes.end(), by_key);
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
            keys_written = keys_written || one.writes_unique;
            touched += one.old.size();
        }
        if (touched < 2)
            return;
        if (table.deletes.empty() && table.switches.empty() && table.updates.size() == 1) {
            table.one_by_one =
                touched == 2 && !ahead && !keys_written && sort_as_server(mapper, table.updates.front().instances);
            if (table.one_by_one)
                return;
            table.locked_as_updated = plan_.statements.size();
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

    void plan_update(const TableChanges& table, const Update& update) {
        if (table.one_by_one) {
            for (const Handle instance : update.instances)
                update_as_loaded(*table.mapper, {update.columns, {instance}}, nullptr);
            return;
        }
        const types::Parameters* const keys =
            table.locked_as_updated ? &plan_.statements[*table.locked_as_updated].parameters : nullptr;
        update_as_loaded(*table.mapper, update, keys);
    }

    void update_as_loaded(const mapping::Mapper& mapper, const Update& update, const types::Parameters* keys) {
        const auto guard = old_values(mapper, update.columns, update.instances.size(),
                                      [&update](std::size_t row, const mapping::Column& column) {
                                          return loaded(**update.instances[row], column);
                                      });
        add(update_rows(mapper, update.columns, update.instances, {keys, pointer_to(guard)}));
    }

    /// What a guarded flush expects in the rows that it writes: `value(row, column)`.
    template <class Value>
    [[nodiscard]] std::optional<types::Parameters> old_values(const mapping::Mapper& mapper, Columns columns,
                                                              std::size_t rows, Value value) const {
        if (!guarded_)
            return {};
        const std::vector<ColumnIndex> guarded = guarded_columns(mapper, columns);
        if (guarded.empty())
            return {};
        types::Parameters values;
        for (const ColumnIndex index : guarded) {
            const mapping::Column& column = mapper.column(index);
            add_literals(values, mapper, column, rows, rows > 1, [&](std::size_t row) { return value(row, column); });
        }
        return values;
    }
    [[nodiscard]] static const types::Parameters* pointer_to(const std::optional<types::Parameters>& values) {
        return values ? &*values : nullptr;
    }

    // The pairs of removed objects go first, because early deletes of those objects may follow. They lock their rows
    // themselves, so their place among the locks is that of the table.
    void open(TableChanges& table, bool ahead) {
        lock(table, ahead);
        for (FlushStatement& statement : std::exchange(table.cleared, {}))
            add(std::move(statement));
    }

    void plan_saves(TableChanges& table) {
        if (is_stage_ && table.inserts.empty() && !moves_keys(table))
            return;
        open(table, false);
        table.saved = true; // or under way, see `plan_steps`
        if (const std::vector<RowChange> rows = contested_rows(table); !rows.empty() || frees_for_inserts(table)) {
            const auto steps = order_rows(*table.mapper, rows, table.deletes, table.inserts);
            const bool in_any_order = steps.size() == 1 && steps.front().kind == RowStep::Kind::write;
            if (!steps.empty() && !in_any_order) {
                plan_steps(table, rows, steps);
                insert_all(plan_.statements, *table.mapper, table.inserts, copies_);
                return;
            }
        }
        for (const Update& update : table.updates)
            plan_update(table, update);
        for (const Switch& one : table.switches)
            add(switch_rows(*table.mapper, one.columns, one.old, one.fresh));
        insert_all(plan_.statements, *table.mapper, table.inserts, copies_);
    }

    void plan_deletes(TableChanges& table) {
        if (table.deletes.empty())
            return;
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
            if (!one.writes_unique)
                continue;
            for (std::size_t at = 0; at < one.old.size(); ++at)
                rows.push_back({one.old[at], one.fresh[at], table.updates.size() + i});
        }
        if (rows.size() < 2 && table.deletes.empty())
            rows.clear();
        return rows;
    }

    /// An added object has no value of its key that a deleted row leaves, where that is a row switch.
    [[nodiscard]] static bool frees_for_inserts(const TableChanges& table) {
        return !table.inserts.empty() && !table.deletes.empty() &&
               (table.mapper->unique_sets().size() > 1 || misses_rows(*table.mapper));
    }

    /// The groups that are in nobody's way, and then the steps.
    void plan_steps(TableChanges& table, const std::vector<RowChange>& rows, const std::vector<RowStep>& steps) {
        const mapping::Mapper& mapper = *table.mapper;
        for (const Update& update : table.updates) {
            if (!writes_unique(mapper, update.columns))
                update_as_loaded(mapper, update, nullptr);
        }
        for (const Switch& one : table.switches) {
            if (!one.writes_unique)
                add(switch_rows(mapper, one.columns, one.old, one.fresh));
        }
        MovedRows moved{mapper, rows};
        for (auto step = steps.begin(); step != steps.end(); ++step) {
            switch (step->kind) {
            case RowStep::Kind::remove: plan_early_deletes(table, rows, std::span{step, steps.end()}); break;
            case RowStep::Kind::write: plan_rows(table, rows, step->rows, moved); break;
            case RowStep::Kind::claim:
            case RowStep::Kind::park:
                rearrange(mapper, *step, moved);
                moved.add(*step);
                break;
            }
        }
    }

    /// The deletes of the table and of those that refer to it. `later`: what is not planned yet of the table.
    void plan_early_deletes(TableChanges& table, const std::vector<RowChange>& rows, std::span<const RowStep> later) {
        std::vector<const mapping::Mapper*> emptied = referring_tables(*table.mapper, order_);
        open_up_to_last(*table.mapper, emptied);
        emptied.push_back(table.mapper);
        for (const mapping::Mapper* referring : emptied) {
            std::vector<RowChange> waiting;
            TableChanges& changes = this->table(*referring);
            if (referring == table.mapper) {
                for (const RowStep& step : later) {
                    for (std::size_t i = 0; step.kind == RowStep::Kind::write && i < step.rows.size(); ++i)
                        waiting.push_back(rows[step.rows[i]]);
                }
            } else if (!changes.saved) {
                plan_moves(changes, emptied);
                add_changes(changes, waiting);
            }
            for (const Handle instance : changes.waiting)
                waiting.push_back({instance, nullptr, 0});
            for (const mapping::Mapper* removed : emptied)
                refuse_moving_away(this->table(*removed), *referring, waiting);
        }
        for (const mapping::Mapper* mapper : emptied)
            plan_deletes(this->table(*mapper));
    }

    /// The updates that have to be ahead of the deletes.
    void plan_moves(TableChanges& table, const std::vector<const mapping::Mapper*>& emptied) {
        std::erase_if(table.updates, [&](const Update& update) {
            const bool first = std::any_of(emptied.begin(), emptied.end(), [&](const mapping::Mapper* removed) {
                return moves_first(this->table(*removed), table, update, tables_);
            });
            if (first)
                plan_update(table, update);
            return first;
        });
    }

    static void add_changes(const TableChanges& table, std::vector<RowChange>& rows) {
        for (const Update& update : table.updates) {
            for (const Handle instance : update.instances)
                rows.push_back({instance, instance, 0});
        }
        for (const Switch& one : table.switches) {
            for (std::size_t i = 0; i < one.old.size(); ++i)
                rows.push_back({one.old[i], one.fresh[i], 0});
        }
    }

    /// Tables are locked in their order by every session, whichever of them are deleted from ahead.
    void open_up_to_last(const mapping::Mapper& first, const std::vector<const mapping::Mapper*>& referring) {
        if (referring.empty())
            return;
        const auto last = std::find(order_.begin(), order_.end(), referring.front());
        for (auto mapper = std::find(order_.begin(), order_.end(), &first); mapper < last; ++mapper)
            open(table(**mapper), true);
        open(table(*referring.front()), true);
    }

    /// Rows of one group follow each other and share a statement.
    void plan_rows(const TableChanges& table, const std::vector<RowChange>& rows, std::vector<std::size_t> step,
                   const MovedRows& moved) {
        std::sort(step.begin(), step.end(), [&rows](std::size_t a, std::size_t b) {
            return std::pair{rows[a].group, a} < std::pair{rows[b].group, b};
        });
        for (std::size_t first = 0; first < step.size();) {
            const std::size_t group = rows[step[first]].group;
            const bool is_switch = group >= table.updates.size(); // which writes all but the key
            const std::vector<ColumnIndex> columns = is_switch
                                                         ? table.switches[group - table.updates.size()].columns
                                                         : moved.written(step[first], table.updates[group].columns);
            std::size_t last = first + 1;
            while (last < step.size() && rows[step[last]].group == group &&
                   (is_switch || moved.alike(step[last], step[first]) ||
                    moved.written(step[last], table.updates[group].columns) == columns))
                ++last;
            const auto part = std::span{step}.subspan(first, last - first);
            const auto [old, fresh] = moved.objects(part);
            first = last;
            if (is_switch) {
                add(switch_rows(*table.mapper, columns, old, fresh));
                continue;
            }
            const auto keys = moved.keys(part);
            const auto guard = guard_of(*table.mapper, columns, part, moved);
            add(update_rows(*table.mapper, columns, old, {pointer_to(keys), pointer_to(guard)}));
        }
    }

    [[nodiscard]] std::optional<types::Parameters> guard_of(const mapping::Mapper& mapper, Columns columns,
                                                            MovedRows::Part part, const MovedRows& moved) const {
        return old_values(mapper, columns, part.size(), [&](std::size_t row, const mapping::Column& column) {
            return moved.value(part[row], column);
        });
    }

    void rearrange(const mapping::Mapper& mapper, const RowStep& step, const MovedRows& moved) {
        const bool parks = step.kind == RowStep::Kind::park;
        std::vector<ColumnIndex> columns = step.set->columns;
        if (parks)
            columns = {columns.back()};
        std::sort(columns.begin(), columns.end());
        const auto [old, fresh] = moved.objects(step.rows);
        const auto keys = moved.keys(step.rows);
        const auto guard = guard_of(mapper, columns, step.rows, moved);
        add(rearrange_rows(mapper, columns, old, fresh, parks ? step.set->temporary.get() : nullptr,
                           {pointer_to(keys), pointer_to(guard)}));
    }

    std::vector<TableChanges> tables_;
    std::vector<const mapping::Mapper*> order_;
    FlushPlan plan_;
    bool is_stage_;
    bool copies_;
    bool guarded_;
};

} // namespace

FlushPlan plan_flush(ChangeSet&& changes) {
    return Planner{std::move(changes)}.run();
}

} // namespace corm::uow
