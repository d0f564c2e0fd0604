#include <corm/schema/json.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string_view>
#include <utility>

namespace corm::schema {
namespace {

namespace json = boost::json;

// Each enumeration in the order of its values.
constexpr std::string_view type_kinds[] = {"base", "enum", "domain", "composite", "range", "multirange", "pseudo"};
constexpr std::string_view table_kinds[] = {"table", "partitioned table", "view", "materialized view", "foreign table"};
constexpr std::string_view identities[] = {"", "always", "by default"};
constexpr std::string_view actions[] = {"", "restrict", "cascade", "set null", "set default"};
constexpr std::string_view checkings[] = {"", "deferrable", "initially deferred"};
constexpr std::string_view relation_kinds[] = {"one to many", "many to one", "one to one", "one to one inverse",
                                               "many to many"};

template <std::size_t N, class Enumeration>
std::string_view word(const std::string_view (&words)[N], Enumeration value) noexcept {
    return words[static_cast<std::size_t>(value)];
}

json::value json_of(const std::string& text);
json::value json_of(const QualifiedName& name);
json::value json_of(const TypeUse& type);
json::value json_of(const SequenceOptions& options);
json::value json_of(const Column& column);
json::value json_of(const KeyConstraint& key);
json::value json_of(const ForeignKey& key);
json::value json_of(const CheckConstraint& check);
json::value json_of(const IndexTerm& term);
json::value json_of(const Index& index);
json::value json_of(const ExclusionTerm& term);
json::value json_of(const ExclusionConstraint& exclusion);
json::value json_of(const Table& table);
json::value json_of(const Enum& type);
json::value json_of(const Domain& domain);
json::value json_of(const Attribute& attribute);
json::value json_of(const Composite& type);
json::value json_of(const Range& range);
json::value json_of(const Sequence& sequence);
json::value json_of(const Schema& schema);
json::value json_of(const Extension& extension);

class Object {
public:
    template <class Value>
    Object& always(std::string_view name, Value&& value) {
        object_.emplace(name, std::forward<Value>(value));
        return *this;
    }
    Object& put(std::string_view name, std::string_view text) { return text.empty() ? *this : always(name, text); }
    Object& put(std::string_view name, const std::string& text) { return put(name, std::string_view{text}); }
    Object& put(std::string_view name, bool flag) { return flag ? always(name, true) : *this; }
    Object& put(std::string_view name, const QualifiedName& qualified) {
        return qualified.empty() ? *this : always(name, json_of(qualified));
    }
    template <class Item>
    Object& put(std::string_view name, const std::vector<Item>& items) {
        if (items.empty())
            return *this;
        json::array array;
        array.reserve(items.size());
        for (const Item& item : items)
            array.push_back(json_of(item));
        return always(name, std::move(array));
    }
    Object& named(std::string_view schema, std::string_view name) {
        return always("schema", schema).always("name", name);
    }
    Object& called(std::string_view name) { return always("name", name); }

