#include <corm/schema/verification.hpp>

#include "mapping/nearest_name.hpp"
#include "mapping/relation_ends.hpp"
#include "schema/verify_keys.hpp"
#include "schema/verify_types.hpp"

#include <corm/base/error.hpp>
#include <corm/sql/identifier.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace corm::schema {
namespace {

using mapping::Mapper;
using mapping::RelationEnds;
using Names = std::vector<std::string>;

std::string listed(const Names& names) {
    std::string text;
    for (const std::string& name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

std::string name_of(const std::string& schema, const std::string& name) {
    return schema.empty() ? name : schema + "." + name;
}

/// The default is `nextval` of that sequence.
bool takes_from(const std::string& expression, const std::string& sequence) {
    for (const std::string& name : {sequence, sql::quote_identifier(sequence)}) {
        std::string end; // of the literal
        for (const char c : name)
            end += c == '\'' ? std::string{"''"} : std::string{c};
        end += '\'';
        const std::size_t at = expression.find(end);
        if (at != std::string::npos && at > 0 && (expression[at - 1] == '\'' || expression[at - 1] == '.'))
            return true;
    }
    return false;
}

/// One mapping.
class Check {
public:
    Check(const Mapper& mapper, const Database& database, std::vector<Finding>& findings)
        : mapper_(mapper), database_(database), findings_(findings),
          table_(database.find_table(mapper.schema(), mapper.table())) {}

    void run() {
        if (table_ == nullptr) {
            mapping::NearestName nearest{mapper_.table()};
            for (const Table& table : database_.tables)
                nearest.consider(table.name);
            report({}, " is mapped to " + place() +
                           ", which is no table of the database; create it, or correct the name" + nearest.hint());
            return;
        }
        for (const mapping::Column& column : mapper_.columns())
            check_column(column);
        check_left_out();
        check_key();
        for (const mapping::UniqueSet& set : mapper_.unique_sets()) {
            if (!set.key)
                check_unique(set);
        }
        if (mapper_.relations().empty())
            return;
        for (const RelationEnds& ends : mapping::RelationMap::of(mapper_)) {
            if (ends.kind() == mapping::RelationKind::many_to_many)
                check_association(ends);
            else
                check_foreign_key(ends);
        }
    }

private:
    void report(const std::string& member, const std::string& rest, Severity severity = Severity::difference) {
        findings_.push_back(
            {severity, mapper_.entity(), member, mapper_.entity() + (member.empty() ? "" : "." + member) + rest});
    }
    [[nodiscard]] std::string place() const { return name_of(mapper_.schema(), mapper_.table()); }
    [[nodiscard]] const mapping::Column* mapped(std::string_view column) const {
        const int index = mapper_.find_column(column);
        return index < 0 ? nullptr : &mapper_.column(static_cast<std::size_t>(index));
    }

    void check_column(const mapping::Column& mapped) {
        const Column* const column = table_->find_column(mapped.name);
        if (column == nullptr) {
            mapping::NearestName nearest{mapped.name};
            for (const Column& each : table_->columns)
                nearest.consider(each.name);
            report(mapped.member, " is mapped to the column \"" + mapped.name + "\", which " + place() +
                                      " lacks; add it, or correct the name" + nearest.hint());
            return;
        }
        if (const auto difference = type_difference(database_, mapped, *column))
            report(mapped.member, *difference);
        else if (const auto comparison = comparison_difference(database_, mapped, *column))
            report(mapped.member, *comparison, Severity::hint);
        else if (const auto labels = label_difference(database_, mapped, *column))
            report(mapped.member, *labels);
        else if (const auto fields = field_difference(database_, mapped, *column))
            report(mapped.member, *fields);
        check_null(mapped, *column);
        check_source(mapped, *column);
    }

    void check_null(const mapping::Column& mapped, const Column& column) {
        const bool not_null = is_not_null(database_, column);
        if (mapped.version && !not_null && !table_->is_view())
            report(mapped.member,
                   " is the version, and its column may be NULL, which no update would find; make it NOT "
                   "NULL");
        else if (!mapped.type->nullable && !not_null && !table_->is_view())
            report(mapped.member, " cannot hold NULL, and its column may; make the column NOT NULL, or the member a "
                                  "std::optional");
        else if (mapped.type->nullable && not_null && !mapped.key)
            report(mapped.member,
                   " may be NULL, and its column cannot, which a flush would find out; make the member no "
                   "std::optional",
                   Severity::hint);
    }

    /// Where the value comes from.
    void check_source(const mapping::Column& mapped, const Column& column) {
        const bool always = column.identity.kind == IdentityKind::always;
        const bool given = column.identity || has_default(database_, column);
        if (table_->is_view())
            return;
        if (mapped.generated && !given)
            report(mapped.member,
                   " is a key that is left to the server, and its column has no default and no identity; "
                   "add one, or map the key with corm::assigned");
        else if (mapped.computed && column.generated.empty() && !given)
            report(mapped.member,
                   " is mapped as generated, and nothing generates its column; leave out the mark, or make "
                   "the column GENERATED ALWAYS AS");
        else if (!mapped.computed && !column.generated.empty())
            report(mapped.member, " is written, and its column is GENERATED ALWAYS AS; map it as generated");
        else if (always && !mapped.computed && !mapped.generated)
            report(mapped.member,
                   " is written, and its column is GENERATED ALWAYS AS IDENTITY; leave it to the server, or "
                   "make the column GENERATED BY DEFAULT");
        else if (mapped.server_default >= 0 && !given)
            report(mapped.member,
                   " is mapped as server_default, and its column has no default; leave out the mark, or add "
                   "one");
        const bool sequenced = static_cast<int>(&mapped - mapper_.columns().data()) == mapper_.generated_key() &&
                               !mapper_.sequence().empty();
        if (!sequenced)
            return;
        const bool own = column.identity && column.identity.sequence.name == mapper_.sequence();
        if (!own && !takes_from(column.default_, mapper_.sequence()))
            report(mapped.member, " takes its values from the sequence " + mapper_.sequence() +
                                      " in the mapping, and its column does not; name the sequence of the column");
    }

    /// Columns that an insert would have to fill.
    void check_left_out() {
        if (table_->is_view())
            return;
        for (const Column& column : table_->columns) {
            if (mapped(column.name) == nullptr && has_to_be_given(database_, column))
                report({},
                       " lacks the column \"" + column.name + "\" of " + place() +
                           ", which is NOT NULL and has no default, so that no row can be inserted; map it, or give it "
                           "a default");
        }
    }

    [[nodiscard]] Names names(std::span<const std::uint16_t> columns) const {
        Names found;
        for (const std::uint16_t column : columns)
            found.push_back(mapper_.column(column).name);
        return found;
    }

    void check_key() {
        const Names key = names(mapper_.key_columns());
        if (table_->is_view())
            return;
        const bool all_there = std::all_of(key.begin(), key.end(), [this](const std::string& column) {
            return table_->find_column(column) != nullptr;
        });
        if (all_there && !uniqueness(*table_, key))
            report({}, " has the key (" + listed(key) + "), which nothing keeps unique in " + place() +
                           "; make it the primary key of the table" +
                           (table_->primary_key ? ", which is (" + listed(table_->primary_key->columns) + ")" : ""));
    }

    void check_unique(const mapping::UniqueSet& set) {
        const Names columns = names(set.columns);
        const auto found = uniqueness(*table_, columns);
        if (!found)
            report({}, " is mapped as unique over (" + listed(columns) + "), and " + place() +
                           " has no such constraint or index; add one, or leave out the mark");
        else if (set.deferrable && !found->deferrable)
            report({}, " is mapped as deferrable over (" + listed(columns) + "), and the constraint of " + place() +
                           " is not; make it DEFERRABLE, or leave out corm::deferrable");
    }

    void check_foreign_key(const RelationEnds& ends) {
        const bool here = refers(ends.kind());
        const Mapper& referring = here ? *ends.owner : *ends.target;
        const Mapper& referred = here ? *ends.target : *ends.owner;
        // The side that refers has a mapping of its own, which says the same.
        if (!here && ends.other() != nullptr)
            return;
        const Table* const from = database_.find_table(referring.schema(), referring.table());
        const Table* const to = database_.find_table(referred.schema(), referred.table());
        if (from == nullptr || to == nullptr || from->is_view() || to->is_view())
            return;
        Names columns, key;
        for (const std::uint16_t column : here ? ends.here : ends.there)
            columns.push_back(referring.column(column).name);
        for (const std::uint16_t column : here ? ends.there : ends.here)
            key.push_back(referred.column(column).name);
        const std::string name = ends.relation->name;
        const std::string where = "(" + listed(columns) + ") of " + name_of(from->schema, from->name);
        if (!has_foreign_key(*from, columns, *to, key))
            report(name,
                   " has no foreign key from " + where + " to " + name_of(to->schema, to->name) +
                       " behind it, so that rows may refer to nothing; add one",
                   Severity::hint);
        if (!is_indexed(*from, columns))
            report(name, " looks rows up by " + where + ", which has no index; add one", Severity::hint);
        const bool one = ends.kind() == mapping::RelationKind::one_to_one ||
                         ends.kind() == mapping::RelationKind::one_to_one_inverse;
        if (one && !is_unique(*from, columns))
            report(name, " is one to one, and nothing keeps " + where +
                             " unique; add a UNIQUE constraint, or map it as "
                             "one to many");
    }

    void check_association(const RelationEnds& ends) {
        const mapping::AssociationTable& wanted = ends.relation->association;
        const std::string name = name_of(wanted.schema, wanted.table);
        const Table* const table = database_.find_table(wanted.schema, wanted.table);
        if (table == nullptr) {
            report(ends.relation->name,
                   " goes through " + name + ", which is no table of the database; create it, or correct the name");
            return;
        }
        Names all = wanted.own;
        all.insert(all.end(), wanted.target.begin(), wanted.target.end());
        bool complete = true;
        for (const std::string& column : all) {
            if (table->find_column(column) != nullptr)
                continue;
            complete = false;
            report(ends.relation->name, " goes through the column \"" + column + "\", which " + name +
                                            " lacks; add it, or correct the name");
        }
        if (!complete)
            return;
        for (const Column& column : table->columns) {
            if (!table->is_view() && has_to_be_given(database_, column) &&
                std::find(all.begin(), all.end(), column.name) == all.end())
                report(ends.relation->name, " goes through " + name + ", whose column \"" + column.name +
                                                "\" is NOT NULL and has no default, so that no pair can be inserted; "
                                                "give it a default");
        }
        if (!uniqueness(*table, all))
            report(ends.relation->name,
                   " goes through (" + listed(all) + ") of " + name +
                       ", which nothing keeps unique, so that a pair may be there twice; make it the "
                       "primary key");
        if (!is_indexed(*table, wanted.own))
            report(ends.relation->name,
                   " looks pairs up by (" + listed(wanted.own) + ") of " + name + ", which has no index; add one",
                   Severity::hint);
    }

    const Mapper& mapper_;
    const Database& database_;
    std::vector<Finding>& findings_;
    const Table* table_;
};

} // namespace

bool Verification::ok() const noexcept {
    return std::none_of(findings.begin(), findings.end(),
                        [](const Finding& finding) { return finding.severity == Severity::difference; });
}

std::string Verification::text() const {
    std::string text;
    for (const Finding& finding : findings)
        text += (finding.severity == Severity::hint ? "hint: " : "") + finding.sentence + "\n";
    return text;
}

void Verification::require() const {
    std::string text;
    std::size_t count = 0;
    for (const Finding& finding : findings) {
        if (finding.severity != Severity::difference)
            continue;
        text += "\n  " + finding.sentence;
        ++count;
    }
    if (count != 0)
        throw MappingError("the database differs from its mappings in " + std::to_string(count) +
                           (count == 1 ? " point:" : " points:") + text);
}

Verification verify(std::span<const std::shared_ptr<const Mapper>> mappers, const Database& database) {
    Verification made;
    for (const std::shared_ptr<const Mapper>& mapper : mappers)
        Check{*mapper, database, made.findings}.run();
    return made;
}

ReflectOptions tables_of(std::span<const std::shared_ptr<const Mapper>> mappers) {
    ReflectOptions which;
    const auto add = [&which](const std::string& schema, const std::string& table) {
        QualifiedName name{schema, table};
        if (std::find(which.tables.begin(), which.tables.end(), name) == which.tables.end())
            which.tables.push_back(std::move(name));
    };
    for (const std::shared_ptr<const Mapper>& mapper : mappers) {
        add(mapper->schema(), mapper->table());
        for (const mapping::Relation& relation : mapper->relations()) {
            add(relation.target.get().schema(), relation.target.get().table());
            if (relation.kind == mapping::RelationKind::many_to_many)
                add(relation.association.schema, relation.association.table);
        }
    }
    return which;
}

} // namespace corm::schema
