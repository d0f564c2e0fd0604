#include "schema/ddl_parts.hpp"
#include "schema/ddl_statements.hpp"
#include "schema/ddl_text.hpp"
#include "schema/object_order.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace corm::schema {
namespace {

using namespace ddl;

std::string without_quotes(std::string text) {
    std::erase(text, '"');
    return text;
}

/// Calls `visit` with the sequences that a default takes its values from, by their names without quotes.
void each_sequence(const std::string& default_, auto&& visit) {
    constexpr std::string_view call = "nextval('";
    for (std::size_t at = default_.find(call); at != std::string::npos; at = default_.find(call, at)) {
        at += call.size();
        visit(without_quotes(default_.substr(at, default_.find('\'', at) - at)));
    }
}

class Dropper {
public:
    Dropper(const Database& database, const DropOptions& options)
        : database_(database), options_(options), order_(order_objects(database)) {
        for (const Table& table : database.tables) {
            for (const QualifiedName& parent : table.parents) {
                if (table.is_partition())
                    partitions_.emplace(parent, &table);
            }
            for (const Column& column : table.columns)
                each_sequence(column.default_,
                              [&](std::string name) { users_[std::move(name)].insert(table.qualified_name()); });
        }
    }

    std::vector<DdlStatement> statements() {
        for (const Object& object : order_.objects) {
            if (const Table* const* table = std::get_if<const Table*>(&object))
                drop_circles(**table);
        }
        for (const Sequence& sequence : database_.sequences) {
            if (is_shared(sequence))
                statements_.push_back({"ALTER SEQUENCE " + quoted_name(sequence) + " OWNED BY NONE",
                                       "dropping sequence " + plain_name(sequence)});
        }
        for (auto object = order_.objects.rbegin(); object != order_.objects.rend(); ++object)
            std::visit([this](const auto* each) { drop(*each); }, *object);
        for (const Sequence& sequence : database_.sequences) {
            if (sequence.owner.empty() || !order_.tables.contains(sequence.owner) || is_shared(sequence))
                drop("sequence", "SEQUENCE", quoted_name(sequence), plain_name(sequence));
        }
        if (options_.extensions) {
            for (const Extension& extension : database_.extensions)
                drop("extension", "EXTENSION", quote(extension.name), extension.name);
        }
        if (options_.schemas) {
            for (const Schema& schema : database_.schemas) {
                if (schema.name != "public")
                    drop("schema", "SCHEMA", quote(schema.name), schema.name);
            }
        }
        return std::move(statements_);
    }

private:
    /// Foreign keys to what is dropped earlier than the table is.
    void drop_circles(const Table& table) {
        for (const ForeignKey& key : table.foreign_keys) {
            if (!key.inherited && is_later(key.target, table))
                statements_.push_back({std::string{"ALTER "} + keyword_of(table.kind) + " " + quoted_name(table) +
                                           " DROP CONSTRAINT " + (options_.cascade ? "IF EXISTS " : "") +
                                           quote(key.name),
                                       "dropping foreign key " + key.name + " of " + plain_name(table)});
        }
    }
    /// The table, or one of its partitions, which the foreign key holds as well.
    bool is_later(const QualifiedName& target, const Table& table) const {
        if (target == table.qualified_name())
            return false;
        if (order_.is_later(target, table))
            return true;
        const auto [first, end] = partitions_.equal_range(target);
        return std::any_of(first, end,
                           [&](const auto& each) { return is_later(each.second->qualified_name(), table); });
    }

    /// Another table than its owner has it in a default, and would keep it and so the owner from being dropped.
    bool is_shared(const Sequence& sequence) const {
        if (sequence.owner.empty() || !order_.tables.contains(sequence.owner))
            return false;
        const auto users = users_.find(without_quotes(plain_name(sequence)));
        return users != users_.end() &&
               std::any_of(users->second.begin(), users->second.end(),
                           [&sequence](const QualifiedName& table) { return table != sequence.owner; });
    }

    void drop(const Enum& type) { drop("enum", "TYPE", quoted_name(type), plain_name(type)); }
    void drop(const Domain& domain) { drop("domain", "DOMAIN", quoted_name(domain), plain_name(domain)); }
    void drop(const Composite& type) { drop("composite type", "TYPE", quoted_name(type), plain_name(type)); }
    void drop(const Range& range) { drop("range", "TYPE", quoted_name(range), plain_name(range)); }
    void drop(const Table& table) {
        drop(table.is_view() ? "view" : "table", keyword_of(table.kind), quoted_name(table), plain_name(table));
    }

    void drop(const char* kind, const char* keyword, const std::string& name, const std::string& shown) {
        statements_.push_back({std::string{"DROP "} + keyword + " " + (options_.cascade ? "IF EXISTS " : "") + name +
                                   (options_.cascade ? " CASCADE" : ""),
                               std::string{"dropping "} + kind + " " + shown});
    }

    const Database& database_;
    const DropOptions& options_;
    const ObjectOrder order_;
    std::multimap<QualifiedName, const Table*> partitions_;
    std::map<std::string, std::set<QualifiedName>> users_; // of sequences
    std::vector<DdlStatement> statements_;
};

std::vector<std::string> texts_of(std::vector<DdlStatement> statements) {
    std::vector<std::string> texts;
    for (DdlStatement& statement : statements)
        texts.push_back(std::move(statement.sql));
    return texts;
}

} // namespace

std::vector<DdlStatement> drop_statements(const Database& database, const DropOptions& options) {
    Database sorted = database;
    apply_naming(sorted);
    sort(sorted);
    return Dropper{sorted, options}.statements();
}

std::vector<std::string> create_sql(const Database& wanted, const Database& existing, const CreateOptions& options) {
    return texts_of(create_statements(wanted, existing, options));
}

std::vector<std::string> drop_sql(const Database& database, const DropOptions& options) {
    return texts_of(drop_statements(database, options));
}

Database intersection(const Database& existing, const Database& wanted) {
    Database both = existing;
    const auto named = [](const auto& objects, const std::string& name) {
        return std::any_of(objects.begin(), objects.end(), [&name](const auto& each) { return each.name == name; });
    };
    std::erase_if(both.schemas, [&](const Schema& schema) { return !named(wanted.schemas, schema.name); });
    std::erase_if(both.extensions, [&](const Extension& each) { return !named(wanted.extensions, each.name); });
    // What is wanted without a schema stands for what the search path leads to.
    const auto keep = [&](auto& objects, const auto& among, auto find) {
        std::vector<bool> kept(objects.size());
        for (const auto& object : among) {
            if (const auto* found = (both.*find)(object.schema, object.name))
                kept[static_cast<std::size_t>(found - objects.data())] = true;
        }
        std::size_t at = 0;
        std::erase_if(objects, [&](const auto&) { return !kept[at++]; });
    };
    keep(both.enums, wanted.enums, &Database::find_enum);
    keep(both.domains, wanted.domains, &Database::find_domain);
    keep(both.composites, wanted.composites, &Database::find_composite);
    keep(both.ranges, wanted.ranges, &Database::find_range);
    keep(both.sequences, wanted.sequences, &Database::find_sequence);
    keep(both.tables, wanted.tables, &Database::find_table);
    return both;
}

std::string to_script(std::span<const std::string> statements) {
    std::string script;
    for (const std::string& statement : statements)
        script += (script.empty() ? "" : "\n") + statement + ";\n";
    return script;
}

} // namespace corm::schema
