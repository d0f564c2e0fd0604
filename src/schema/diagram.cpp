#include <corm/schema/diagram.hpp>
#include <corm/schema/relations.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <vector>

namespace corm::schema {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// As short as a diagram wants it: `timestamptz`, `text[]`.
std::string short_type(const TypeUse& type) {
    return type.name.name + (type.array ? "[]" : "");
}

std::string full_name(const QualifiedName& name) {
    return name.schema.empty() ? name.name : name.schema + "." + name.name;
}

/// What both kinds of diagram show.
class Diagram {
public:
    Diagram(const Database& database, const DiagramOptions& options) {
        const auto is_shown = [&options](const Table& table) {
            if (table.is_partition())
                return options.partitions;
            return options.views || !(table.is_view() || table.kind == TableKind::foreign_table);
        };
        for (const Table& table : database.tables) {
            if (is_shown(table)) {
                numbers_.emplace(table.qualified_name(), tables.size());
                tables.push_back(&table);
            }
        }
        for (Relation& relation : derive_relations(database)) {
            if (mapping::refers(relation.kind) && numbers_.contains(relation.table) &&
                numbers_.contains(relation.target))
                references.push_back(std::move(relation));
        }
    }

    [[nodiscard]] std::size_t number(const QualifiedName& table) const { return numbers_.at(table); }
    [[nodiscard]] const Table& table(const QualifiedName& name) const { return *tables[number(name)]; }

    std::vector<const Table*> tables;
    std::vector<Relation> references;

private:
    std::map<QualifiedName, std::size_t> numbers_;
};

bool is_key(const Table& table, const std::string& column) {
    return table.primary_key && contains(table.primary_key->columns, column);
}

bool refers(const Table& table, const std::string& column) {
    return std::any_of(table.foreign_keys.begin(), table.foreign_keys.end(),
                       [&column](const ForeignKey& key) { return contains(key.columns, column); });
}

/// The column is a unique constraint of its own.
bool is_unique(const Table& table, const std::string& column) {
    return std::any_of(table.unique.begin(), table.unique.end(), [&column](const KeyConstraint& key) {
        return key.columns.size() == 1 && key.columns.front() == column;
    });
}

/// A word of Mermaid's: ASCII letters, digits and underscores, a letter first; brackets of arrays stay.
std::string mermaid_word(std::string_view text) {
    std::string word;
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool other = (c >= '0' && c <= '9') || c == '[' || c == ']';
        if (word.empty() && !letter)
            word += 'x';
        word += letter || other ? c : '_';
    }
    return word.empty() ? "x" : word;
}

/// Text between double quotes, for which Mermaid has no escape.
std::string mermaid_text(std::string_view text) {
    std::string quoted{"\""};
    for (const char c : text)
        quoted += c == '"' ? '\'' : static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    return quoted + '"';
}

std::string mermaid_column(const Table& table, const Column& column) {
    const std::string word = mermaid_word(column.name);
    std::string line = "        " + mermaid_word(short_type(column.type)) + " " + word;
    std::string keys;
    const auto add = [&keys](bool is, const char* key) {
        if (is)
            keys += (keys.empty() ? " " : ", ") + std::string{key};
    };
    add(is_key(table, column.name), "PK");
    add(refers(table, column.name), "FK");
    add(is_unique(table, column.name), "UK");
    line += keys;
    if (word != column.name)
        line += " " + mermaid_text(column.name);
    return line + "\n";
}

/// Text in a label of Graphviz that is written as HTML.
std::string html(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
        case '&': escaped += "&amp;"; break;
        case '<': escaped += "&lt;"; break;
        case '>': escaped += "&gt;"; break;
        case '"': escaped += "&quot;"; break;
        default: escaped += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
    return escaped;
}

std::string dot_text(std::string_view text) {
    std::string quoted{"\""};
    for (const char c : text) {
        if (c == '"' || c == '\\')
            quoted += '\\';
        quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return quoted + '"';
}

std::string column_port(const Table& table, const std::string& column) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (table.columns[i].name == column)
            return ":c" + std::to_string(i);
    }
    return {};
}

std::string dot_table(const Table& table, std::size_t number, const DiagramOptions& options) {
    const bool of_rows = table.kind == TableKind::table || table.kind == TableKind::partitioned_table;
    std::string text = "    t" + std::to_string(number) +
                       " [label=<<table border=\"0\" cellborder=\"1\" cellspacing=\"0\"><tr><td bgcolor=\"" +
                       (of_rows ? "#dfe8f2" : "#ececec") + "\"><b>" + html(full_name(table.qualified_name())) +
                       "</b></td></tr>";
    for (std::size_t i = 0; options.columns && i < table.columns.size(); ++i) {
        const Column& column = table.columns[i];
        const std::string name = html(column.name);
        // Graphviz refuses tags without text.
        const bool underlined = is_key(table, column.name) && !name.empty();
        text += "<tr><td align=\"left\" port=\"c" + std::to_string(i) + "\">" +
                (underlined ? "<u>" + name + "</u>" : name) + " " + html(short_type(column.type)) +
                (column.not_null ? "" : "?") + "</td></tr>";
    }
    return text + "</table>>];\n";
}

} // namespace

std::string to_mermaid(const Database& database, const DiagramOptions& options) {
    const Diagram diagram{database, options};
    std::string text = "erDiagram\n";
    std::vector<std::string> words;
    std::set<std::string> taken;
    for (const Table* table : diagram.tables) {
        const std::string full = full_name(table->qualified_name());
        std::string word = mermaid_word(full);
        for (int number = 2; !taken.insert(word).second; ++number)
            word = mermaid_word(full) + "_" + std::to_string(number);
        words.push_back(word);
        text += "    " + word + "[" + mermaid_text(full) + "]";
        if (options.columns && !table->columns.empty()) {
            text += " {\n";
            for (const Column& column : table->columns)
                text += mermaid_column(*table, column);
            text += "    }";
        }
        text += "\n";
    }
    for (const Relation& reference : diagram.references)
        text += "    " + words[diagram.number(reference.target)] + (reference.optional ? " |o--o" : " ||--o") +
                (reference.kind == RelationKind::one_to_one ? "| " : "{ ") + words[diagram.number(reference.table)] +
                " : " + mermaid_text(reference.name) + "\n";
    return text;
}

std::string to_dot(const Database& database, const DiagramOptions& options) {
    const Diagram diagram{database, options};
    std::string text = "digraph database {\n    rankdir=LR;\n    node [shape=plain, fontname=\"Helvetica\"];\n"
                       "    edge [fontname=\"Helvetica\", fontsize=10];\n";
    for (std::size_t i = 0; i < diagram.tables.size(); ++i)
        text += dot_table(*diagram.tables[i], i, options);
    const auto end = [&](const QualifiedName& name, const std::vector<std::string>& columns) {
        return "t" + std::to_string(diagram.number(name)) +
               (options.columns ? column_port(diagram.table(name), columns.front()) : std::string{});
    };
    for (const Relation& reference : diagram.references) {
        text += "    " + end(reference.table, reference.columns) + " -> " +
                end(reference.target, reference.target_columns) + " [label=" + dot_text(reference.name);
        text += reference.optional ? ", style=dashed];\n" : "];\n";
    }
    return text + "}\n";
}

} // namespace corm::schema
