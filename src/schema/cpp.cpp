#include <corm/schema/cpp.hpp>

#include "schema/cpp_names.hpp"
#include "schema/cpp_text.hpp"
#include "schema/cpp_types.hpp"
#include "schema/inflection.hpp"
#include "schema/record_types.hpp"
#include "schema/table_mappings.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace corm::schema {
namespace {

std::string full_name(const QualifiedName& name) {
    return name.schema.empty() ? name.name : name.schema + "." + name.name;
}

/// What a struct's member is made of.
struct Member {
    std::string type;
    std::string initial;  ///< `0`, or empty for `{}`
    std::string sql_type; ///< empty where the C++ type says it
};

/// A struct and the names of its members: those of the columns, and those of the relations behind them.
struct Struct {
    const TableMapping* table;
    std::string name;
    std::vector<std::string> bases; ///< that hold members
    std::vector<std::string> members;

    [[nodiscard]] std::size_t columns() const noexcept { return table->columns.size(); }
    [[nodiscard]] const std::string& member(const std::string& column) const {
        for (std::size_t i = 0; i < columns(); ++i) {
            if (table->columns[i].column->name == column)
                return members[i];
        }
        throw MappingError(full_name(table->table->qualified_name()) + " has no column " + column +
                           ", which a key or relation of it names; reflect the table as a whole");
    }
};

class Header {
public:
    Header(const Database& database, const CppOptions& options)
        : database_(database), options_(options), mappings_(table_mappings(database, record_options(options))),
          composites_(plan_composites(database)) {
        name_types();
        name_members();
    }

    [[nodiscard]] std::string text() const {
        std::string body = enums() + composites();
        if (!structs_.empty())
            body += "\n";
        for (const Struct& each : structs_)
            body += "struct " + each.name + ";\n";
        for (const Struct& each : structs_)
            body += "\n" + definition(each);
        for (const Struct& each : structs_)
            body += "\n" + mapping_function(each);
        if (!mappings_.left_out.empty())
            body += "\n// Not mapped:\n";
        for (const LeftOut& table : mappings_.left_out)
            body += comment("// ", full_name(table.table) + ": " + table.why);
        return "// What a database was like when corm-reflect printed it.\n#pragma once\n\n" + includes(body) +
               "\nnamespace " + options_.namespace_ + " {\n" + body + "\n} // namespace " + options_.namespace_ + "\n";
    }

private:
    static RecordOptions record_options(const CppOptions& options) {
        RecordOptions made;
        made.version_column = options.version_column;
        made.typed_arrays = options.typed_arrays;
        made.relations = options.relations;
        return made;
    }

    void name_types() {
        std::vector<std::vector<std::string>> lists;
        std::vector<const Enum*> enums;
        for (const Enum& type : database_.enums) {
            if (!why_no_enum(type).empty())
                continue;
            enums.push_back(&type);
            const std::string name = type_identifier(type.name);
            const std::string full = type_identifier(type.schema + "_" + type.name);
            lists.push_back({name, name + "Enum", full, full + "Enum"});
        }
        const std::size_t composites = lists.size();
        for (const Composite* const type : composites_.structs) {
            const std::string name = type_identifier(type->name);
            const std::string full = type_identifier(type->schema + "_" + type->name);
            lists.push_back({name, name + "Type", full, full + "Type"});
        }
        const std::size_t tables = lists.size();
        for (const TableMapping& mapped : mappings_.tables) {
            const Table& table = *mapped.table;
            lists.push_back({type_identifier(singular(table.name)), type_identifier(table.name),
                             type_identifier(table.schema + "_" + singular(table.name)),
                             type_identifier(table.schema + "_" + table.name)});
        }
        std::vector<std::string> names = choose_names(lists, types_);
        for (std::size_t i = 0; i < enums.size(); ++i)
            own_.emplace(QualifiedName{enums[i]->schema, enums[i]->name}, names[i]);
        for (std::size_t i = composites; i < tables; ++i) {
            const Composite& type = *composites_.structs[i - composites];
            own_.emplace(QualifiedName{type.schema, type.name}, names[i]);
        }
        for (std::size_t i = 0; i < mappings_.tables.size(); ++i) {
            numbers_.emplace(mappings_.tables[i].table->qualified_name(), i);
            structs_.push_back({&mappings_.tables[i], std::move(names[tables + i]), {}, {}});
        }
    }

