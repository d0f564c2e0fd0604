#include "schema/verify_types.hpp"

#include "schema/type_names.hpp"

#include <corm/type/composite.hpp>
#include <corm/type/enumeration.hpp>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace corm::schema {
namespace {

bool is_text(std::string_view name) {
    return name == "text" || name == "varchar" || name == "bpchar" || name == "name" || name == "citext";
}
bool is_json(std::string_view name) {
    return name == "json" || name == "jsonb";
}

/// `wanted` was written in a mapping, `found` is in the catalogue.
bool same_type(const Database& database, const QualifiedName& wanted, const QualifiedName& found) {
    if (!wanted.schema.empty() && wanted.schema != found.schema)
        return false;
    const std::vector<std::string>& path = database.search_path;
    const bool visible = found.schema == "pg_catalog" || found.name == "citext" || path.empty() ||
                         std::find(path.begin(), path.end(), found.schema) != path.end();
    if (wanted.schema.empty() && !visible)
        return false;
    if (wanted.name == found.name)
        return true;
    const bool system = found.schema == "pg_catalog" || found.name == "citext";
    return system && ((is_text(wanted.name) && is_text(found.name)) || (is_json(wanted.name) && is_json(found.name)));
}

/// The server has another idea of which of its texts are equal, and of their order, than of plain text.
bool compares_otherwise(std::string_view name) {
    return name == "citext" || name == "bpchar";
}

std::string quoted_labels(const std::vector<std::string>& labels) {
    std::string text;
    for (const std::string& label : labels)
        text += (text.empty() ? "'" : ", '") + label + "'";
    return text;
}

} // namespace

std::optional<std::string> type_difference(const Database& database, const mapping::Column& mapped,
                                           const Column& column) {
    const std::string difference = " is " + std::string{mapped.sql_type()} + " in the mapping and " + column.type.text +
                                   " in the table; give both the same type";
    const WrittenType wanted = parse_type(mapped.sql_type());
    // A domain is what it is a domain of, and may be named itself.
    const TypeUse& base = database.base_type(column.type);
    for (const TypeUse* const type : {&column.type, &base}) {
        const std::string modifier = parse_type(type->text).modifier;
        if (type->array == wanted.array && same_type(database, wanted.name, type->name) &&
            (wanted.modifier.empty() || wanted.modifier == modifier))
            return mapped.type->as_text && mapped.declared.empty() ? difference : std::optional<std::string>{};
    }
    if (mapped.type->as_text)
        return difference;
    if (base.kind == TypeKind::enumeration && is_text(wanted.name.name))
        return " is text in the mapping and the enum " + column.type.text +
               " in the table, to which PostgreSQL converts no text; map it as an enum with corm::pg_enum, or as "
               "corm::TextForm";
    return difference;
}

std::optional<std::string> comparison_difference(const Database& database, const mapping::Column& mapped,
                                                 const Column& column) {
    const WrittenType wanted = parse_type(mapped.sql_type());
    const TypeUse& base = database.base_type(column.type);
    if (!is_text(wanted.name.name) || compares_otherwise(wanted.name.name) || !compares_otherwise(base.name.name))
        return std::nullopt;
    return " is " + std::string{mapped.sql_type()} + " in the mapping and " + column.type.text +
           " in the table, so that conditions and pages compare it as text, and the table does not; name the type by "
           ".sql_type";
}

