#include "uow/plan.hpp"

#include "uow/table_order.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <charconv>

namespace corm::uow {
namespace {

using Kind = FlushStatement::Kind;
/// Handles are counted atomically, so planning points to those of the change set.
using Handle = const std::shared_ptr<Instance>*;
using Handles = std::vector<Handle>;

/// Objects whose changes are in the same columns.
struct Update {
    std::vector<ColumnIndex> columns;
    Handles instances;
};

/// The changes of one table.
struct TableChanges {
    const mapping::Mapper* mapper;
    std::vector<Update> updates;
    Handles inserts;
    Handles deletes;
};

const StatementTexts& texts_of(const mapping::Mapper& mapper) {
    return mapper.extension<StatementTexts>();
}

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

/// Where a statement reads the value of a column.
using Read = const void* (*)(const Instance& instance, const mapping::Column& column);

const void* current(const Instance& instance, const mapping::Column& column) {
    return column.in(instance.values());
}
const void* loaded(const Instance& instance, const mapping::Column& column) {
    return instance.sent ? instance.sent.at(column) : current(instance, column);
}

void add_column(FlushStatement& statement, std::span<const Handle> instances, const mapping::Column& column, bool many,
                Read read) {
    try {
        if (!many) {
            statement.parameters.add(*column.type, read(**instances.front(), column));
            return;
        }
        types::ArrayParameter array{statement.parameters, *column.type, instances.size()};
        for (const Handle instance : instances)
            array.add(read(**instance, column));
        array.finish();
    } catch (const ConversionError& error) {
        throw ConversionError(error, statement.mapper->table(), column.name, error.where());
    }
}

void add_keys(FlushStatement& statement, std::span<const Handle> instances, bool many) {
    for (const ColumnIndex index : statement.mapper->key_columns())
        add_column(statement, instances, statement.mapper->column(index), many, loaded);
}

void add_version(FlushStatement& statement, std::span<const Handle> instances, bool many) {
    if (const int version = statement.mapper->version_column(); version >= 0)
        add_column(statement, instances, statement.mapper->column(static_cast<std::size_t>(version)), many, loaded);
}

FlushStatement start(Kind kind, const mapping::Mapper& mapper, std::span<const Handle> instances) {
    FlushStatement statement;
    statement.kind = kind;
    statement.mapper = &mapper;
    statement.rows.reserve(instances.size());
    for (const Handle instance : instances)
        statement.rows.push_back({*instance, {}});
    return statement;
}

void add_written(FlushStatement& statement, std::span<const Handle> instances, const mapping::Column& column,
                 bool many) {
    ColumnCopies& copies = statement.sent.emplace_back(column, instances.size());
    for (const Handle instance : instances)
        copies.add(current(**instance, column));
    add_column(statement, instances, column, many, current);
}

FlushStatement lock_all(const mapping::Mapper& mapper, bool keys_written, std::span<const Handle> instances) {
    FlushStatement statement = start(Kind::lock, mapper, {});
    statement.text = texts_of(mapper).lock_rows(keys_written);
    add_keys(statement, instances, true);
    return statement;
}

/// `locked` has locked these very rows, in their order, and encoded their keys for it; null where none did.
FlushStatement update(const mapping::Mapper& mapper, const std::vector<ColumnIndex>& columns,
                      std::span<const Handle> instances, const FlushStatement* locked) {
    FlushStatement statement = start(Kind::update, mapper, instances);
    const bool many = instances.size() > 1;
    statement.text = texts_of(mapper).update(columns, many);
    const std::size_t arrays = mapper.key_columns().size() + columns.size() + 1;
    statement.parameters.reserve(arrays, many ? arrays * types::ArrayParameter::usual_size(instances.size()) : 0);
    if (locked != nullptr)
        statement.parameters = locked->parameters;
    else
        add_keys(statement, instances, many);
    statement.returned.assign(mapper.returned_by_update().begin(), mapper.returned_by_update().end());
    statement.sent.reserve(columns.size());
    for (const ColumnIndex index : columns)
        add_written(statement, instances, mapper.column(index), many);
    add_version(statement, instances, many);
    return statement;
}

FlushStatement remove(const mapping::Mapper& mapper, const Handles& instances) {
    FlushStatement statement = start(Kind::remove, mapper, instances);
    const bool many = instances.size() > 1;
    statement.text = texts_of(mapper).remove(many);
    add_keys(statement, instances, many);
    add_version(statement, instances, many);
    return statement;
}

FlushStatement insert(const mapping::Mapper& mapper, bool generated, const std::vector<ColumnIndex>& columns,
                      std::span<const Handle> instances) {
    FlushStatement statement = start(Kind::insert, mapper, instances);
    statement.generated_keys = generated;
    const bool many = instances.size() > 1;
    statement.text = texts_of(mapper).insert(columns, many);
    statement.returned = others(mapper, columns);
    statement.matched_by_key = many && !generated && !statement.returned.empty();
    for (FlushRow& row : statement.rows) {
        if (row.instance->watched)
            row.sent = mapping::ValueBlock(mapper, row.instance->values());
    }
    for (const ColumnIndex index : columns)
        add_column(statement, instances, mapper.column(index), many, current);
    return statement;
}

bool leaves_key_to_server(const Instance& instance) {
    const int index = instance.mapper().generated_key();
    if (index < 0)
        return false;
    const mapping::Column& key = instance.mapper().column(static_cast<std::size_t>(index));
    const void* value = key.in(instance.values());
    if (key.type->is_null(value))
        return true;
    // The default-constructed integer and UUID are all zero bytes on the wire.
    std::string bytes;
    key.type->encode(value, bytes);
    return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

void plan_inserts(std::vector<FlushStatement>& out, const mapping::Mapper& mapper, const Handles& inserts) {
    // Keys come back sorted, which matches them to rows only if they ascend in the order of insertion: a sequence's do.
    const bool ascending =
        mapper.generated_key() >= 0 && mapper.column(static_cast<std::size_t>(mapper.generated_key())).type->integer;
    std::vector<ColumnIndex> columns;
    for (std::size_t first = 0; first < inserts.size();) {
        const bool generated = leaves_key_to_server(**inserts[first]);
        const std::uint64_t given = (*inserts[first])->given;
        columns.clear();
        for (std::size_t i = 0; i < mapper.columns().size(); ++i) {
            const bool left_key = generated && static_cast<int>(i) == mapper.generated_key();
            if (!left_key && mapper.column(i).inserted(given))
                columns.push_back(static_cast<ColumnIndex>(i));
        }
        std::size_t last = first + 1;
        if (!generated || (ascending && !columns.empty())) {
            while (last < inserts.size() && (*inserts[last])->given == given &&
                   leaves_key_to_server(**inserts[last]) == generated)
                ++last;
        }
        out.push_back(insert(mapper, generated, columns, std::span{inserts}.subspan(first, last - first)));
        first = last;
    }
}

/// True if the rows must be written one by one: a batch has no order, and a unique value may have to become free first.
bool writes_unique(const mapping::Mapper& mapper, const std::vector<ColumnIndex>& columns) {
    return std::any_of(columns.begin(), columns.end(), [&mapper](ColumnIndex index) {
        return mapper.column(index).key || mapper.column(index).unique;
    });
}

void sort_by_key(Handles& instances) {
    std::sort(instances.begin(), instances.end(), [](Handle a, Handle b) { return (*a)->key < (*b)->key; });
}

void plan_saves(std::vector<FlushStatement>& out, const mapping::Mapper& mapper, TableChanges& changes) {
    // In the order of their columns, whatever was edited first.
    std::sort(changes.updates.begin(), changes.updates.end(),
              [](const Update& a, const Update& b) { return a.columns < b.columns; });
    bool keys_written = !changes.deletes.empty();
    std::size_t rows = changes.deletes.size();
    for (Update& update : changes.updates) {
        sort_by_key(update.instances);
        keys_written = keys_written || writes_unique(mapper, update.columns);
        rows += update.instances.size();
    }
    if (changes.deletes.empty() && changes.updates.size() == 1) {
        if (rows > 1)
            out.push_back(lock_all(mapper, keys_written, changes.updates.front().instances));
    } else if (rows > 1) {
        Handles touched = changes.deletes;
        for (const Update& update : changes.updates)
            touched.insert(touched.end(), update.instances.begin(), update.instances.end());
        sort_by_key(touched);
        out.push_back(lock_all(mapper, keys_written, touched));
    }
    for (const auto& [columns, instances] : changes.updates) {
        const std::size_t step = writes_unique(mapper, columns) ? 1 : instances.size();
        const bool all_at_once = rows > 1 && step == rows;
        for (std::size_t i = 0; i < instances.size(); i += step)
            out.push_back(
                update(mapper, columns, std::span{instances}.subspan(i, step), all_at_once ? &out.back() : nullptr));
    }
    plan_inserts(out, mapper, changes.inserts);
}

} // namespace

FlushPlan plan_flush(const ChangeSet& changes) {
    // A flush touches a few tables, and objects of one mostly come together.
    std::vector<TableChanges> tables;
    const auto changes_of = [&](const mapping::Mapper* mapper) -> TableChanges& {
        const auto known = std::find_if(tables.rbegin(), tables.rend(),
                                        [mapper](const TableChanges& table) { return table.mapper == mapper; });
        return known != tables.rend() ? *known : tables.emplace_back(TableChanges{mapper, {}, {}, {}});
    };
    const auto table = [&](const Instance& instance) -> TableChanges& { return changes_of(&instance.mapper()); };
    std::vector<ColumnIndex> columns;
    for (const Handle instance : changes.modified) {
        find_changes(**instance, columns);
        if (!columns.empty())
            add_update(table(**instance), columns, instance, changes.modified.size());
    }
    for (const auto& instance : changes.added)
        table(*instance).inserts.push_back(&instance);
    for (const auto& instance : changes.removed)
        table(*instance).deletes.push_back(&instance);

    FlushPlan plan;
    if (tables.empty())
        return plan;
    std::vector<const mapping::Mapper*> mappers;
    for (const TableChanges& changed : tables)
        mappers.push_back(changed.mapper);
    const std::vector<const mapping::Mapper*> order = order_tables(std::move(mappers));
    for (const mapping::Mapper* mapper : order)
        plan_saves(plan.statements, *mapper, changes_of(mapper));
    for (auto mapper = order.rbegin(); mapper != order.rend(); ++mapper) {
        Handles& deletes = changes_of(*mapper).deletes;
        if (deletes.empty())
            continue;
        sort_by_key(deletes);
        plan.statements.push_back(remove(**mapper, deletes));
    }
    return plan;
}

std::exception_ptr stale_rows(const FlushStatement& statement, std::string_view message, std::source_location where) {
    const std::string& entity = statement.mapper->entity();
    // The marker is data that the server quotes, so it is the same in every language of its messages.
    constexpr std::string_view missing = "corm missing ";
    if (message.find(missing) != std::string_view::npos)
        return std::make_exception_ptr(StaleDataError(
            entity + ": fewer rows were inserted than were added; a trigger or rule of the table keeps rows out",
            entity, {}, where));
    constexpr std::string_view found = "corm found ";
    const std::size_t at = message.find(found);
    if (at == std::string_view::npos)
        return nullptr;
    std::vector<bool> hit(statement.rows.size());
    const char* next = message.data() + at + found.size();
    const char* const end = message.data() + message.size();
    std::size_t ordinal = 0;
    for (auto parsed = std::from_chars(next, end, ordinal); parsed.ec == std::errc{};
         parsed = std::from_chars(next, end, ordinal)) {
        if (ordinal >= 1 && ordinal <= hit.size())
            hit[ordinal - 1] = true;
        next = parsed.ptr + (parsed.ptr != end && *parsed.ptr == ',' ? 1 : 0);
    }
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < hit.size(); ++i) {
        if (!hit[i])
            keys.push_back(statement.mapper->key_text(statement.rows[i].instance->key));
    }
    if (keys.empty())
        return std::make_exception_ptr(StaleDataError(
            entity + ": more rows were hit than objects were flushed; map columns as primary key that are unique",
            entity, {}, where));
    std::string list;
    for (const std::string& key : keys)
        list += (list.empty() ? "" : ", ") + key;
    return std::make_exception_ptr(StaleDataError(
        entity + " with key " + list + " was changed or deleted by another transaction since it was loaded; " +
            "roll back, read it again and repeat the change",
        entity, std::move(keys), where));
}

} // namespace corm::uow
