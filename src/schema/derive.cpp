#include <corm/schema/derive.hpp>

#include "mapping/relation_ends.hpp"
#include "schema/column_sets.hpp"
#include "schema/type_names.hpp"

#include <corm/base/error.hpp>
#include <corm/sql/identifier.hpp>
#include <corm/type/composite.hpp>
#include <corm/type/enumeration.hpp>
#include <corm/type/oid.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace corm::schema {
namespace {

using mapping::Mapper;
using mapping::RelationEnds;
using Names = std::vector<std::string>;

Names names(const Mapper& mapper, std::span<const std::uint16_t> columns) {
    Names found;
    for (const std::uint16_t column : columns)
        found.push_back(mapper.column(column).name);
    return found;
}

SequenceOptions options_of(const TypeUse& integer) {
    SequenceOptions options;
    options.type = integer.text;
    if (integer.name.name == "int4")
        options.maximum = std::numeric_limits<std::int32_t>::max();
    else if (integer.name.name == "int2")
        options.maximum = std::numeric_limits<std::int16_t>::max();
    return options;
}

class Derivation {
public:
    explicit Derivation(const DeriveOptions& options) : options_(options) {
        for (const auto& [member, expression] : options.expressions)
            unused_.insert(member);
    }

    void add(const Mapper& mapper) {
        if (!seen_.insert(&mapper).second)
            return;
        if (table_of(mapper.schema(), mapper.table()) == nullptr) {
            Table& table = database_.tables.emplace_back();
            table.schema = mapper.schema();
            table.name = mapper.table();
        }
        // Several mappings of one table have a part of it each.
        Table& table = *table_of(mapper.schema(), mapper.table());
        for (const mapping::Column& column : mapper.columns()) {
            Column made = column_of(mapper, column);
            if (table.find_column(made.name) == nullptr)
                table.columns.push_back(std::move(made));
        }
        for (const mapping::UniqueSet& set : mapper.unique_sets()) {
            KeyConstraint constraint;
            constraint.columns = names(mapper, set.columns);
            constraint.checking = set.deferrable ? Checking::deferrable : Checking::immediate;
            if (!set.key)
                make_unique(table, std::move(constraint));
            else if (!table.primary_key)
                table.primary_key = std::move(constraint);
            if (set.key)
                table.primary_key->columns = names(mapper, mapper.key_columns());
        }
    }

    void relate(const Mapper& mapper) {
        if (!mapper.relations().empty()) {
            for (const RelationEnds& ends : mapping::RelationMap::of(mapper)) {
                if (ends.kind() == mapping::RelationKind::many_to_many)
                    add_association(ends);
                else
                    add_foreign_key(ends);
            }
        }
    }

    [[nodiscard]] Database finish() && {
        if (!unused_.empty())
            throw MappingError("an expression was given for " + *unused_.begin() +
                               ", which is no column that is left to the server; name it by entity and member");
        for (Table& table : database_.tables) {
            if (options_.index_foreign_keys)
                add_indexes(table);
        }
        add_schemas();
        sort(database_);
        return std::move(database_);
    }

private:
    Column column_of(const Mapper& mapper, const mapping::Column& mapped) {
        Column column;
        column.name = mapped.name;
        column.not_null = mapped.key || !mapped.type->nullable;
        column.type = type_of(mapped);
        const std::string name = mapper.entity() + "." + mapped.member;
        const auto given = options_.expressions.find(name);
        const bool has_expression = given != options_.expressions.end();
        if (has_expression)
            unused_.erase(name);
        if (mapped.computed || mapped.server_default >= 0) {
            if (!has_expression)
                throw MappingError(name + " is left to the server, and the mapping does not say what it is there; give "
                                          "its expression: DeriveOptions::expressions");
            (mapped.computed ? column.generated : column.default_) = given->second;
        } else if (has_expression) {
            column.default_ = given->second;
        } else if (mapped.generated && !mapper.sequence().empty()) {
            std::string sequence;
            if (!mapper.sequence_schema().empty())
                sequence = sql::quote_identifier(mapper.sequence_schema()) + ".";
            sequence += sql::quote_identifier(mapper.sequence());
            std::string literal;
            for (const char c : sequence)
                literal += c == '\'' ? std::string{"''"} : std::string{c};
            column.default_ = "nextval('" + literal + "'::regclass)";
            add_sequence(mapper);
        } else if (mapped.generated && mapped.type->integer) {
            column.identity.kind = IdentityKind::by_default;
            column.identity.options = options_of(column.type);
        } else if (mapped.generated) {
            column.default_ = "gen_random_uuid()";
        }
        return column;
    }

