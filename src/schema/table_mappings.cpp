#include "schema/table_mappings.hpp"

#include "schema/column_sets.hpp"

#include "schema/qualified_text.hpp"
#include "schema/record_types.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

namespace corm::schema {
namespace {

constexpr std::size_t server_defaults = 64; // that a mapping can have

/// What a table is mapped by.
using Key = std::vector<std::string>;

bool contains(const Key& columns, const std::string& name) {
    return std::find(columns.begin(), columns.end(), name) != columns.end();
}

std::optional<Key> key_of(const Table& table) {
    if (table.primary_key)
        return table.primary_key->columns;
    const auto not_null = [&table](const std::string& name) {
        const Column* const column = table.find_column(name);
        return column != nullptr && column->not_null;
    };
    for (const KeyConstraint& unique : table.unique) {
        if (std::all_of(unique.columns.begin(), unique.columns.end(), not_null))
            return unique.columns;
    }
    return std::nullopt;
}

/// The server gives it a value.
bool is_given(const Column& column) {
    return column.identity || !column.default_.empty();
}

/// The sequence of a default that is `nextval` of one, unless the column owns it.
std::optional<QualifiedName> sequence_of(const Database& database, const Table& table, const Column& column) {
    constexpr std::string_view head = "nextval('";
    constexpr std::string_view tail = "'::regclass)";
    std::string_view text = column.default_;
    if (!text.starts_with(head) || !text.ends_with(tail) || text.size() < head.size() + tail.size())
        return std::nullopt;
    text = text.substr(head.size(), text.size() - head.size() - tail.size());
    std::string name;
    for (std::size_t i = 0; i < text.size(); ++i) {
        name += text[i];
        if (text[i] == '\'')
            ++i; // is doubled
    }
    std::optional<QualifiedName> sequence = qualified_name(name);
    if (!sequence)
        return std::nullopt;
    const Sequence* const found = database.find_sequence(sequence->schema, sequence->name);
    if (found != nullptr && found->owner == table.qualified_name() && found->owner_column == column.name)
        return std::nullopt;
    return sequence;
}

TableMapping map_table(const Database& database, const Table& table, Key key, const RecordOptions& options) {
    TableMapping made;
    made.table = &table;
    std::string version;
    std::size_t defaults = 0;
    for (const Column& column : table.columns) {
        const bool in_key = contains(key, column.name);
        ColumnMapping& mapped = made.columns.emplace_back();
        mapped.column = &column;
        mapped.nullable = !in_key && !column.not_null;
        if (in_key)
            continue;
        if (!options.version_column.empty() && column.name == options.version_column && !mapped.nullable &&
            record_type(database, column.type, false).type->integer) {
            mapped.mark = ColumnMark::version;
            version = column.name;
        } else if (!column.generated.empty() || column.identity.kind == IdentityKind::always) {
            mapped.mark = ColumnMark::generated;
        } else if (is_given(column) && defaults < server_defaults) {
            mapped.mark = ColumnMark::server_default;
            ++defaults;
        }
    }
    const Column* const only = key.size() == 1 ? table.find_column(key.front()) : nullptr;
    made.assigned = only == nullptr || !is_given(*only);
    if (!made.assigned && record_type(database, only->type, false).type->integer)
        made.sequence = sequence_of(database, table, *only);

    const auto add_unique = [&](const KeyConstraint& constraint) {
        if (version.empty() || !contains(constraint.columns, version))
            made.unique.push_back({constraint.columns, constraint.checking != Checking::immediate});
    };
    if (table.primary_key && table.primary_key->checking != Checking::immediate)
        add_unique(*table.primary_key);
    std::vector<Key> seen{key};
    for (const KeyConstraint& constraint : table.unique) {
        // One over the columns of another is as good as that.
        if (std::any_of(seen.begin(), seen.end(),
                        [&constraint](const Key& other) { return same_columns(other, constraint.columns); }))
            continue;
        seen.push_back(constraint.columns);
        add_unique(constraint);
    }
    made.key = std::move(key);
    return made;
}

/// The columns hold values of the same C++ types, or of integer ones. PostgreSQL allows more: a numeric may refer to a
/// bigint.
bool same_types(const Database& database, const QualifiedName& left, const std::vector<std::string>& left_columns,
                const QualifiedName& right, const std::vector<std::string>& right_columns, TypeChoice choice) {
    const auto type_of = [&database, choice](const QualifiedName& table, const std::string& name) {
        const Column* const column = database.find_table(table.schema, table.name)->find_column(name);
        return record_type(database, column->type, false, choice);
    };
    for (std::size_t i = 0; i < left_columns.size(); ++i) {
        const RecordType from = type_of(left, left_columns[i]);
        const RecordType to = type_of(right, right_columns[i]);
        const bool same =
            (from.type->integer && to.type->integer) || (from.type == to.type && from.sql_type == to.sql_type);
        if (!same)
            return false;
    }
    return true;
}

/// Puts `columns`, each of which stands beside the one of `beside`, into the order of the key; false if they are not
/// those of the key.
bool order_by_key(const Key& key, const std::vector<std::string>& beside, std::vector<std::string>& columns) {
    std::vector<std::string> ordered;
    for (const std::string& part : key) {
        const auto at = std::find(beside.begin(), beside.end(), part);
        if (at == beside.end())
            return false;
        ordered.push_back(columns[static_cast<std::size_t>(at - beside.begin())]);
    }
    if (beside.size() != key.size())
        return false;
    columns = std::move(ordered);
    return true;
}

/// What the server does with the rows that refer to one that is deleted, the mapping leaves to it.
mapping::RelationOptions options_of(const Database& database, const Relation& relation) {
    const Table& referring = *database.find_table(relation.target.schema, relation.target.name);
    const auto found = std::find_if(referring.foreign_keys.begin(), referring.foreign_keys.end(),
                                    [&relation](const ForeignKey& key) { return key.name == relation.foreign_key; });
    mapping::RelationOptions options;
    if (found == referring.foreign_keys.end())
        return options;
    const ReferentialAction action = found->on_delete;
    options.delete_ = action == ReferentialAction::cascade;
    options.passive_deletes = action == ReferentialAction::cascade || action == ReferentialAction::set_null ||
                              action == ReferentialAction::set_default;
    return options;
}

/// The relation as a mapping by these keys has it; nothing if they are not what its foreign keys refer to.
std::optional<RelationMapping> map_relation(const Database& database, Relation relation, const Key& owner,
                                            const Key& target, TypeChoice choice) {
    if (relation.kind != RelationKind::many_to_many &&
        !same_types(database, relation.table, relation.columns, relation.target, relation.target_columns, choice))
        return std::nullopt;
    mapping::RelationOptions options;
    bool mapped = false;
    switch (relation.kind) {
    case RelationKind::many_to_one:
    case RelationKind::one_to_one: mapped = order_by_key(target, relation.target_columns, relation.columns); break;
    case RelationKind::one_to_many:
    case RelationKind::one_to_one_inverse:
        mapped = order_by_key(owner, relation.columns, relation.target_columns);
        options = options_of(database, relation);
        break;
    case RelationKind::many_to_many:
        mapped = order_by_key(owner, relation.columns, relation.association_columns) &&
                 order_by_key(target, relation.target_columns, relation.association_target_columns);
        break;
    }
    if (!mapped)
        return std::nullopt;
    return RelationMapping{std::move(relation), options};
}

} // namespace

TableMappings table_mappings(const Database& database, const RecordOptions& options) {
    TableMappings made;
    std::map<QualifiedName, std::size_t> places;
    for (const Table& table : database.tables) {
        std::optional<Key> key = key_of(table);
        if (!key) {
            made.left_out.push_back(
                {table.qualified_name(), table.is_view() ? "a view has no key to find its rows by"
                                                         : "it has no primary key, and no unique constraint over "
                                                           "columns that are NOT NULL"});
            continue;
        }
        places.emplace(table.qualified_name(), made.tables.size());
        made.tables.push_back(map_table(database, table, std::move(*key), options));
    }
    if (!options.relations)
        return made;
    for (Relation& relation : derive_relations(database)) {
        const auto owner = places.find(relation.table);
        const auto target = places.find(relation.target);
        if (owner == places.end() || target == places.end())
            continue;
        TableMapping& table = made.tables[owner->second];
        std::optional<RelationMapping> mapped =
            map_relation(database, std::move(relation), table.key, made.tables[target->second].key,
                         {options.typed_arrays, options.exact_types});
        if (mapped)
            table.relations.push_back(std::move(*mapped));
    }
    return made;
}

} // namespace corm::schema