    [[nodiscard]] json::value value() { return std::move(object_); }

private:
    json::object object_;
};

json::value json_of(const std::string& text) {
    return json::string{text};
}

json::value json_of(const QualifiedName& name) {
    return Object{}.named(name.schema, name.name).value();
}

json::value json_of(const TypeUse& type) {
    return Object{}
        .always("text", type.text)
        .named(type.name.schema, type.name.name)
        .always("kind", word(type_kinds, type.kind))
        .always("array", type.array)
        .always("modifier", type.modifier)
        .value();
}

json::value json_of(const SequenceOptions& options) {
    return Object{}
        .always("type", options.type)
        .always("start", options.start)
        .always("increment", options.increment)
        .always("minimum", options.minimum)
        .always("maximum", options.maximum)
        .always("cache", options.cache)
        .always("cycle", options.cycle)
        .value();
}

json::value json_of(const Column& column) {
    Object object;
    object.called(column.name).always("type", json_of(column.type)).put("not_null", column.not_null);
    object.put("default", column.default_);
    if (column.identity)
        object.always("identity", Object{}
                                      .put("kind", word(identities, column.identity.kind))
                                      .put("sequence", column.identity.sequence)
                                      .always("options", json_of(column.identity.options))
                                      .value());
    return object.put("generated", column.generated)
        .put("generated_virtual", column.generated_virtual)
        .put("collation", column.collation)
        .put("storage", column.storage)
        .put("compression", column.compression)
        .put("inherited", column.inherited)
        .put("comment", column.comment)
        .value();
}

json::value json_of(const KeyConstraint& key) {
    return Object{}
        .called(key.name)
        .put("columns", key.columns)
        .put("include", key.include)
        .put("nulls_not_distinct", key.nulls_not_distinct)
        .put("without_overlaps", key.without_overlaps)
        .put("checking", word(checkings, key.checking))
        .put("options", key.options)
        .put("inherited", key.inherited)
        .put("comment", key.comment)
        .value();
}

json::value json_of(const ForeignKey& key) {
    return Object{}
        .called(key.name)
        .put("columns", key.columns)
        .put("target", key.target)
        .put("target_columns", key.target_columns)
        .put("on_update", word(actions, key.on_update))
        .put("on_delete", word(actions, key.on_delete))
        .put("on_delete_columns", key.on_delete_columns)
        .put("match_full", key.match_full)
        .put("period", key.period)
        .put("checking", word(checkings, key.checking))
        .put("not_valid", key.not_valid)
        .put("not_enforced", !key.enforced)
        .put("inherited", key.inherited)
        .put("comment", key.comment)
        .value();
}

json::value json_of(const CheckConstraint& check) {
    return Object{}
        .called(check.name)
        .put("expression", check.expression)
        .put("no_inherit", check.no_inherit)
        .put("not_valid", check.not_valid)
        .put("not_enforced", !check.enforced)
        .put("inherited", check.inherited)
        .put("comment", check.comment)
        .value();
}

Object of_term(const IndexTerm& term) {
    Object object;
    object.put("column", term.column)
        .put("expression", term.expression)
        .put("collation", term.collation)
        .put("operator_class", term.operator_class)
        .put("operator_class_options", term.operator_class_options)
        .put("descending", term.descending)
        .put("nulls_reversed", term.nulls == NullsOrder::reversed);
    return object;
}

json::value json_of(const IndexTerm& term) {
    return of_term(term).value();
}

json::value json_of(const ExclusionTerm& term) {
    return of_term(term.term).put("operator", term.operator_).value();
}

json::value json_of(const Index& index) {
    return Object{}
        .called(index.name)
        .put("method", index.method)
        .put("unique", index.unique)
        .put("terms", index.terms)
        .put("include", index.include)
        .put("nulls_not_distinct", index.nulls_not_distinct)
        .put("predicate", index.predicate)
        .put("options", index.options)
        .put("only", index.only)
        .put("inherited", index.inherited)
        .put("comment", index.comment)
        .value();
}

json::value json_of(const ExclusionConstraint& exclusion) {
    return Object{}
        .called(exclusion.name)
        .put("method", exclusion.method)
        .put("terms", exclusion.terms)
        .put("include", exclusion.include)
        .put("predicate", exclusion.predicate)
        .put("checking", word(checkings, exclusion.checking))
        .put("options", exclusion.options)
        .put("inherited", exclusion.inherited)
        .put("comment", exclusion.comment)
        .value();
}

json::value json_of(const Table& table) {
    Object object;
    object.always("kind", word(table_kinds, table.kind));
    object.always("schema", table.schema).called(table.name).put("columns", table.columns);
    if (table.primary_key)
        object.always("primary_key", json_of(*table.primary_key));
    return object.put("unique", table.unique)
        .put("foreign_keys", table.foreign_keys)
        .put("checks", table.checks)
        .put("exclusions", table.exclusions)
        .put("indexes", table.indexes)
        .put("parents", table.parents)
        .put("partition_key", table.partition_key)
        .put("partition_bound", table.partition_bound)
        .put("definition", table.definition)
        .put("reads", table.reads)
        .put("server", table.server)
        .put("unlogged", table.unlogged)
        .put("row_security", table.row_security)
        .put("options", table.options)
        .put("comment", table.comment)
        .value();
}

json::value json_of(const Enum& type) {
    return Object{}.named(type.schema, type.name).put("labels", type.labels).put("comment", type.comment).value();
}

json::value json_of(const Domain& domain) {
    return Object{}
        .named(domain.schema, domain.name)
        .always("type", json_of(domain.type))
        .put("not_null", domain.not_null)
        .put("default", domain.default_)
        .put("collation", domain.collation)
        .put("checks", domain.checks)
        .put("comment", domain.comment)
        .value();
}

json::value json_of(const Attribute& attribute) {
    return Object{}
        .called(attribute.name)
        .always("type", json_of(attribute.type))
        .put("collation", attribute.collation)
        .put("comment", attribute.comment)
        .value();
}

json::value json_of(const Composite& type) {
    return Object{}
        .named(type.schema, type.name)
        .put("attributes", type.attributes)
        .put("comment", type.comment)
        .value();
}

json::value json_of(const Range& range) {
    return Object{}
        .named(range.schema, range.name)
        .always("subtype", json_of(range.subtype))
        .put("operator_class", range.operator_class)
        .put("collation", range.collation)
        .put("canonical", range.canonical)
        .put("subtype_diff", range.subtype_diff)
        .put("multirange", range.multirange)
        .put("comment", range.comment)
        .value();
}

json::value json_of(const Sequence& sequence) {
    return Object{}
        .named(sequence.schema, sequence.name)
        .always("options", json_of(sequence.options))
        .put("unlogged", sequence.unlogged)
        .put("owner", sequence.owner)
        .put("owner_column", sequence.owner_column)
        .put("comment", sequence.comment)
        .value();
}

json::value json_of(const Schema& schema) {
    return Object{}.called(schema.name).put("comment", schema.comment).value();
}

json::value json_of(const Extension& extension) {
    return Object{}.named(extension.schema, extension.name).value();
}

} // namespace

json::value to_json(const Database& database) {
    return Object{}
        .put("schemas", database.schemas)
        .put("extensions", database.extensions)
        .put("tables", database.tables)
        .put("enums", database.enums)
        .put("domains", database.domains)
        .put("composites", database.composites)
        .put("ranges", database.ranges)
        .put("sequences", database.sequences)
        .put("search_path", database.search_path)
        .value();
}

json::value to_json(std::span<const Relation> relations) {
    json::array array;
    array.reserve(relations.size());
    for (const Relation& relation : relations)
        array.push_back(Object{}
                            .always("kind", word(relation_kinds, relation.kind))
                            .called(relation.name)
                            .always("table", json_of(relation.table))
                            .always("target", json_of(relation.target))
                            .put("columns", relation.columns)
                            .put("target_columns", relation.target_columns)
                            .put("foreign_key", relation.foreign_key)
                            .put("optional", relation.optional)
                            .put("association", relation.association)
                            .put("association_columns", relation.association_columns)
                            .put("association_target_columns", relation.association_target_columns)
                            .put("association_target_key", relation.association_target_key)
                            .value());
    return array;
}

} // namespace corm::schema