    void add_sequence(const Mapper& mapper) {
        const auto known = std::find_if(database_.sequences.begin(), database_.sequences.end(), [&](const auto& each) {
            return each.schema == mapper.sequence_schema() && each.name == mapper.sequence();
        });
        if (known != database_.sequences.end())
            return;
        Sequence sequence;
        sequence.schema = mapper.sequence_schema();
        sequence.name = mapper.sequence();
        database_.sequences.push_back(std::move(sequence));
    }

    TypeUse type_of(const mapping::Column& mapped) {
        return type_of(mapped.sql_type(), *mapped.type, !mapped.declared.empty());
    }

    /// `declared`: the mapping says the type; it is there, or of the system.
    TypeUse type_of(std::string_view written, const types::ValueType& of, bool declared) {
        const types::ValueType& value = of.element != nullptr ? *of.element : of;
        TypeUse type;
        type.array = written.ends_with("[]");
        std::string element{written.substr(0, written.size() - (type.array ? 2 : 0))};
        const WrittenType parsed = parse_type(written);
        type.name = parsed.name;
        const bool of_system =
            value.oid != 0 && type.name.schema.empty() && element.find('"') == std::string::npos && !declared;
        if (!declared && value.labels != nullptr && !value.labels->as_text) {
            type.kind = TypeKind::enumeration;
            add_enum(type.name, *value.labels);
        } else if (!declared && value.fields != nullptr) {
            type.kind = TypeKind::composite;
            add_composite(type.name, *value.fields);
        } else if (of_system) {
            type.name.schema = "pg_catalog";
            element = sql_type_name(type.name.name) + (parsed.modifier.empty() ? "" : "(" + parsed.modifier + ")");
        }
        type.text = element + (type.array ? "[]" : "");
        return type;
    }

    void add_composite(const QualifiedName& name, const types::detail::CompositeTable& fields) {
        const auto known = [&] {
            return std::any_of(database_.composites.begin(), database_.composites.end(), [&name](const auto& each) {
                return each.schema == name.schema && each.name == name.name;
            });
        };
        if (known())
            return;
        Composite made{name.schema, name.name, {}, {}};
        for (const auto& field : std::span{fields.fields, fields.count})
            made.attributes.push_back(
                {std::string{field.name}, type_of(field.type->sql_type(), *field.type, false), {}, {}});
        database_.composites.push_back(std::move(made));
    }

    void add_enum(const QualifiedName& name, const types::detail::EnumTable& labels) {
        const auto known = std::find_if(database_.enums.begin(), database_.enums.end(), [&name](const Enum& each) {
            return each.schema == name.schema && each.name == name.name;
        });
        if (known != database_.enums.end())
            return;
        Enum made{name.schema, name.name, {}, {}};
        for (const auto& label : std::span{labels.labels, labels.count})
            made.labels.emplace_back(label.label);
        database_.enums.push_back(std::move(made));
    }

    [[nodiscard]] Table* table_of(const std::string& schema, const std::string& name) {
        const auto found = std::find_if(database_.tables.begin(), database_.tables.end(), [&](const Table& table) {
            return table.schema == schema && table.name == name;
        });
        return found == database_.tables.end() ? nullptr : &*found;
    }

