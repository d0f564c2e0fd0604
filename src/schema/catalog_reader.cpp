#include "schema/catalog_reader.hpp"

#include "schema/catalog_codes.hpp"
#include "schema/catalog_row.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>

namespace corm::schema {
namespace {

using Number = std::int64_t; // of an object, as the server counts

struct ReadType {
    QualifiedName name;
    TypeKind kind = TypeKind::base;
    Number element = 0; ///< of an array
};

struct ReadIndex {
    Number table = 0;
    Index index;
};

/// What a domain is over, or a range is of, until all types are known.
struct TypeBelow {
    std::size_t place; ///< among the domains or ranges
    Number type;
    std::int32_t modifier;
    std::string text;
};

[[noreturn]] void changed(const std::string& what) {
    throw CatalogChanged("the catalogue changed while it was read: " + what +
                         " is not complete; reflect again when nobody changes the schema");
}

/// Text that the server prints for every such object, unless that is gone by now.
void require(const std::string& text, const char* what, const std::string& name) {
    if (text.empty())
        changed(std::string{what} + " of " + name);
}

/// As the server prints a query: indented by a space, with a semicolon.
std::string trimmed(std::string query) {
    if (const std::size_t end = query.find_last_not_of("; \n"); end != std::string::npos)
        query.resize(end + 1);
    query.erase(0, std::min(query.find_first_not_of(' '), query.size()));
    return query;
}

class CatalogReader {
public:
    explicit CatalogReader(std::span<const types::Rows* const> results) : results_(results) {}

    Database read() {
        each(CatalogPart::search_path, [this](CatalogRow row) { row.read(database_.search_path); });
        each(CatalogPart::extensions, [this](CatalogRow row) {
            Extension& extension = database_.extensions.emplace_back();
            row.read(extension.name, extension.schema);
        });
        each(CatalogPart::types, [this](CatalogRow row) { read_type(row); });
        finish_types();
        each(CatalogPart::relations, [this](CatalogRow row) { read_relation(row); });
        each(CatalogPart::links, [this](CatalogRow row) { read_link(row); });
        each(CatalogPart::columns, [this](CatalogRow row) { read_column(row); });
        each(CatalogPart::indexes, [this](CatalogRow row) { read_index(row); });
        each(CatalogPart::index_terms, [this](CatalogRow row) { read_index_term(row); });
        each(CatalogPart::constraints, [this](CatalogRow row) { read_constraint(row); });
        for (auto& [number, read] : indexes_)
            database_.tables[tables_.at(read.table)].indexes.push_back(std::move(read.index));
        each(CatalogPart::sequences, [this](CatalogRow row) { read_sequence(row); });
        each(CatalogPart::schemas, [this](CatalogRow row) { read_schema(row); });
        sort(database_);
        return std::move(database_);
    }

private:
    void each(CatalogPart part, auto&& visit) {
        const types::Rows& rows = *results_[static_cast<std::size_t>(part)];
        for (int row = 0; row < rows.row_count(); ++row)
            visit(CatalogRow{rows, row});
    }

    TypeUse use(Number number, std::int32_t modifier, std::string text) {
        const auto type = types_.find(number);
        if (type == types_.end() || text == "???") // so format_type prints what it does not find
            changed("type " + text);
        const auto element = type->second.element != 0 ? types_.find(type->second.element) : type;
        if (element == types_.end())
            changed("type " + text);
        return {std::move(text), element->second.name, element->second.kind, element != type, modifier};
    }

    void read_type(CatalogRow& row) {
        Number number = 0, element = 0, relation = 0, below = 0;
        QualifiedName name;
        char kind = 0;
        bool own = false, not_null = false;
        std::string comment, below_text, default_;
        std::vector<std::string> labels;
        std::int32_t modifier = -1;
        QualifiedName collation;
        row.read(number, name, kind, element, own, relation, comment, labels, below, modifier, below_text, not_null,
                 default_, collation);
        types_[number] = {name, kind_of(kind), element};
        if (!own)
            return;
        switch (kind_of(kind)) {
        case TypeKind::enumeration:
            database_.enums.push_back({name.schema, name.name, std::move(labels), std::move(comment)});
            break;
        case TypeKind::domain:
            domains_[number] = database_.domains.size();
            below_domains_.push_back({database_.domains.size(), below, modifier, std::move(below_text)});
            database_.domains.push_back({.schema = name.schema,
                                         .name = name.name,
                                         .not_null = not_null,
                                         .default_ = std::move(default_),
                                         .collation = std::move(collation),
                                         .comment = std::move(comment)});
            break;
        case TypeKind::composite:
            composites_[relation] = database_.composites.size();
            database_.composites.push_back({name.schema, name.name, {}, std::move(comment)});
            break;
        case TypeKind::range: {
            below_ranges_.push_back({database_.ranges.size(), below, modifier, std::move(below_text)});
            Range& range = database_.ranges.emplace_back();
            range.schema = name.schema;
            range.name = name.name;
            range.collation = std::move(collation);
            range.comment = std::move(comment);
            row.read(range.operator_class, range.canonical, range.subtype_diff, range.multirange);
            break;
        }
        default: break;
        }
    }