    void name_members() {
        for (Struct& each : structs_) {
            const std::size_t count = each.columns() + each.table->relations.size();
            for (std::size_t part = 1; part * most_described < count; ++part) {
                const std::vector<std::string> list{each.name + "Part" + std::to_string(part)};
                each.bases.push_back(choose_names({&list, 1}, types_).front());
            }
        }
        // A member called like a type would hide it from those behind.
        for (Struct& each : structs_) {
            std::vector<std::string> names;
            for (const ColumnMapping& column : each.table->columns)
                names.push_back(column.column->name);
            for (const RelationMapping& relation : each.table->relations)
                names.push_back(relation.relation.name);
            each.members = member_identifiers(names, types_);
        }
    }

    [[nodiscard]] const Struct& struct_of(const QualifiedName& table) const { return structs_[numbers_.at(table)]; }

    [[nodiscard]] Member member_of(const ColumnMapping& mapped) const {
        return member_of(mapped.column->type, mapped.nullable, options_.typed_arrays);
    }

    [[nodiscard]] Member member_of(const TypeUse& type, bool nullable, bool typed_arrays) const {
        const TypeUse& base = database_.base_type(type);
        const auto known = own_.find(base.name);
        const bool own = base.kind == TypeKind::enumeration || base.kind == TypeKind::composite;
        RecordType made = record_type(database_, type, nullable, {.typed_arrays = typed_arrays});
        if (own && known != own_.end() && (!base.array || (typed_arrays && &base == &type)))
            made = {nullptr, {}, known->second, base.array};
        Member member{std::string{made.cpp}, {}, std::move(made.sql_type)};
        if (made.array)
            member.type = "std::vector<std::optional<" + member.type + ">>";
        if (nullable)
            member.type = "std::optional<" + member.type + ">";
        else if (member.type == "bool")
            member.initial = "false";
        else if (member.type.ends_with("int16_t") || member.type.ends_with("int32_t") ||
                 member.type.ends_with("int64_t") || member.type == "float" || member.type == "double")
            member.initial = "0";
        return member;
    }

    [[nodiscard]] std::string enums() const {
        std::string text;
        for (const Enum& type : database_.enums) {
            const auto known = own_.find({type.schema, type.name});
            if (known == own_.end()) {
                text += "\n" + comment("// ", "The enum " + full_name({type.schema, type.name}) +
                                                  " is corm::TextForm: " + why_no_enum(type));
                continue;
            }
            const std::string& name = known->second;
            std::vector<std::string> described{name};
            described.insert(described.end(), type.labels.begin(), type.labels.end());
            const std::string schema = type.schema.empty() ? "" : ", " + string_literal(type.schema);
            text += "\n" + comment("/// ", type.comment) + list_text("enum class " + name + " { ", type.labels, " };") +
                    list_text("\nBOOST_DESCRIBE_ENUM(", described, ")\n") + "constexpr auto corm_enum(corm::type<" +
                    name + ">) {\n    return corm::pg_enum(" + string_literal(type.name) + schema + ");\n}\n";
        }
        return text;
    }

    [[nodiscard]] std::string composites() const {
        std::string text;
        for (const auto& [type, why] : composites_.left_out)
            text += "\n" + comment("// ", "The composite " + full_name(type) + " is corm::TextForm: " + why);
        for (const Composite* const type : composites_.structs) {
            std::vector<std::string> names;
            for (const Attribute& attribute : type->attributes)
                names.push_back(attribute.name);
            names = member_identifiers(names, types_);
            const std::string& name = own_.at({type->schema, type->name});
            text += "\n" + comment("/// ", type->comment) + "struct " + name + " {\n";
            for (std::size_t i = 0; i < names.size(); ++i) {
                const Attribute& attribute = type->attributes[i]; // may be NULL, and arrays are what a record holds
                text += comment("    /// ", attribute.comment) + "    " + member_of(attribute.type, true, true).type +
                        " " + names[i] + "{};\n";
            }
            text += "};\n" + list_text("BOOST_DESCRIBE_STRUCT(" + name + ", (), (", names, "))\n");
            const std::string schema = type->schema.empty() ? "" : ", " + string_literal(type->schema);
            text += "constexpr auto corm_composite(corm::type<" + name + ">) {\n    return corm::pg_composite(" +
                    string_literal(type->name) + schema + ");\n}\n";
        }
        return text;
    }