    void add_foreign_key(const RelationEnds& ends) {
        const bool here = refers(ends.kind());
        const Mapper& referring = here ? *ends.owner : *ends.target;
        const Mapper& referred = here ? *ends.target : *ends.owner;
        Table* const table = table_of(referring.schema(), referring.table());
        if (table == nullptr)
            return;
        ForeignKey key;
        key.columns = names(referring, here ? ends.here : ends.there);
        key.target = {referred.schema(), referred.table()};
        key.target_columns = names(referred, here ? ends.there : ends.here);
        auto known =
            std::find_if(table->foreign_keys.begin(), table->foreign_keys.end(), [&key](const ForeignKey& each) {
                return each.columns == key.columns && each.target == key.target;
            });
        if (known == table->foreign_keys.end()) {
            table->foreign_keys.push_back(std::move(key));
            known = table->foreign_keys.end() - 1;
        }
        // What happens to the rows that refer is said by the side that is referred to.
        const mapping::RelationOptions& relation = ends.relation->options;
        if (!here && relation.passive_deletes)
            known->on_delete = relation.delete_ ? ReferentialAction::cascade : ReferentialAction::set_null;
        const bool one = ends.kind() == mapping::RelationKind::one_to_one ||
                         ends.kind() == mapping::RelationKind::one_to_one_inverse;
        if (!one)
            return;
        KeyConstraint constraint;
        constraint.columns = known->columns;
        make_unique(*table, std::move(constraint));
    }

    static void make_unique(Table& table, KeyConstraint made) {
        const auto same = [&made](const KeyConstraint& constraint) {
            return same_columns(made.columns, constraint.columns);
        };
        if ((table.primary_key && same(*table.primary_key)) ||
            std::any_of(table.unique.begin(), table.unique.end(), same))
            return;
        table.unique.push_back(std::move(made));
    }

    void add_association(const RelationEnds& ends) {
        const mapping::AssociationTable& pairs = ends.relation->association;
        Table* table = table_of(pairs.schema, pairs.table);
        const bool made = table == nullptr;
        if (made) {
            Table added;
            added.schema = pairs.schema;
            added.name = pairs.table;
            added.primary_key.emplace();
            table = &database_.tables.emplace_back(std::move(added));
        }
        add_side(*table, made, *ends.owner, pairs.own);
        add_side(*table, made, *ends.target, pairs.target);
        // A mapping of the table may have given it another key.
        KeyConstraint constraint;
        constraint.columns = pairs.own;
        constraint.columns.insert(constraint.columns.end(), pairs.target.begin(), pairs.target.end());
        make_unique(*table, std::move(constraint));
    }

    void add_side(Table& table, bool made, const Mapper& side, const Names& columns) {
        ForeignKey key;
        key.columns = columns;
        key.target = {side.schema(), side.table()};
        key.target_columns = names(side, side.key_columns());
        const auto known = std::find_if(table.foreign_keys.begin(), table.foreign_keys.end(),
                                        [&key](const auto& each) { return each.columns == key.columns; });
        if (known != table.foreign_keys.end())
            return;
        if (made) {
            for (std::size_t i = 0; i < columns.size(); ++i) {
                Column column;
                column.name = columns[i];
                column.not_null = true;
                column.type = type_of(side.column(side.key_columns()[i]));
                table.columns.push_back(std::move(column));
                table.primary_key->columns.push_back(columns[i]);
            }
        }
        table.foreign_keys.push_back(std::move(key));
    }

    void add_schemas() {
        std::set<std::string> names;
        const auto add = [&names](const auto& objects) {
            for (const auto& object : objects)
                names.insert(object.schema);
        };
        add(database_.tables);
        add(database_.enums);
        add(database_.composites);
        add(database_.sequences);
        for (const std::string& name : names) {
            if (!name.empty())
                database_.schemas.push_back({name, {}});
        }
    }

    static void add_indexes(Table& table) {
        for (const ForeignKey& key : table.foreign_keys) {
            const auto begins = [&key](const KeyConstraint& constraint) {
                return begins_with(constraint.columns, key.columns);
            };
            if ((table.primary_key && begins(*table.primary_key)) ||
                std::any_of(table.unique.begin(), table.unique.end(), begins))
                continue;
            Index index;
            for (const std::string& column : key.columns)
                index.terms.emplace_back().column = column;
            table.indexes.push_back(std::move(index));
        }
    }

    const DeriveOptions& options_;
    std::set<std::string> unused_;
    std::set<const Mapper*> seen_;
    Database database_;
};

} // namespace

Database derive(std::span<const std::shared_ptr<const Mapper>> mappers, const DeriveOptions& options) {
    Derivation derivation{options};
    for (const std::shared_ptr<const Mapper>& mapper : mappers)
        derivation.add(*mapper);
    for (const std::shared_ptr<const Mapper>& mapper : mappers)
        derivation.relate(*mapper);
    return std::move(derivation).finish();
}

} // namespace corm::schema