    void finish_types() {
        for (TypeBelow& below : below_domains_)
            database_.domains[below.place].type = use(below.type, below.modifier, std::move(below.text));
        for (TypeBelow& below : below_ranges_)
            database_.ranges[below.place].subtype = use(below.type, below.modifier, std::move(below.text));
    }

    void read_relation(CatalogRow& row) {
        Number number = 0;
        char kind = 0;
        bool is_partition = false;
        Table table;
        row.read(number, table.schema, table.name, kind, table.comment, table.unlogged, table.row_security,
                 table.options, table.partition_key, is_partition, table.partition_bound, table.definition,
                 table.server);
        table.kind = table_kind_of(kind);
        if (table.is_view())
            require(table.definition, "the query", table.name);
        if (table.kind == TableKind::partitioned_table)
            require(table.partition_key, "the partition key", table.name);
        if (is_partition)
            require(table.partition_bound, "the bound", table.name);
        table.definition = trimmed(std::move(table.definition));
        tables_[number] = database_.tables.size();
        database_.tables.push_back(std::move(table));
    }

    void read_link(CatalogRow& row) {
        Number table = 0;
        bool inherits = false;
        std::int32_t place = 0;
        QualifiedName target;
        row.read(table, inherits, place, target);
        Table& owner = database_.tables[tables_.at(table)];
        (inherits ? owner.parents : owner.reads).push_back(std::move(target));
    }

    void read_column(CatalogRow& row) {
        Number relation = 0, type = 0;
        std::int16_t number = 0;
        std::int32_t modifier = -1;
        std::string text, expression;
        char identity = 0, generated = 0;
        bool is_given = false; // a default or a generated value
        Column column;
        row.read(relation, number, column.name, type, modifier, text, column.not_null, identity, generated, is_given,
                 expression, column.collation, column.storage, column.compression, column.inherited, column.comment);
        column.type = use(type, modifier, std::move(text));
        if (const auto composite = composites_.find(relation); composite != composites_.end()) {
            database_.composites[composite->second].attributes.push_back(
                {std::move(column.name), std::move(column.type), std::move(column.collation),
                 std::move(column.comment)});
            return;
        }
        const auto table = tables_.find(relation);
        if (table == tables_.end())
            return; // an attribute of a composite type of an extension
        if (identity != 0)
            column.identity.kind = identity == 'a' ? IdentityKind::always : IdentityKind::by_default;
        if (is_given)
            require(expression, "the default", column.name);
        (generated != 0 ? column.generated : column.default_) = std::move(expression);
        column.generated_virtual = generated == 'v';
        database_.tables[table->second].columns.push_back(std::move(column));
    }

    void read_index(CatalogRow& row) {
        Number number = 0;
        ReadIndex read;
        bool nulls_apart = false, is_partial = false;
        row.read(number, read.table, read.index.name, read.index.method, read.index.unique, nulls_apart, is_partial,
                 read.index.predicate, read.index.options, read.index.only, read.index.inherited, read.index.comment);
        if (is_partial)
            require(read.index.predicate, "the predicate", read.index.name);
        read.index.nulls_not_distinct = !nulls_apart;
        indexes_.emplace(number, std::move(read));
    }

    void read_index_term(CatalogRow& row) {
        Number index = 0;
        std::int32_t place = 0;
        bool is_key = false, nulls_first = false;
        IndexTerm term;
        row.read(index, place, is_key, term.column, term.expression, term.collation, term.operator_class,
                 term.operator_class_options, term.descending, nulls_first);
        const auto found = indexes_.find(index);
        if (found == indexes_.end())
            return; // one that is not valid
        term.nulls = term.descending == nulls_first ? NullsOrder::usual : NullsOrder::reversed;
        if (!is_key) {
            found->second.index.include.push_back(std::move(term.column));
            return;
        }
        if (term.column.empty())
            require(term.expression, "an expression", found->second.index.name);
        found->second.index.terms.push_back(std::move(term));
    }

    /// The index behind a constraint, which is none of the table's own.
    Index take_index(Number number, const std::string& constraint) {
        const auto node = indexes_.extract(number);
        if (node.empty())
            changed("the index of " + constraint);
        return std::move(node.mapped().index);
    }

