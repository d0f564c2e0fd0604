#include "schema/ddl_table.hpp"

#include "schema/ddl_parts.hpp"
#include "schema/ddl_text.hpp"

#include <algorithm>

namespace corm::schema::ddl {
namespace {

std::string parents_text(const Table& table) {
    std::string text;
    for (const QualifiedName& parent : table.parents)
        text += (text.empty() ? "" : ", ") + quote(parent);
    return text;
}

/// The table is made from the columns of its parents.
bool takes_columns(Descent descent) noexcept {
    return descent == Descent::inherits || descent == Descent::partition_of;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool has_inherited_columns(const Table& table) {
    return std::any_of(table.columns.begin(), table.columns.end(), [](const Column& each) { return each.inherited; });
}

/// A foreign key can refer to it from its CREATE TABLE on: other keys are indexes, which come later.
bool has_key(const Table& table, const std::vector<std::string>& columns) {
    const auto fits = [&columns](const KeyConstraint& key) {
        return std::is_permutation(columns.begin(), columns.end(), key.columns.begin(), key.columns.end());
    };
    return (table.primary_key && (columns.empty() || fits(*table.primary_key))) ||
           std::any_of(table.unique.begin(), table.unique.end(), fits);
}

std::string alter(const Table& table, const std::vector<std::string>& actions) {
    if (actions.empty())
        return {};
    std::string text = std::string{"ALTER "} + keyword_of(table.kind) +
                       (table.kind == TableKind::materialized_view ? " " : " ONLY ") + quoted_name(table);
    for (const std::string& action : actions)
        text += (&action == &actions.front() ? "\n    " : ",\n    ") + action;
    return text;
}

} // namespace

const Table* TableWriter::find(const QualifiedName& table) const {
    const Table* found = created_.find_table(table.schema, table.name);
    return found != nullptr ? found : existing_.find_table(table.schema, table.name);
}

Descent TableWriter::descent_of(const Table& table) const {
    if (table.parents.empty())
        return Descent::none;
    if (table.is_partition())
        return table.columns.empty() ? Descent::partition_of : Descent::attach;
    return has_inherited_columns(table) || keeps_order(table) ? Descent::inherits : Descent::inherit;
}

/// The columns stand as INHERITS puts them: those of the parents first.
bool TableWriter::keeps_order(const Table& table) const {
    std::vector<std::string> expected;
    const auto expect = [&expected](const Table& from) {
        for (const Column& column : from.columns) {
            if (!contains(expected, column.name))
                expected.push_back(column.name);
        }
    };
    for (const QualifiedName& name : table.parents) {
        const Table* parent = find(name);
        if (parent == nullptr)
            return true; // nobody knows
        expect(*parent);
    }
    // A model made by hand need not repeat what comes from the parents.
    const bool repeats = std::all_of(expected.begin(), expected.end(), [&table](const std::string& column) {
        return table.find_column(column) != nullptr;
    });
    if (!repeats)
        return true;
    expect(table);
    return std::equal(expected.begin(), expected.end(), table.columns.begin(), table.columns.end(),
                      [](const std::string& name, const Column& column) { return column.name == name; });
}

bool TableWriter::comes_along(const Table& table, const ForeignKey& key) const {
    if (!key.inherited)
        return false;
    return std::any_of(table.parents.begin(), table.parents.end(), [&](const QualifiedName& name) {
        const Table* parent = find(name);
        return parent != nullptr && std::any_of(parent->foreign_keys.begin(), parent->foreign_keys.end(),
                                                [&key](const ForeignKey& other) { return other.name == key.name; });
    });
}

bool TableWriter::comes_along(const Table& table, const CheckConstraint& check) const {
    if (!check.inherited)
        return false;
    if (takes_columns(descent_of(table)))
        return true;
    // A partition has to have it before it is attached, unless the parent gets it later.
    return check.not_valid && std::any_of(table.parents.begin(), table.parents.end(),
                                          [this](const QualifiedName& parent) { return is_created(parent); });
}

bool TableWriter::is_late(const Table& table, const ForeignKey& key) const {
    if (key.not_valid)
        return true;
    const Table* target = created_.find_table(key.target.schema, key.target.name);
    if (target == &table)
        return !has_key(table, key.target_columns);
    return target != nullptr && order_.is_later(target->qualified_name(), table);
}

bool TableWriter::is_late(const Table& table, const CheckConstraint& check) const {
    return check.not_valid && !(check.inherited && table.is_partition());
}

std::vector<std::string> TableWriter::constraints(const Table& table, Descent descent) const {
    std::vector<std::string> list;
    if (table.primary_key && !(descent == Descent::partition_of && table.primary_key->inherited))
        list.push_back(primary_key_text(*table.primary_key));
    for (const KeyConstraint& key : table.unique) {
        if (!(descent == Descent::partition_of && key.inherited))
            list.push_back(unique_text(key));
    }
    for (const ExclusionConstraint& exclusion : table.exclusions) {
        if (!(descent == Descent::partition_of && exclusion.inherited))
            list.push_back(exclusion_text(exclusion));
    }
    for (const CheckConstraint& check : table.checks) {
        if (!is_late(table, check) && !comes_along(table, check))
            list.push_back(check_text(check));
    }
    for (const ForeignKey& key : table.foreign_keys) {
        if (!is_late(table, key) && !comes_along(table, key))
            list.push_back(foreign_key_text(key));
    }
    return list;
}

std::string TableWriter::create_text(const Table& table) const {
    const Descent descent = descent_of(table);
    std::string text = table.unlogged ? "CREATE UNLOGGED " : "CREATE ";
    text += std::string{keyword_of(table.kind)} + " " + quoted_name(table);
    std::vector<std::string> lines;
    if (descent == Descent::partition_of)
        text += " PARTITION OF " + parents_text(table);
    for (const Column& column : table.columns) {
        if (descent != Descent::inherits || !column.inherited)
            lines.push_back(column_text(table, column));
    }
    for (std::string& line : constraints(table, descent))
        lines.push_back(std::move(line));
    if (!lines.empty()) {
        text += " (";
        for (const std::string& line : lines)
            text += (&line == &lines.front() ? "\n    " : ",\n    ") + line;
        text += "\n)";
    } else if (descent != Descent::partition_of) {
        text += " ()";
    }
    if (descent == Descent::partition_of)
        text += " " + table.partition_bound;
    if (descent == Descent::inherits)
        text += " INHERITS (" + parents_text(table) + ")";
    if (!table.partition_key.empty())
        text += " PARTITION BY " + table.partition_key;
    if (table.kind == TableKind::foreign_table)
        text += " SERVER " + quote(table.server);
    if (!table.options.empty())
        text += " WITH " + parameters(table.options);
    return text;
}

std::string TableWriter::descend_text(const Table& table) const {
    const Descent descent = descent_of(table);
    if (descent == Descent::attach) {
        const Table* parent = find(table.parents.front());
        return std::string{"ALTER "} + keyword_of(parent != nullptr ? parent->kind : TableKind::partitioned_table) +
               " " + quote(table.parents.front()) + " ATTACH PARTITION " + quoted_name(table) + " " +
               table.partition_bound;
    }
    if (descent != Descent::inherit)
        return {};
    std::vector<std::string> actions;
    for (const QualifiedName& parent : table.parents)
        actions.push_back("INHERIT " + quote(parent));
    return alter(table, actions);
}

std::string TableWriter::adjust_text(const Table& table) const {
    if (descent_of(table) != Descent::inherits)
        return {};
    std::vector<std::string> actions;
    for (const Column& column : table.columns) {
        const Column* from = nullptr;
        bool not_null = false;
        for (const QualifiedName& name : table.parents) {
            const Table* parent = find(name);
            const Column* found = parent != nullptr ? parent->find_column(column.name) : nullptr;
            from = from != nullptr ? from : found;
            not_null = not_null || (found != nullptr && found->not_null);
        }
        if (!column.inherited || from == nullptr)
            continue;
        const std::string head = "ALTER COLUMN " + quote(column.name) + " ";
        if (column.generated.empty() && !column.identity && column.default_ != from->default_)
            actions.push_back(head + (column.default_.empty() ? "DROP DEFAULT" : "SET DEFAULT " + column.default_));
        if (column.not_null != not_null)
            actions.push_back(head + (column.not_null ? "SET NOT NULL" : "DROP NOT NULL"));
        if (column.identity)
            actions.push_back(head + "ADD " + identity_text(table, column));
    }
    return alter(table, actions);
}

std::string TableWriter::storage_text(const Table& table) const {
    std::vector<std::string> actions;
    for (const Column& column : table.columns) {
        const std::string head = "ALTER COLUMN " + quote(column.name) + " ";
        if (!column.storage.empty())
            actions.push_back(head + "SET STORAGE " + quote(column.storage));
        if (!column.compression.empty())
            actions.push_back(head + "SET COMPRESSION " + quote(column.compression));
    }
    return alter(table, actions);
}

} // namespace corm::schema::ddl
