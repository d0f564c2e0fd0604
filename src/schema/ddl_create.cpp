#include "schema/ddl_parts.hpp"
#include "schema/ddl_statements.hpp"
#include "schema/ddl_table.hpp"
#include "schema/ddl_text.hpp"

#include <corm/base/error.hpp>

#include <algorithm>
#include <set>

namespace corm::schema {
namespace {

using namespace ddl;

constexpr auto is_in = [](const Database& existing, auto find) {
    return [&existing, find](const auto& object) { return (existing.*find)(object.schema, object.name) != nullptr; };
};

/// Everything of `wanted` that `existing` lacks.
Database missing_of(Database wanted, const Database& existing, const CreateOptions& options) {
    std::erase_if(wanted.schemas, [&](const Schema& schema) {
        return !options.schemas || schema.name == "public" || existing.find_schema(schema.name) != nullptr;
    });
    std::erase_if(wanted.extensions, [&](const Extension& extension) {
        return !options.extensions || std::any_of(existing.extensions.begin(), existing.extensions.end(),
                                                  [&](const Extension& one) { return one.name == extension.name; });
    });
    std::erase_if(wanted.enums, is_in(existing, &Database::find_enum));
    std::erase_if(wanted.domains, is_in(existing, &Database::find_domain));
    std::erase_if(wanted.composites, is_in(existing, &Database::find_composite));
    std::erase_if(wanted.ranges, is_in(existing, &Database::find_range));
    std::erase_if(wanted.sequences, is_in(existing, &Database::find_sequence));
    std::erase_if(wanted.tables, [&existing](const Table& table) {
        const Table* found = existing.find_table(table.schema, table.name);
        return found != nullptr && found->kind == table.kind;
    });
    return wanted;
}

const char* kind_of(const Table& table) noexcept {
    switch (table.kind) {
    case TableKind::table: break;
    case TableKind::partitioned_table: return "a partitioned table";
    case TableKind::view: return "a view";
    case TableKind::materialized_view: return "a materialized view";
    case TableKind::foreign_table: return "a foreign table";
    }
    return "a table";
}

/// What has the name in the database; null if nothing of the model does.
const char* relation_kind(const Database& existing, const QualifiedName& name) {
    if (const Table* table = existing.find_table(name.schema, name.name))
        return kind_of(*table);
    return existing.find_sequence(name.schema, name.name) != nullptr ? "a sequence" : nullptr;
}
const char* type_kind(const Database& existing, const QualifiedName& name) {
    if (existing.find_enum(name.schema, name.name) != nullptr)
        return "an enum";
    if (existing.find_domain(name.schema, name.name) != nullptr)
        return "a domain";
    if (existing.find_composite(name.schema, name.name) != nullptr)
        return "a composite type";
    return existing.find_range(name.schema, name.name) != nullptr ? "a range type" : nullptr;
}

/// Refuses what would have the name of an object of another kind.
void check_names(const Database& missing, const Database& existing) {
    const auto check = [](const QualifiedName& name, const char* kind, const char* there) {
        if (there != nullptr)
            throw MappingError("cannot create " + plain(name) + " as " + kind + ": the database has " + there +
                               " of that name; drop or rename it, or give another name to the new one");
    };
    for (const Table& table : missing.tables)
        check(table.qualified_name(), kind_of(table), relation_kind(existing, table.qualified_name()));
    for (const Sequence& sequence : missing.sequences) {
        const QualifiedName name{sequence.schema, sequence.name};
        check(name, "a sequence", relation_kind(existing, name));
    }
    const auto check_types = [&](const auto& types, const char* kind) {
        for (const auto& type : types) {
            const QualifiedName name{type.schema, type.name};
            check(name, kind, type_kind(existing, name));
        }
    };
    check_types(missing.enums, "an enum");
    check_types(missing.domains, "a domain");
    check_types(missing.composites, "a composite type");
    check_types(missing.ranges, "a range type");
}

class Creator {
public:
    Creator(const Database& wanted, const Database& existing, const Database& missing)
        : wanted_(wanted), existing_(existing), missing_(missing), order_(order_objects(missing)),
          writer_(missing, existing, order_) {}

