#include <corm/schema/record_definitions.hpp>

#include "schema/record_types.hpp"

#include <corm/schema/relations.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace corm::schema {
namespace {

using mapping::RecordDefinition;
using mapping::RelationTarget;

constexpr std::size_t server_defaults = 64; // that a mapping can have

/// What a table is mapped by.
using Key = std::vector<std::string>;

bool is_not_null(const Table& table, const std::string& column) {
    const Column* const found = table.find_column(column);
    return found != nullptr && found->not_null;
}

std::optional<Key> key_of(const Table& table) {
    if (table.primary_key)
        return table.primary_key->columns;
    for (const KeyConstraint& unique : table.unique) {
        const auto not_null = [&table](const std::string& column) { return is_not_null(table, column); };
        if (std::all_of(unique.columns.begin(), unique.columns.end(), not_null))
            return unique.columns;
    }
    return std::nullopt;
}

/// The server gives it a value.
bool is_given(const Column& column) {
    return column.identity || !column.default_.empty();
}

bool is_integer(const types::ValueType& type) {
    return type.integer && !type.nullable;
}

class TableDefinition {
public:
    TableDefinition(const Database& database, const Table& table, const Key& key, const RecordOptions& options)
        : database_(database), table_(table), key_(key), options_(options), definition_(table.name, table.schema) {}

    [[nodiscard]] RecordDefinition make() && {
        for (const Column& column : table_.columns)
            add(column);
        const Column* const only = key_.size() == 1 ? table_.find_column(key_.front()) : nullptr;
        definition_.primary_key(key_, only == nullptr || !is_given(*only));
        const auto add_unique = [this](const KeyConstraint& constraint) {
            if (std::none_of(constraint.columns.begin(), constraint.columns.end(),
                             [this](const std::string& column) { return column == version_; }))
                definition_.unique(constraint.columns, constraint.checking != Checking::immediate);
        };
        if (table_.primary_key && table_.primary_key->checking != Checking::immediate)
            add_unique(*table_.primary_key);
        for (const KeyConstraint& constraint : table_.unique) {
            // One over the columns of another is as good as that.
            const bool again = seen_.end() != std::find_if(seen_.begin(), seen_.end(), [&](const Key& other) {
                                   return std::is_permutation(other.begin(), other.end(), constraint.columns.begin(),
                                                              constraint.columns.end());
                               });
            if (again ||
                std::is_permutation(key_.begin(), key_.end(), constraint.columns.begin(), constraint.columns.end()))
                continue;
            seen_.push_back(constraint.columns);
            add_unique(constraint);
        }
        return std::move(definition_);
    }

private:
    void add(const Column& column) {
        const bool key = std::find(key_.begin(), key_.end(), column.name) != key_.end();
        RecordType type = record_type(database_, column.type, !key && !column.not_null, options_.typed_arrays);
        definition_.column(column.name, *type.type, std::move(type.sql_type));
        if (key)
            return;
        if (!options_.version_column.empty() && column.name == options_.version_column && is_integer(*type.type)) {
            definition_.version(column.name);
            version_ = column.name;
        } else if (!column.generated.empty() || column.identity.kind == IdentityKind::always) {
            definition_.generated(column.name);
        } else if (is_given(column) && defaults_ < server_defaults) {
            definition_.server_default(column.name);
            ++defaults_;
        }
    }

    const Database& database_;
    const Table& table_;
    const Key& key_;
    const RecordOptions& options_;
    RecordDefinition definition_;
    std::size_t defaults_ = 0;
    std::string version_;
    std::vector<Key> seen_;
};

/// The columns hold values of the same C++ types, or of integer ones. PostgreSQL allows more: a numeric may refer to a
/// bigint.
bool same_types(const Database& database, const QualifiedName& left, const std::vector<std::string>& left_columns,
                const QualifiedName& right, const std::vector<std::string>& right_columns) {
    const auto type_of = [&database](const QualifiedName& table, const std::string& name) {
        const Column* const column = database.find_table(table.schema, table.name)->find_column(name);
        return record_type(database, column->type, false, true);
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

} // namespace

RecordDefinitions record_definitions(const Database& database, const RecordOptions& options) {
    RecordDefinitions made;
    std::map<QualifiedName, Key> keys;
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
        const auto at = keys.emplace(table.qualified_name(), std::move(*key)).first;
        places.emplace(table.qualified_name(), made.definitions.size());
        made.definitions.push_back(TableDefinition{database, table, at->second, options}.make());
    }
    if (!options.relations)
        return made;
    for (Relation& relation : derive_relations(database)) {
        const auto owner = keys.find(relation.table);
        const auto target = keys.find(relation.target);
        if (owner == keys.end() || target == keys.end())
            continue;
        if (relation.kind != RelationKind::many_to_many &&
            !same_types(database, relation.table, relation.columns, relation.target, relation.target_columns))
            continue;
        RecordDefinition& definition = made.definitions[places.at(relation.table)];
        RelationTarget other{relation.target.schema, relation.target.name};
        switch (relation.kind) {
        case RelationKind::many_to_one:
        case RelationKind::one_to_one:
            if (!order_by_key(target->second, relation.target_columns, relation.columns))
                break;
            if (relation.kind == RelationKind::many_to_one)
                definition.many_to_one(relation.name, std::move(other), relation.columns);
            else
                definition.one_to_one(relation.name, std::move(other), relation.columns);
            break;
        case RelationKind::one_to_many:
        case RelationKind::one_to_one_inverse:
            if (!order_by_key(owner->second, relation.columns, relation.target_columns))
                break;
            if (relation.kind == RelationKind::one_to_many)
                definition.one_to_many(relation.name, std::move(other), relation.target_columns,
                                       options_of(database, relation));
            else
                definition.one_to_one_inverse(relation.name, std::move(other), relation.target_columns,
                                              options_of(database, relation));
            break;
        case RelationKind::many_to_many:
            if (order_by_key(owner->second, relation.columns, relation.association_columns) &&
                order_by_key(target->second, relation.target_columns, relation.association_target_columns))
                definition.many_to_many(relation.name, std::move(other),
                                        {relation.association.schema, relation.association.name,
                                         relation.association_columns, relation.association_target_columns});
            break;
        }
    }
    return made;
}

} // namespace corm::schema