namespace {

/// As the end of a sentence that begins with the member.
std::optional<std::string> labels_difference(const Database& database, const types::ValueType& type,
                                             const TypeUse& use) {
    const auto* const labels = type.element != nullptr ? type.element->labels : type.labels;
    const TypeUse& base = database.base_type(use);
    if (labels == nullptr || labels->as_text || base.kind != TypeKind::enumeration)
        return std::nullopt;
    const Enum* const found = database.find_enum(base.name.schema, base.name.name);
    if (found == nullptr)
        return std::nullopt;
    std::vector<std::string> unknown;
    std::vector<std::string> missing = found->labels;
    for (const auto& label : std::span{labels->labels, labels->count}) {
        const std::string name{label.label};
        if (std::erase(missing, name) == 0)
            unknown.push_back(name);
    }
    if (unknown.empty() && missing.empty())
        return std::nullopt;
    std::string_view name = use.text;
    if (name.ends_with("[]"))
        name.remove_suffix(2);
    const std::string of_enum = "the enum " + std::string{name};
    std::string text;
    if (!unknown.empty())
        text += " has " + quoted_labels(unknown) + ", which " + of_enum + " lacks";
    if (!missing.empty())
        text += (text.empty() ? " lacks " : ", and lacks ") + quoted_labels(missing) + " of " + of_enum;
    return text + "; give both the same labels";
}

} // namespace

std::optional<std::string> label_difference(const Database& database, const mapping::Column& mapped,
                                            const Column& column) {
    return labels_difference(database, *mapped.type, column.type);
}

namespace {

/// As the end of a sentence that begins with the type.
std::optional<std::string> fields_difference(const Database& database, const types::detail::CompositeTable& fields,
                                             const Composite& found) {
    constexpr std::string_view advice = "; describe its attributes, in their order";
    const std::size_t common = std::min(fields.count, found.attributes.size());
    for (std::size_t i = 0; i < common; ++i) {
        const auto& mapped = fields.fields[i];
        const Attribute& attribute = found.attributes[i];
        const WrittenType wanted = parse_type(mapped.type->sql_type());
        const TypeUse& base = database.base_type(attribute.type);
        if (base.array != wanted.array || !same_type(database, wanted.name, base.name))
            return " has the attribute " + attribute.name + " of type " + attribute.type.text +
                   " where the struct has the member " + std::string{mapped.name} + ", which is " +
                   std::string{mapped.type->sql_type()} + std::string{advice};
        if (const auto labels = labels_difference(database, *mapped.type, attribute.type))
            return " has the attribute " + attribute.name + ", whose member" + *labels;
    }
    if (found.attributes.size() > common)
        return " has the attribute " + found.attributes[common].name + ", which the struct lacks" + std::string{advice};
    if (fields.count > common)
        return " lacks an attribute for the member " + std::string{fields.fields[common].name} + std::string{advice};
    return std::nullopt;
}

} // namespace

std::optional<std::string> field_difference(const Database& database, const mapping::Column& mapped,
                                            const Column& column) {
    const types::ValueType& value = mapped.type->element != nullptr ? *mapped.type->element : *mapped.type;
    const TypeUse& base = database.base_type(column.type);
    if (value.fields == nullptr || base.kind != TypeKind::composite)
        return std::nullopt;
    const Composite* const found = database.find_composite(base.name.schema, base.name.name);
    if (found == nullptr)
        return std::nullopt;
    const auto difference = fields_difference(database, *value.fields, *found);
    if (!difference)
        return std::nullopt;
    return ": the composite type " + std::string{value.sql_type()} + *difference;
}

namespace {

/// True if `test` holds for a domain that the column is of, or for one that this one is of.
template <class Test>
bool any_domain(const Database& database, const Column& column, Test test) {
    const TypeUse* type = &column.type;
    while (type->kind == TypeKind::domain && !type->array) {
        const Domain* const domain = database.find_domain(type->name.schema, type->name.name);
        if (domain == nullptr)
            return false;
        if (test(*domain))
            return true;
        type = &domain->type;
    }
    return false;
}

} // namespace

bool is_not_null(const Database& database, const Column& column) {
    return column.not_null || any_domain(database, column, [](const Domain& domain) { return domain.not_null; });
}

bool has_default(const Database& database, const Column& column) {
    return !column.default_.empty() ||
           any_domain(database, column, [](const Domain& domain) { return !domain.default_.empty(); });
}

bool has_to_be_given(const Database& database, const Column& column) {
    return is_not_null(database, column) && !has_default(database, column) && !column.identity &&
           column.generated.empty();
}

} // namespace corm::schema
