#include <corm/schema/naming.hpp>

#include <corm/base/error.hpp>
#include <corm/sql/identifier.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>

namespace corm::schema {
namespace {

/// What the braces of a text stand for.
struct Parts {
    std::string_view table;
    std::string_view schema;
    std::string columns{};
    std::string_view target{};
    std::string target_columns{};
    bool is_foreign_key = false;
};

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names)
        text += (&name == &names.front() ? "" : "_") + name;
    return text;
}

std::string_view value_of(std::string_view placeholder, const Parts& parts, const std::string& text) {
    if (placeholder == "table")
        return parts.table;
    if (placeholder == "schema")
        return parts.schema;
    if (placeholder == "columns")
        return parts.columns;
    if (placeholder == "target" && parts.is_foreign_key)
        return parts.target;
    if (placeholder == "target_columns" && parts.is_foreign_key)
        return parts.target_columns;
    throw MappingError("the naming convention \"" + text + "\" has {" + std::string{placeholder} +
                       "}, which stands for nothing there; use {table}, {schema} or {columns}, and for foreign keys "
                       "{target} or {target_columns}");
}

std::string filled_in(const std::string& text, const Parts& parts) {
    std::string name;
    std::size_t at = 0;
    for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', at)) {
        const std::size_t close = text.find('}', open);
        if (close == std::string::npos)
            throw MappingError("the naming convention \"" + text + "\" lacks a }");
        name += text.substr(at, open - at);
        name += value_of(std::string_view{text}.substr(open + 1, close - open - 1), parts, text);
        at = close + 1;
    }
    return name += text.substr(at);
}

/// FNV-1a.
std::uint32_t hash_of(std::string_view text) {
    std::uint32_t hash = 2'166'136'261U;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
    return hash;
}

/// At most 63 bytes, the last of them a hash if it was longer. Does not cut a character.
std::string cut(const std::string& name) {
    if (name.size() <= sql::max_identifier_size)
        return name;
    constexpr char digits[] = "0123456789abcdef";
    constexpr std::size_t hash_size = 8;
    std::size_t size = sql::max_identifier_size - hash_size - 1;
    while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xc0) == 0x80)
        --size;
    std::string text = name.substr(0, size) + "_";
    const std::uint32_t hash = hash_of(name);
    for (std::size_t i = hash_size; i-- > 0;)
        text += digits[hash >> (4 * i) & 0xf];
    return text;
}

using Taken = std::set<std::string>;

bool is_taken(const std::string& name, std::initializer_list<Taken*> scopes) {
    return std::any_of(scopes.begin(), scopes.end(), [&name](const Taken* scope) { return scope->contains(name); });
}

/// The name, or the first of those with numbers, that none of the scopes has; it is taken then.
std::string free_name(const std::string& wanted, std::initializer_list<Taken*> scopes) {
    std::string name = cut(wanted);
    for (int number = 1; is_taken(name, scopes); ++number)
        name = cut(wanted + std::to_string(number));
    for (Taken* scope : scopes)
        scope->insert(name);
    return name;
}

class Namer {
public:
    Namer(Database& database, const Naming& naming) : naming_(naming) {
        for (const Table& table : database.tables)
            take(table);
        for (const Sequence& sequence : database.sequences)
            relations_[sequence.schema].insert(sequence.name);
        std::vector<Table*> tables;
        for (Table& table : database.tables)
            tables.push_back(&table);
        std::sort(tables.begin(), tables.end(),
                  [](const Table* a, const Table* b) { return a->qualified_name() < b->qualified_name(); });
        for (Table* table : tables)
            name(*table);
        for (Domain& domain : database.domains)
            name(domain);
    }

private:
    /// The names that are given.
    void take(const Table& table) {
        Taken& relations = relations_[table.schema];
        relations.insert(table.name);
        const auto take_all = [&relations](const auto& list) {
            for (const auto& each : list)
                relations.insert(each.name);
        };
        if (table.primary_key)
            relations.insert(table.primary_key->name);
        take_all(table.unique);
        take_all(table.exclusions);
        take_all(table.indexes);
        for (const Column& column : table.columns) {
            if (column.identity && !column.identity.sequence.empty())
                relations_[column.identity.sequence.schema].insert(column.identity.sequence.name);
        }
    }

    static void take_constraints(const Table& table, Taken& constraints) {
        const auto take_all = [&constraints](const auto& list) {
            for (const auto& each : list)
                constraints.insert(each.name);
        };
        if (table.primary_key)
            constraints.insert(table.primary_key->name);
        take_all(table.unique);
        take_all(table.foreign_keys);
        take_all(table.checks);
        take_all(table.exclusions);
    }

    void name(Table& table) {
        Taken& relations = relations_[table.schema];
        Taken constraints;
        take_constraints(table, constraints);
        const auto give = [&](auto& object, const std::string& text, std::vector<std::string> columns,
                              std::initializer_list<Taken*> scopes) {
            if (object.name.empty())
                object.name = free_name(filled_in(text, {table.name, table.schema, joined(columns)}), scopes);
        };
        if (table.primary_key)
            give(*table.primary_key, naming_.primary_key, table.primary_key->columns, {&constraints, &relations});
        for (KeyConstraint& key : table.unique)
            give(key, naming_.unique, key.columns, {&constraints, &relations});
        for (ExclusionConstraint& exclusion : table.exclusions) {
            std::vector<std::string> columns;
            for (const ExclusionTerm& each : exclusion.terms)
                columns.push_back(column_of(each.term));
            give(exclusion, naming_.exclusion, std::move(columns), {&constraints, &relations});
        }
        for (CheckConstraint& check : table.checks)
            give(check, naming_.check, {}, {&constraints});
        for (ForeignKey& key : table.foreign_keys) {
            if (key.name.empty())
                key.name =
                    free_name(filled_in(naming_.foreign_key, {table.name, table.schema, joined(key.columns),
                                                              key.target.name, joined(key.target_columns), true}),
                              {&constraints});
        }
        for (Index& index : table.indexes) {
            std::vector<std::string> columns;
            for (const IndexTerm& term : index.terms)
                columns.push_back(column_of(term));
            give(index, naming_.index, std::move(columns), {&relations});
        }
    }

    void name(Domain& domain) const {
        Taken constraints;
        for (const CheckConstraint& check : domain.checks)
            constraints.insert(check.name);
        for (CheckConstraint& check : domain.checks) {
            if (check.name.empty())
                check.name = free_name(filled_in(naming_.check, {domain.name, domain.schema}), {&constraints});
        }
    }

    static std::string column_of(const IndexTerm& term) { return term.column.empty() ? "expr" : term.column; }

    const Naming& naming_;
    std::map<std::string, Taken> relations_; // by schema
};

} // namespace

void apply_naming(Database& database, const Naming& naming) {
    Namer{database, naming};
}

} // namespace corm::schema
