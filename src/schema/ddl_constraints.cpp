#include "schema/ddl_parts.hpp"
#include "schema/ddl_text.hpp"

#include <corm/base/error.hpp>

namespace corm::schema::ddl {
namespace {

std::string head(const std::string& name) {
    return name.empty() ? "" : "CONSTRAINT " + quote(name) + " ";
}

const char* checking_text(Checking checking) noexcept {
    switch (checking) {
    case Checking::immediate: break;
    case Checking::deferrable: return " DEFERRABLE";
    case Checking::initially_deferred: return " DEFERRABLE INITIALLY DEFERRED";
    }
    return "";
}

const char* action_text(ReferentialAction action) noexcept {
    switch (action) {
    case ReferentialAction::no_action: break;
    case ReferentialAction::restrict_: return "RESTRICT";
    case ReferentialAction::cascade: return "CASCADE";
    case ReferentialAction::set_null: return "SET NULL";
    case ReferentialAction::set_default: return "SET DEFAULT";
    }
    return "NO ACTION";
}

std::string include_text(const std::vector<std::string>& columns) {
    return columns.empty() ? "" : " INCLUDE " + column_list(columns);
}
std::string with_text(const std::vector<std::string>& options) {
    return options.empty() ? "" : " WITH " + parameters(options);
}
std::string where_text(const std::string& predicate) {
    return predicate.empty() ? "" : " WHERE " + in_parentheses(predicate);
}

std::string term_text(const IndexTerm& term) {
    std::string text = !term.column.empty() ? quote(term.column) : in_parentheses(term.expression);
    text += collate(term.collation);
    if (!term.operator_class.empty())
        text += " " + quote(term.operator_class);
    if (!term.operator_class_options.empty()) {
        if (term.operator_class.empty())
            throw MappingError("an index has options of an operator class (" + term.operator_class_options.front() +
                               ") and no operator class; name the class, also if it is the default one");
        text += " " + parameters(term.operator_class_options);
    }
    text += term.descending ? " DESC" : "";
    if (term.nulls == NullsOrder::reversed)
        text += term.descending ? " NULLS LAST" : " NULLS FIRST";
    return text;
}

std::string operator_text(const QualifiedName& name) {
    if (name.name.empty() || name.name.find_first_not_of("+-*/<>=~!@#%^&|`?") != std::string::npos)
        throw MappingError("\"" + name.name +
                           "\" is no operator of an exclusion constraint; an operator is made of "
                           "+ - * / < > = ~ ! @ # % ^ & | ` ?");
    return name.schema.empty() ? name.name : "OPERATOR(" + quote(name.schema) + "." + name.name + ")";
}

std::string key_text(const KeyConstraint& key, const char* kind) {
    return head(key.name) + kind + (key.nulls_not_distinct ? " NULLS NOT DISTINCT " : " ") +
           column_list(key.columns, {}, key.without_overlaps ? " WITHOUT OVERLAPS" : "") + include_text(key.include) +
           with_text(key.options) + checking_text(key.checking);
}

} // namespace

std::string primary_key_text(const KeyConstraint& key) {
    return key_text(key, "PRIMARY KEY");
}
std::string unique_text(const KeyConstraint& key) {
    return key_text(key, "UNIQUE");
}

std::string foreign_key_text(const ForeignKey& key) {
    const char* period = key.period ? "PERIOD " : "";
    std::string text =
        head(key.name) + "FOREIGN KEY " + column_list(key.columns, period) + " REFERENCES " + quote(key.target);
    if (!key.target_columns.empty())
        text += " " + column_list(key.target_columns, period);
    text += key.match_full ? " MATCH FULL" : "";
    if (key.on_update != ReferentialAction::no_action)
        text += std::string{" ON UPDATE "} + action_text(key.on_update);
    if (key.on_delete != ReferentialAction::no_action)
        text += std::string{" ON DELETE "} + action_text(key.on_delete);
    if (!key.on_delete_columns.empty())
        text += " " + column_list(key.on_delete_columns);
    text += checking_text(key.checking);
    text += key.enforced ? "" : " NOT ENFORCED";
    return text += key.not_valid && key.enforced ? " NOT VALID" : "";
}

std::string check_text(const CheckConstraint& check) {
    return head(check.name) + "CHECK " + in_parentheses(check.expression) + (check.no_inherit ? " NO INHERIT" : "") +
           (check.enforced ? "" : " NOT ENFORCED") + (check.not_valid && check.enforced ? " NOT VALID" : "");
}

std::string exclusion_text(const ExclusionConstraint& exclusion) {
    std::vector<std::string> terms;
    for (const ExclusionTerm& each : exclusion.terms)
        terms.push_back(term_text(each.term) + " WITH " + operator_text(each.operator_));
    std::string text = head(exclusion.name) + "EXCLUDE USING " + quote(exclusion.method) + " (";
    for (const std::string& term : terms)
        text += (&term == &terms.front() ? "" : ", ") + term;
    return text + ")" + include_text(exclusion.include) + with_text(exclusion.options) +
           where_text(exclusion.predicate) + checking_text(exclusion.checking);
}

std::string index_text(const Table& table, const Index& index) {
    std::string text = index.unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ";
    text += quote(index.name) + (index.only ? " ON ONLY " : " ON ") + quoted_name(table);
    if (index.method != "btree")
        text += " USING " + quote(index.method);
    text += " (";
    for (const IndexTerm& term : index.terms)
        text += (&term == &index.terms.front() ? "" : ", ") + term_text(term);
    text += ")" + include_text(index.include);
    text += index.nulls_not_distinct ? " NULLS NOT DISTINCT" : "";
    return text + with_text(index.options) + where_text(index.predicate);
}

} // namespace corm::schema::ddl