    /// One struct that holds the members from `first` to `last`.
    [[nodiscard]] std::string part(const Struct& from, const std::string& name, std::size_t first, std::size_t last,
                                   std::span<const std::string> bases) const {
        std::string text = "struct " + name + list_text(bases.empty() ? "" : " : ", bases, " {\n");
        for (std::size_t i = first; i < last; ++i) {
            if (i < from.columns()) {
                const ColumnMapping& mapped = from.table->columns[i];
                const Member member = member_of(mapped);
                text += comment("    /// ", mapped.column->comment) + "    " + member.type + " " + from.members[i] +
                        (member.initial.empty() ? "{}" : " = " + member.initial) + ";\n";
                continue;
            }
            const Relation& relation = from.table->relations[i - from.columns()].relation;
            const char* const link = mapping::is_to_many(relation.kind) ? "    corm::Many<" : "    corm::One<";
            text += link + struct_of(relation.target).name + "> " + from.members[i] + "{};\n";
        }
        const std::span<const std::string> members{from.members};
        return text + "};\n" +
               list_text(list_text("BOOST_DESCRIBE_STRUCT(" + name + ", (", bases, "), ("),
                         members.subspan(first, last - first), "))\n");
    }

    [[nodiscard]] std::string definition(const Struct& from) const {
        std::string text;
        std::size_t first = 0;
        for (const std::string& base : from.bases) {
            text += part(from, base, first, first + most_described, {}) + "\n";
            first += most_described;
        }
        return text + comment("/// ", from.table->table->comment) +
               part(from, from.name, first, from.members.size(), from.bases);
    }

    static std::string pointers(const Struct& owner, const std::vector<std::string>& columns) {
        std::string text;
        for (const std::string& column : columns)
            text += (text.empty() ? "&" : ", &") + owner.name + "::" + owner.member(column);
        return text;
    }

    static std::string options_text(const mapping::RelationOptions& options) {
        if (options.delete_)
            return options.passive_deletes ? "{.delete_ = true, .passive_deletes = true}" : "{.delete_ = true}";
        return options.passive_deletes ? "{.passive_deletes = true}" : "";
    }

    static std::string strings(const std::vector<std::string>& names) {
        std::string text;
        for (const std::string& name : names)
            text += (text.empty() ? "{" : ", ") + string_literal(name);
        return text + "}";
    }

    [[nodiscard]] std::string relation_call(const Struct& from, const RelationMapping& mapped,
                                            const std::string& member) const {
        const Relation& relation = mapped.relation;
        const Struct& target = struct_of(relation.target);
        const std::string head = "<&" + from.name + "::" + member;
        const std::string options = options_text(mapped.options);
        if (relation.kind == RelationKind::many_to_many) {
            const std::string schema = relation.association.schema.empty()
                                           ? ""
                                           : ".schema(" + string_literal(relation.association.schema) + ")";
            return "many_to_many" + head + ">(corm::association(" + string_literal(relation.association.name) + ", " +
                   strings(relation.association_columns) + ", " + strings(relation.association_target_columns) + ")" +
                   schema + (options.empty() ? "" : ", " + options) + ")";
        }
        const std::string call = relation.kind == RelationKind::many_to_one   ? "many_to_one"
                                 : relation.kind == RelationKind::one_to_one  ? "one_to_one"
                                 : relation.kind == RelationKind::one_to_many ? "one_to_many"
                                                                              : "one_to_one_inverse";
        const std::string key = mapping::refers(relation.kind) ? pointers(from, relation.columns)
                                                               : pointers(target, relation.target_columns);
        return call + head + ", " + key + ">(" + options + ")";
    }

    [[nodiscard]] std::string key_call(const Struct& from) const {
        const TableMapping& mapped = *from.table;
        // Only of these would corm leave the value to the server.
        bool left_alone = false;
        if (mapped.assigned && mapped.key.size() == 1) {
            const Column* const column = mapped.table->find_column(mapped.key.front());
            const RecordType type = record_type(database_, column->type, false);
            left_alone = type.type->integer || type.cpp == "corm::Uuid";
        }
        return "primary_key<" + pointers(from, mapped.key) + ">(" + (left_alone ? "corm::assigned)" : ")");
    }