    void read_constraint(CatalogRow& row) {
        Number relation = 0, domain = 0, index = 0;
        std::string name, comment, expression;
        char kind = 0, on_update = 0, on_delete = 0;
        bool deferrable = false, deferred = false, not_valid = false, no_inherit = false, inherited = false;
        bool period = false, enforced = true, match_full = false;
        std::vector<std::string> columns, target_columns, on_delete_columns, operator_schemas, operators;
        QualifiedName target;
        row.read(relation, domain, name, kind, index, deferrable, deferred, not_valid, no_inherit, inherited, period,
                 enforced, columns, target, target_columns, on_update, on_delete, on_delete_columns, match_full,
                 expression, operator_schemas, operators, comment);
        const Checking checking = checking_of(deferrable, deferred);
        if (kind == 'c') {
            require(expression, "the condition", name);
            CheckConstraint check{std::move(name), std::move(expression), no_inherit, not_valid, enforced,
                                  inherited,       std::move(comment)};
            if (relation != 0)
                database_.tables[tables_.at(relation)].checks.push_back(std::move(check));
            else if (const auto found = domains_.find(domain); found != domains_.end())
                database_.domains[found->second].checks.push_back(std::move(check));
            return;
        }
        Table& table = database_.tables[tables_.at(relation)];
        if (kind == 'f') {
            table.foreign_keys.push_back({std::move(name), std::move(columns), std::move(target),
                                          std::move(target_columns), action_of(on_update), action_of(on_delete),
                                          std::move(on_delete_columns), match_full, period, checking, not_valid,
                                          enforced, inherited, std::move(comment)});
            return;
        }
        Index of = take_index(index, name);
        if (kind == 'x') {
            ExclusionConstraint exclusion{
                std::move(name), std::move(of.method),  {},        std::move(of.include), std::move(of.predicate),
                checking,        std::move(of.options), inherited, std::move(comment)};
            if (operators.size() != of.terms.size())
                changed("the operators of " + exclusion.name);
            for (std::size_t i = 0; i < of.terms.size(); ++i)
                exclusion.terms.push_back(
                    {std::move(of.terms[i]), {std::move(operator_schemas[i]), std::move(operators[i])}});
            table.exclusions.push_back(std::move(exclusion));
            return;
        }
        KeyConstraint key{
            std::move(name),       std::move(columns), std::move(of.include), of.nulls_not_distinct, period, checking,
            std::move(of.options), inherited,          std::move(comment)};
        if (kind == 'p')
            table.primary_key = std::move(key);
        else
            table.unique.push_back(std::move(key));
    }

    void read_sequence(CatalogRow& row) {
        Sequence sequence;
        SequenceOptions& options = sequence.options;
        bool of_identity = false;
        Number owner = 0;
        row.read(sequence.schema, sequence.name, options.type, options.start, options.increment, options.minimum,
                 options.maximum, options.cache, options.cycle, sequence.unlogged, of_identity, owner, sequence.owner,
                 sequence.owner_column, sequence.comment);
        if (!of_identity) {
            database_.sequences.push_back(std::move(sequence));
            return;
        }
        if (const auto table = tables_.find(owner); table != tables_.end()) {
            for (Column& column : database_.tables[table->second].columns) {
                if (column.name == sequence.owner_column) {
                    column.identity.sequence = {std::move(sequence.schema), std::move(sequence.name)};
                    column.identity.options = std::move(options);
                    return;
                }
            }
        }
    }

    void read_schema(CatalogRow& row) {
        Schema schema;
        bool chosen = false;
        row.read(schema.name, chosen, schema.comment);
        if (chosen || holds_something(schema.name))
            database_.schemas.push_back(std::move(schema));
    }

    bool holds_something(const std::string& schema) {
        if (held_.empty()) {
            const auto hold = [this](const auto& objects) {
                for (const auto& object : objects)
                    held_.insert(object.schema);
            };
            hold(database_.tables), hold(database_.enums), hold(database_.domains);
            hold(database_.composites), hold(database_.ranges), hold(database_.sequences);
        }
        return held_.contains(schema);
    }

    std::span<const types::Rows* const> results_;
    Database database_;
    std::unordered_map<Number, ReadType> types_;
    std::unordered_map<Number, std::size_t> tables_, composites_, domains_;
    std::vector<TypeBelow> below_domains_, below_ranges_;
    std::unordered_map<Number, ReadIndex> indexes_;
    std::set<std::string> held_;
};

} // namespace

Database read_catalog(std::span<const types::Rows* const> results) {
    return CatalogReader{results}.read();
}

} // namespace corm::schema
