#include <corm/schema/relations.hpp>

#include "schema/relation_names.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace corm::schema {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool all_of(const std::vector<std::string>& names, const std::vector<std::string>& in) {
    return std::all_of(names.begin(), names.end(), [&in](const std::string& name) { return contains(in, name); });
}

/// No two rows have the same values in these columns, NULL aside.
bool are_unique(const Table& table, const std::vector<std::string>& columns) {
    const auto is_within = [&columns](const KeyConstraint& key) {
        return !key.without_overlaps && all_of(key.columns, columns);
    };
    if (table.primary_key && is_within(*table.primary_key))
        return true;
    if (std::any_of(table.unique.begin(), table.unique.end(), is_within))
        return true;
    return std::any_of(table.indexes.begin(), table.indexes.end(), [&columns](const Index& index) {
        return index.unique && index.predicate.empty() &&
               std::all_of(index.terms.begin(), index.terms.end(), [&columns](const IndexTerm& term) {
                   return !term.column.empty() && contains(columns, term.column);
               });
    });
}

bool may_be_null(const Table& table, const std::vector<std::string>& columns) {
    return std::any_of(columns.begin(), columns.end(), [&table](const std::string& name) {
        const Column* column = table.find_column(name);
        return column == nullptr || !column->not_null;
    });
}

/// Without those to tables outside of the model, and without those that say the same as one ahead of them.
std::vector<const ForeignKey*> keys_of(const Database& database, const Table& table) {
    std::vector<const ForeignKey*> keys;
    for (const ForeignKey& key : table.foreign_keys) {
        if (key.columns.empty() || key.columns.size() != key.target_columns.size() ||
            database.find_table(key.target.schema, key.target.name) == nullptr)
            continue;
        const auto says_the_same = [&key](const ForeignKey* other) {
            return std::tie(other->target, other->columns, other->target_columns) ==
                   std::tie(key.target, key.columns, key.target_columns);
        };
        if (std::none_of(keys.begin(), keys.end(), says_the_same))
            keys.push_back(&key);
    }
    return keys;
}

class Derivation {
public:
    explicit Derivation(const Database& database) : database_(database) {}

    std::vector<Relation> relations() {
        for (const Table& table : database_.tables)
            add(table);
        std::vector<Relation> all;
        for (auto& [name, unnamed] : by_table_) {
            name_relations(*database_.find_table(name.schema, name.name), unnamed);
            for (Unnamed& each : unnamed)
                all.push_back(std::move(each.relation));
        }
        std::sort(all.begin(), all.end(), [](const Relation& left, const Relation& right) {
            return std::tie(left.table, left.name) < std::tie(right.table, right.name);
        });
        return all;
    }

private:
    void add(const Table& table) {
        const std::vector<const ForeignKey*> keys = keys_of(database_, table);
        const bool pairs = keys.size() == 2 && is_association(table);
        for (const ForeignKey* key : keys) {
            const bool unique = are_unique(table, key->columns);
            add_own(table, *key, unique);
            if (key->inherited || pairs)
                continue;
            const auto leads_there = [key](const ForeignKey* other) { return other->target == key->target; };
            add_other_side(table, *key, unique, std::count_if(keys.begin(), keys.end(), leads_there) == 1);
        }
        if (pairs && !keys[0]->inherited) {
            add_pairs(table, *keys[0], *keys[1]);
            add_pairs(table, *keys[1], *keys[0]);
        }
    }

    void add_own(const Table& table, const ForeignKey& key, bool unique) {
        by_table_[table.qualified_name()].push_back(
            {{.kind = unique ? RelationKind::one_to_one : RelationKind::many_to_one,
              .table = table.qualified_name(),
              .target = key.target,
              .columns = key.columns,
              .target_columns = key.target_columns,
              .foreign_key = key.name,
              .optional = may_be_null(table, key.columns)},
             names_to_one(key)});
    }

    void add_other_side(const Table& table, const ForeignKey& key, bool unique, bool only) {
        by_table_[key.target].push_back({{.kind = unique ? RelationKind::one_to_one_inverse : RelationKind::one_to_many,
                                          .table = key.target,
                                          .target = table.qualified_name(),
                                          .columns = key.target_columns,
                                          .target_columns = key.columns,
                                          .foreign_key = key.name},
                                         names_from_other_side(table, key, unique, only)});
    }

    void add_pairs(const Table& pairs, const ForeignKey& own, const ForeignKey& other) {
        by_table_[own.target].push_back({{.kind = RelationKind::many_to_many,
                                          .table = own.target,
                                          .target = other.target,
                                          .columns = own.target_columns,
                                          .target_columns = other.target_columns,
                                          .foreign_key = own.name,
                                          .association = pairs.qualified_name(),
                                          .association_columns = own.columns,
                                          .association_target_columns = other.columns,
                                          .association_target_key = other.name},
                                         names_of_pairs(pairs, own, other)});
    }

    const Database& database_;
    std::map<QualifiedName, std::vector<Unnamed>> by_table_;
};

} // namespace

bool is_association(const Table& table) {
    if (table.foreign_keys.size() != 2 || !table.primary_key)
        return false;
    const std::vector<std::string>& one = table.foreign_keys[0].columns;
    const std::vector<std::string>& other = table.foreign_keys[1].columns;
    const std::vector<std::string>& key = table.primary_key->columns;
    return table.columns.size() == one.size() + other.size() && key.size() == table.columns.size() &&
           std::all_of(table.columns.begin(), table.columns.end(), [&](const Column& column) {
               return contains(one, column.name) != contains(other, column.name) && contains(key, column.name);
           });
}

std::vector<Relation> derive_relations(const Database& database) {
    return Derivation{database}.relations();
}

std::span<const Relation> relations_of(std::span<const Relation> relations, const QualifiedName& table) {
    const auto first =
        std::lower_bound(relations.begin(), relations.end(), table,
                         [](const Relation& each, const QualifiedName& name) { return each.table < name; });
    const auto last =
        std::upper_bound(first, relations.end(), table,
                         [](const QualifiedName& name, const Relation& each) { return name < each.table; });
    return {first, last};
}

} // namespace corm::schema
