#include "schema/cpp_types.hpp"

#include "schema/cpp_names.hpp"
#include "schema/record_types.hpp"

#include <algorithm>
#include <set>

namespace corm::schema {
namespace {

/// Why there is no member for the attribute; empty if there is one. `known`: the composites that are structs.
std::string why_no_member(const Database& database, const Attribute& attribute, const std::set<QualifiedName>& known) {
    const TypeUse& type = attribute.type;
    const std::string named = "its attribute '" + attribute.name + "' is ";
    if (type.kind == TypeKind::domain) // a record tells its own OID
        return named + "of the domain " + type.text;
    if (type.kind == TypeKind::composite)
        return known.count(type.name) != 0 ? "" : named + "of the composite " + type.text;
    if (type.kind == TypeKind::enumeration) {
        const Enum* const found = database.find_enum(type.name.schema, type.name.name);
        return found != nullptr && why_no_enum(*found).empty() ? "" : named + "of the enum " + type.text;
    }
    return record_type(database, type, true).type->as_text ? named + "of type " + type.text : "";
}

std::string why_no_struct(const Database& database, const Composite& composite, const std::set<QualifiedName>& known) {
    if (composite.attributes.size() > most_described)
        return "it has more attributes than BOOST_DESCRIBE_STRUCT takes";
    for (const Attribute& attribute : composite.attributes) {
        if (std::string why = why_no_member(database, attribute, known); !why.empty())
            return why;
    }
    return {};
}

} // namespace

std::string why_no_enum(const Enum& type) {
    if (type.labels.empty())
        return "it has no labels";
    if (type.labels.size() > most_described)
        return "it has more labels than BOOST_DESCRIBE_ENUM takes";
    for (const std::string& label : type.labels) {
        if (!is_identifier(label))
            return "its label '" + label + "' is no identifier";
    }
    return {};
}

CompositePlan plan_composites(const Database& database) {
    CompositePlan plan;
    std::set<QualifiedName> known;
    // Each round takes those whose composites the rounds before have taken.
    for (std::size_t taken = 1; taken != 0;) {
        taken = 0;
        for (const Composite& composite : database.composites) {
            const QualifiedName name{composite.schema, composite.name};
            if (known.count(name) != 0 || !why_no_struct(database, composite, known).empty())
                continue;
            known.insert(name);
            plan.structs.push_back(&composite);
            ++taken;
        }
    }
    for (const Composite& composite : database.composites) {
        const QualifiedName name{composite.schema, composite.name};
        if (known.count(name) == 0)
            plan.left_out.emplace(name, why_no_struct(database, composite, known));
    }
    return plan;
}

} // namespace corm::schema