    std::vector<DdlStatement> statements() {
        for (const Enum& type : wanted_.enums) {
            if (const Enum* found = existing_.find_enum(type.schema, type.name))
                add_labels(type, *found, statements_);
        }
        for (const Schema& schema : missing_.schemas) {
            doing_ = "creating schema " + schema.name;
            add("CREATE SCHEMA " + quote(schema.name));
            comment("SCHEMA " + quote(schema.name), schema.comment);
        }
        for (const Extension& extension : missing_.extensions)
            create(extension);
        for (const Sequence& sequence : missing_.sequences)
            create_as(sequence, "sequence", "SEQUENCE", sequence_text(sequence));
        for (const Object& object : order_.objects)
            std::visit([this](const auto* each) { create(*each); }, object);
        for (const Sequence& sequence : missing_.sequences) {
            if (sequence.owner.empty())
                continue;
            doing_ = "creating sequence " + plain_name(sequence);
            add("ALTER SEQUENCE " + quoted_name(sequence) + " OWNED BY " + quote(sequence.owner) + "." +
                quote(sequence.owner_column));
        }
        finish_tables();
        return std::move(statements_);
    }

private:
    void add(std::string sql) {
        if (sql.empty())
            return;
        if (sql.find('\0') != std::string::npos)
            throw MappingError("a text of the model holds a NUL byte, which PostgreSQL does not take (while " + doing_ +
                               "); remove it");
        statements_.push_back({std::move(sql), doing_});
    }
    void comment(const std::string& object, const std::string& text) {
        if (!text.empty())
            add("COMMENT ON " + object + " IS " + literal(text));
    }
    void create_as(const auto& object, const char* kind, const char* keyword, std::string text) {
        doing_ = std::string{"creating "} + kind + " " + plain_name(object);
        add(std::move(text));
        comment(std::string{keyword} + " " + quoted_name(object), object.comment);
    }

    void create(const Extension& extension) {
        doing_ = "creating extension " + extension.name;
        // Others that it needs are installed along, and may be on the list themselves.
        std::string text = "CREATE EXTENSION IF NOT EXISTS " + quote(extension.name);
        if (extension.schema == "public" || wanted_.find_schema(extension.schema) != nullptr)
            text += " WITH SCHEMA " + quote(extension.schema);
        add(text + " CASCADE");
    }
    void create(const Enum& type) { create_as(type, "enum", "TYPE", enum_text(type)); }
    void create(const Range& range) { create_as(range, "range", "TYPE", range_text(range)); }
    void create(const Domain& domain) {
        create_as(domain, "domain", "DOMAIN", domain_text(domain));
        for (const CheckConstraint& check : domain.checks) {
            if (check.not_valid)
                add("ALTER DOMAIN " + quoted_name(domain) + " ADD " + check_text(check));
            comment("CONSTRAINT " + quote(check.name) + " ON DOMAIN " + quoted_name(domain), check.comment);
        }
    }
    void create(const Composite& composite) {
        create_as(composite, "composite type", "TYPE", composite_text(composite));
        for (const Attribute& each : composite.attributes)
            comment("COLUMN " + quoted_name(composite) + "." + quote(each.name), each.comment);
    }

    void create(const Table& table) {
        const char* keyword = keyword_of(table.kind);
        const std::string name = quoted_name(table);
        doing_ = "creating " + std::string{kind_of(table)}.substr(2) + " " + plain_name(table);
        add(table.is_view() ? view_text(table) : writer_.create_text(table));
        for (const Index& index : table.indexes) {
            if (!index.only && !(index.inherited && writer_.descent_of(table) == Descent::partition_of))
                add(index_text(table, index));
        }
        add(writer_.descend_text(table));
        add(writer_.adjust_text(table));
        if (table.row_security)
            add("ALTER TABLE " + name + " ENABLE ROW LEVEL SECURITY");
        comment(keyword + (" " + name), table.comment);
        for (const Column& column : table.columns) {
            if (table.kind == TableKind::view && !column.default_.empty())
                add("ALTER VIEW " + name + " ALTER COLUMN " + quote(column.name) + " SET DEFAULT " + column.default_);
            comment("COLUMN " + name + "." + quote(column.name), column.comment);
        }
        if (table.primary_key)
            comment_constraint(table, *table.primary_key);
        comment_constraints(table, table.unique);
        comment_constraints(table, table.exclusions);
        for (const CheckConstraint& check : table.checks) {
            if (!is_late(table, check))
                comment_constraint(table, check);
        }
        for (const ForeignKey& key : table.foreign_keys) {
            if (!is_late(table, key))
                comment_constraint(table, key);
        }
        for (const Index& index : table.indexes) {
            if (!index.only)
                comment_index(table, index);
        }
    }

    /// It is not there with the table, be it that a parent gets it late.
    bool is_late(const Table& table, const auto& constraint) const {
        return writer_.is_late(table, constraint) || writer_.comes_along(table, constraint);
    }
    void comment_constraint(const Table& table, const auto& constraint) {
        if (!constraint.comment.empty())
            comment("CONSTRAINT " + quote(constraint.name) + " ON " + quoted_name(table), constraint.comment);
    }
    void comment_constraints(const Table& table, const auto& constraints) {
        for (const auto& constraint : constraints)
            comment_constraint(table, constraint);
    }
    void comment_index(const Table& table, const Index& index) {
        if (!index.comment.empty())
            comment("INDEX " + quote(QualifiedName{table.schema, index.name}), index.comment);
    }

    void add_to(const Table& table, const std::string& constraint) {
        add(std::string{"ALTER "} + keyword_of(table.kind) + " " + quoted_name(table) + "\n    ADD " + constraint);
    }