    [[nodiscard]] std::string mapping_function(const Struct& from) const {
        const TableMapping& mapped = *from.table;
        std::vector<std::string> calls;
        if (!mapped.table->schema.empty())
            calls.push_back("schema(" + string_literal(mapped.table->schema) + ")");
        calls.push_back(key_call(from));
        if (mapped.sequence)
            calls.push_back("sequence<" + pointers(from, mapped.key) + ">(" + string_literal(mapped.sequence->name) +
                            (mapped.sequence->schema.empty() ? "" : ", " + string_literal(mapped.sequence->schema)) +
                            ")");
        for (const UniqueMapping& unique : mapped.unique)
            calls.push_back("unique<" + pointers(from, unique.columns) +
                            (unique.deferrable ? ">(corm::deferrable)" : ">()"));
        for (std::size_t i = 0; i < from.columns(); ++i) {
            const ColumnMapping& column = mapped.columns[i];
            const std::string member = "<&" + from.name + "::" + from.members[i] + ">(";
            if (from.members[i] != column.column->name)
                calls.push_back("column" + member + string_literal(column.column->name) + ")");
            if (const std::string type = member_of(column).sql_type; !type.empty())
                calls.push_back("sql_type" + member + string_literal(type) + ")");
            if (column.mark == ColumnMark::version)
                calls.push_back("version" + member + ")");
            else if (column.mark == ColumnMark::generated)
                calls.push_back("generated" + member + ")");
            else if (column.mark == ColumnMark::server_default)
                calls.push_back("server_default" + member + ")");
        }
        for (std::size_t i = 0; i < mapped.relations.size(); ++i)
            calls.push_back(relation_call(from, mapped.relations[i], from.members[from.columns() + i]));
        std::string text = "constexpr auto corm_mapping(corm::type<" + from.name + ">) {\n    return corm::table<" +
                           from.name + ">(" + string_literal(mapped.table->name) + ")";
        for (const std::string& call : calls)
            text += "\n        ." + call;
        return text + ";\n}\n";
    }

    static std::string includes(const std::string& body) {
        constexpr std::pair<std::string_view, std::string_view> standard[] = {
            {"std::chrono::", "chrono"}, {"std::int", "cstdint"},    {"std::optional<", "optional"},
            {"std::string ", "string"},  {"std::string>", "string"}, {"std::vector<", "vector"},
        };
        constexpr std::pair<std::string_view, std::string_view> own[] = {
            {"corm::BitString", "bit_string"}, {"corm::Hstore", "hstore"},       {"corm::MultiRange<", "multirange"},
            {"corm::Inet", "network"},         {"corm::Cidr", "network"},        {"corm::MacAddr", "network"},
            {"corm::Range<", "range"},         {"corm_composite(", "composite"},
        };
        std::string text = "#include <corm/corm.hpp>\n";
        std::set<std::string_view> headers;
        for (const auto& [use, name] : own) {
            if (body.find(use) != std::string::npos)
                headers.insert(name);
        }
        for (const std::string_view name : headers)
            text += "#include <corm/type/" + std::string{name} + ".hpp>\n";
        text += "\n#include <boost/describe/class.hpp>\n#include <boost/describe/enum.hpp>\n";
        if (body.find("boost::json::value") != std::string::npos)
            text += "#include <boost/json/value.hpp>\n";
        std::set<std::string_view> names;
        for (const auto& [use, name] : standard) {
            if (body.find(use) != std::string::npos)
                names.insert(name);
        }
        for (const std::string_view name : names)
            text += (name == *names.begin() ? "\n#include <" : "#include <") + std::string{name} + ">\n";
        return text;
    }

    const Database& database_;
    const CppOptions& options_;
    TableMappings mappings_;
    std::set<std::string> types_; ///< names of structs and enums
    CompositePlan composites_;
    std::map<QualifiedName, std::string> own_;     ///< enums and composites
    std::map<QualifiedName, std::size_t> numbers_; ///< of `structs_`
    std::vector<Struct> structs_;
};

} // namespace

std::string to_cpp(const Database& database, const CppOptions& options) {
    if (!is_cpp_namespace(options.namespace_))
        throw Error("\"" + options.namespace_ +
                    "\" is no name for a namespace; give identifiers that are no words of C++, joined by ::");
    return Header{database, options}.text();
}

} // namespace corm::schema
