#include "uow/plan.hpp"

#include "uow/table_order.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <charconv>
#include <map>

namespace corm::uow {
namespace {

using Kind = FlushStatement::Kind;
using Instances = std::vector<std::shared_ptr<Instance>>;

/// The changes of one table.
struct TableChanges {
    std::map<std::vector<ColumnIndex>, Instances> updates; // by the set of columns written
    Instances inserts;
    Instances deletes;
};

const StatementTexts& texts_of(const mapping::Mapper& mapper) {
    return mapper.extension<StatementTexts>();
}

std::vector<ColumnIndex> changed_columns(const Instance& instance) {
    std::vector<ColumnIndex> columns;
    const auto all = instance.mapper().columns();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (instance.is_changed(all[i]))
            columns.push_back(static_cast<ColumnIndex>(i));
    }
    return columns;
}

/// Reads the value of a column for one row of a statement.
using Read = const void* (*)(const FlushRow& row, const mapping::Column& column);

const void* current(const FlushRow& row, const mapping::Column& column) {
    return column.in(row.instance->values());
}
const void* loaded(const FlushRow& row, const mapping::Column& column) {
    const mapping::ValueBlock& sent = row.instance->sent;
    return sent ? sent.at(column) : current(row, column);
}

void add_column(FlushStatement& statement, const mapping::Column& column, bool many, Read read) {
    try {
        if (!many) {
            statement.parameters.add(*column.type, read(statement.rows.front(), column));
            return;
        }
        types::ArrayParameter array{statement.parameters, *column.type, statement.rows.size()};
        for (const FlushRow& row : statement.rows)
            array.add(read(row, column));
        array.finish();
    } catch (const ConversionError& error) {
        throw ConversionError(error, statement.mapper->table(), column.name, error.where());
    }
}

void add_keys(FlushStatement& statement, bool many) {
    for (const ColumnIndex index : statement.mapper->key_columns())
        add_column(statement, statement.mapper->column(index), many, loaded);
}

void add_version(FlushStatement& statement, bool many) {
    if (const int version = statement.mapper->version_column(); version >= 0)
        add_column(statement, statement.mapper->column(static_cast<std::size_t>(version)), many, loaded);
}

FlushStatement start(Kind kind, const mapping::Mapper& mapper, std::span<const std::shared_ptr<Instance>> instances) {
    FlushStatement statement;
    statement.kind = kind;
    statement.mapper = &mapper;
    statement.rows.reserve(instances.size());
    for (const std::shared_ptr<Instance>& instance : instances)
        statement.rows.push_back({instance, {}});
    return statement;
}

void take_copies(FlushStatement& statement) {
    for (FlushRow& row : statement.rows)
        row.sent = mapping::ValueBlock(*statement.mapper, row.instance->values());
}

FlushStatement update(const mapping::Mapper& mapper, const std::vector<ColumnIndex>& columns,
                      std::span<const std::shared_ptr<Instance>> instances) {
    FlushStatement statement = start(Kind::update, mapper, instances);
    const bool many = instances.size() > 1;
    statement.text = texts_of(mapper).update(columns, many);
    take_copies(statement);
    add_keys(statement, many);
    for (const ColumnIndex index : columns)
        add_column(statement, mapper.column(index), many, current);
    add_version(statement, many);
    return statement;
}

FlushStatement remove(const mapping::Mapper& mapper, const Instances& instances) {
    FlushStatement statement = start(Kind::remove, mapper, instances);
    const bool many = instances.size() > 1;
    statement.text = texts_of(mapper).remove(many);
    add_keys(statement, many);
    add_version(statement, many);
    return statement;
}

FlushStatement insert(const mapping::Mapper& mapper, bool generated,
                      std::span<const std::shared_ptr<Instance>> instances) {
    FlushStatement statement = start(Kind::insert, mapper, instances);
    statement.generated_keys = generated;
    const bool many = instances.size() > 1;
    statement.text = texts_of(mapper).insert(generated, many);
    for (FlushRow& row : statement.rows) {
        if (row.instance->watched)
            row.sent = mapping::ValueBlock(mapper, row.instance->values());
    }
    for (std::size_t i = 0; i < mapper.columns().size(); ++i) {
        if (!generated || static_cast<int>(i) != mapper.generated_key())
            add_column(statement, mapper.column(i), many, current);
    }
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

void plan_inserts(std::vector<FlushStatement>& out, const mapping::Mapper& mapper, const Instances& inserts) {
    // Keys come back sorted, which matches them to rows only if they ascend in the order of insertion: a sequence's do.
    const bool ascending =
        mapper.generated_key() >= 0 && mapper.column(static_cast<std::size_t>(mapper.generated_key())).type->integer;
    const bool batch_generated = ascending && mapper.columns().size() > 1;
    for (std::size_t first = 0; first < inserts.size();) {
        const bool generated = leaves_key_to_server(*inserts[first]);
        std::size_t last = first + 1;
        if (!generated || batch_generated) {
            while (last < inserts.size() && leaves_key_to_server(*inserts[last]) == generated)
                ++last;
        }
        out.push_back(insert(mapper, generated, std::span{inserts}.subspan(first, last - first)));
        first = last;
    }
}

/// True if the rows must be written one by one: a batch has no order, and a unique value may have to become free first.
bool writes_unique(const mapping::Mapper& mapper, const std::vector<ColumnIndex>& columns) {
    return std::any_of(columns.begin(), columns.end(), [&mapper](ColumnIndex index) {
        return mapper.column(index).key || mapper.column(index).unique;
    });
}

void sort_by_key(Instances& instances) {
    std::sort(instances.begin(), instances.end(), [](const auto& a, const auto& b) { return a->key < b->key; });
}

void plan_saves(std::vector<FlushStatement>& out, const mapping::Mapper& mapper, TableChanges& changes) {
    std::size_t sets = changes.deletes.empty() ? 0 : 1;
    bool keys_written = !changes.deletes.empty();
    Instances touched = changes.deletes;
    for (auto& [columns, instances] : changes.updates) {
        sort_by_key(instances);
        const bool one_by_one = writes_unique(mapper, columns);
        keys_written = keys_written || one_by_one;
        sets += one_by_one ? instances.size() : 1;
        touched.insert(touched.end(), instances.begin(), instances.end());
    }
    if (sets > 1) {
        sort_by_key(touched);
        FlushStatement lock = start(Kind::lock, mapper, touched);
        lock.text = texts_of(mapper).lock_rows(keys_written);
        add_keys(lock, true);
        out.push_back(std::move(lock));
    }
    for (const auto& [columns, instances] : changes.updates) {
        const std::size_t step = writes_unique(mapper, columns) ? 1 : instances.size();
        for (std::size_t i = 0; i < instances.size(); i += step)
            out.push_back(update(mapper, columns, std::span{instances}.subspan(i, step)));
    }
    plan_inserts(out, mapper, changes.inserts);
}

} // namespace

FlushPlan plan_flush(const ChangeSet& changes) {
    std::vector<const mapping::Mapper*> mappers;
    std::map<const mapping::Mapper*, TableChanges> tables;
    const auto table = [&](const Instance& instance) -> TableChanges& {
        const auto [found, added] = tables.try_emplace(&instance.mapper());
        if (added)
            mappers.push_back(&instance.mapper());
        return found->second;
    };
    for (const auto& instance : changes.modified) {
        if (std::vector<ColumnIndex> columns = changed_columns(*instance); !columns.empty())
            table(*instance).updates[std::move(columns)].push_back(instance);
    }
    for (const auto& instance : changes.added)
        table(*instance).inserts.push_back(instance);
    for (const auto& instance : changes.removed)
        table(*instance).deletes.push_back(instance);

    const std::vector<const mapping::Mapper*> order = order_tables(std::move(mappers));
    FlushPlan plan;
    for (const mapping::Mapper* mapper : order)
        plan_saves(plan.statements, *mapper, tables[mapper]);
    for (auto mapper = order.rbegin(); mapper != order.rend(); ++mapper) {
        Instances& deletes = tables[*mapper].deletes;
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
    constexpr std::string_view stale = "corm stale ";
    const std::size_t at = message.find(stale);
    if (at == std::string_view::npos)
        return nullptr;
    std::vector<std::string> keys;
    const char* next = message.data() + at + stale.size();
    const char* const end = message.data() + message.size();
    std::size_t ordinal = 0;
    for (auto parsed = std::from_chars(next, end, ordinal); parsed.ec == std::errc{};
         parsed = std::from_chars(next, end, ordinal)) {
        if (ordinal >= 1 && ordinal <= statement.rows.size())
            keys.push_back(statement.mapper->key_text(statement.rows[ordinal - 1].instance->key));
        next = parsed.ptr + (parsed.ptr != end && *parsed.ptr == ',' ? 1 : 0);
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
