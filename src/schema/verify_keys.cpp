#include "schema/verify_keys.hpp"

#include "schema/column_sets.hpp"

#include <algorithm>

namespace corm::schema {

using Names = std::vector<std::string>;

namespace {

/// Empty in the place of an expression.
Names terms_of(const Index& index) {
    Names terms;
    for (const IndexTerm& term : index.terms)
        terms.push_back(term.column);
    return terms;
}

} // namespace

std::optional<Uniqueness> uniqueness(const Table& table, const Names& columns) {
    if (table.primary_key && same_columns(table.primary_key->columns, columns))
        return Uniqueness{table.primary_key->checking != Checking::immediate};
    std::optional<Uniqueness> found;
    for (const KeyConstraint& constraint : table.unique) {
        if (same_columns(constraint.columns, columns) && (!found || found->deferrable))
            found = Uniqueness{constraint.checking != Checking::immediate};
    }
    for (const Index& index : table.indexes) {
        if (index.unique && index.predicate.empty() && same_columns(terms_of(index), columns))
            found = Uniqueness{false};
    }
    return found;
}

bool is_unique(const Table& table, const Names& columns) {
    const auto within = [&columns](const Names& unique) {
        return !unique.empty() && std::all_of(unique.begin(), unique.end(), [&columns](const std::string& each) {
            return std::find(columns.begin(), columns.end(), each) != columns.end();
        });
    };
    return uniqueness(table, columns) || (table.primary_key && within(table.primary_key->columns)) ||
           std::any_of(table.unique.begin(), table.unique.end(),
                       [&within](const KeyConstraint& constraint) { return within(constraint.columns); }) ||
           std::any_of(table.indexes.begin(), table.indexes.end(), [&within](const Index& index) {
               return index.unique && index.predicate.empty() && within(terms_of(index));
           });
}

bool is_indexed(const Table& table, const Names& columns) {
    if (table.primary_key && begins_with(table.primary_key->columns, columns))
        return true;
    if (std::any_of(table.unique.begin(), table.unique.end(),
                    [&columns](const KeyConstraint& constraint) { return begins_with(constraint.columns, columns); }))
        return true;
    return std::any_of(table.indexes.begin(), table.indexes.end(), [&columns](const Index& index) {
        return index.predicate.empty() && begins_with(terms_of(index), columns);
    });
}

bool has_foreign_key(const Table& table, const Names& columns, const Table& target, const Names& key) {
    return std::any_of(table.foreign_keys.begin(), table.foreign_keys.end(), [&](const ForeignKey& foreign_key) {
        if (foreign_key.target != target.qualified_name() || !same_columns(foreign_key.columns, columns))
            return false;
        // Left out, as in SQL, they are the primary key.
        const Names& there = !foreign_key.target_columns.empty() || !target.primary_key ? foreign_key.target_columns
                                                                                        : target.primary_key->columns;
        if (there.size() != columns.size())
            return false;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const auto at = std::find(foreign_key.columns.begin(), foreign_key.columns.end(), columns[i]);
            if (there[static_cast<std::size_t>(at - foreign_key.columns.begin())] != key[i])
                return false;
        }
        return true;
    });
}

} // namespace corm::schema