    /// The tables in the order in which they are created.
    void each_table(auto&& visit) {
        for (const Object& object : order_.objects) {
            if (const Table* const* table = std::get_if<const Table*>(&object)) {
                doing_ = "completing " + std::string{kind_of(**table)}.substr(2) + " " + plain_name(**table);
                visit(**table);
            }
        }
    }

    void finish_tables() {
        each_table([this](const Table& table) { add(writer_.storage_text(table)); });
        std::vector<const Table*> partitions;
        each_table([&](const Table& table) { partitions.push_back(&table); });
        // A partition has the foreign key of its parent ahead of that, by another name: it is found then.
        std::reverse(partitions.begin(), partitions.end());
        for (const Table* table : partitions) {
            doing_ = "completing table " + plain_name(*table);
            add_late(*table, true);
        }
        each_table([this](const Table& table) {
            add_late(table, false);
            for (const CheckConstraint& check : table.checks) {
                if (writer_.is_late(table, check) && !writer_.comes_along(table, check))
                    add_to(table, check_text(check));
            }
        });
        each_table([this](const Table& table) {
            for (const CheckConstraint& check : table.checks) {
                if (is_late(table, check))
                    comment_constraint(table, check);
            }
            for (const ForeignKey& key : table.foreign_keys) {
                if (is_late(table, key))
                    comment_constraint(table, key);
            }
        });
        each_table([this](const Table& table) {
            for (const Index& index : table.indexes) {
                if (index.only) {
                    add(index_text(table, index));
                    comment_index(table, index);
                }
            }
        });
        each_table([this](const Table& table) { attach_indexes(table); });
    }

    void add_late(const Table& table, bool inherited) {
        for (const ForeignKey& key : table.foreign_keys) {
            if (key.inherited == inherited && writer_.is_late(table, key) && !writer_.comes_along(table, key))
                add_to(table, foreign_key_text(key));
        }
    }

    /// The indexes of a partition that belong to one that not all partitions have. The model tells which of them belong
    /// to some index of the parent, and this finds it by its terms; the server has matched the others.
    void attach_indexes(const Table& partition) {
        if (!partition.is_partition())
            return;
        const Table* parent = writer_.find(partition.parents.front());
        if (parent == nullptr || !writer_.is_created(partition.parents.front()))
            return;
        std::set<const Index*> matched;
        const auto match = [&](const Index& index) -> const Index* {
            for (const Index& own : partition.indexes) {
                if (own.inherited && !matched.contains(&own) && shape(own) == shape(index)) {
                    matched.insert(&own);
                    return &own;
                }
            }
            return nullptr;
        };
        for (const Index& index : parent->indexes) {
            if (!index.only)
                match(index);
        }
        for (const Index& index : parent->indexes) {
            const Index* own = index.only ? match(index) : nullptr;
            if (own != nullptr)
                add("ALTER INDEX " + quote(QualifiedName{parent->schema, index.name}) + " ATTACH PARTITION " +
                    quote(QualifiedName{partition.schema, own->name}));
        }
    }
    static Index shape(Index index) {
        index.name.clear();
        index.comment.clear();
        index.options.clear();
        index.only = index.inherited = false;
        return index;
    }

    const Database& wanted_;
    const Database& existing_;
    const Database& missing_;
    const ObjectOrder order_;
    const TableWriter writer_;
    std::string doing_;
    std::vector<DdlStatement> statements_;
};

} // namespace

void add_labels(const Enum& wanted, const Enum& existing, std::vector<DdlStatement>& statements) {
    const std::string name = plain_name(wanted);
    const auto place = [&existing](const std::string& label) {
        return std::find(existing.labels.begin(), existing.labels.end(), label);
    };
    const auto is_there = [&](const std::string& label) { return place(label) != existing.labels.end(); };
    auto last = existing.labels.end();
    for (const std::string& label : wanted.labels) {
        if (!is_there(label))
            continue;
        if (last != existing.labels.end() && place(label) < last)
            throw MappingError("enum " + name + " has its labels in another order in the database, where '" + label +
                               "' comes ahead of '" + *last +
                               "'; give the model the order of the database, or make "
                               "the type anew");
        last = place(label);
    }
    for (std::size_t i = 0; i < wanted.labels.size(); ++i) {
        if (is_there(wanted.labels[i]))
            continue;
        std::string text = "ALTER TYPE " + quoted_name(wanted) + " ADD VALUE " + literal(wanted.labels[i]);
        const auto next = std::find_if(wanted.labels.begin(), wanted.labels.end(), is_there);
        if (i > 0)
            text += " AFTER " + literal(wanted.labels[i - 1]);
        else if (next != wanted.labels.end())
            text += " BEFORE " + literal(*next);
        statements.push_back({std::move(text), "adding a label to enum " + name, true});
    }
}

std::vector<DdlStatement> create_statements(Database wanted, const Database& existing, const CreateOptions& options) {
    apply_naming(wanted, options.naming);
    sort(wanted);
    const Database missing = missing_of(wanted, existing, options);
    check_names(missing, existing);
    return Creator{wanted, existing, missing}.statements();
}

} // namespace corm::schema
