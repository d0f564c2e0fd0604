#include <corm/schema/model.hpp>

#include <algorithm>
#include <tuple>

namespace corm::schema {
namespace {

constexpr auto qualified = [](const auto& object) {
    return std::pair<std::string_view, std::string_view>{object.schema, object.name};
};
constexpr auto by_schema_and_name = [](const auto& left, const auto& right) {
    return qualified(left) < qualified(right);
};
constexpr auto by_name = [](const auto& left, const auto& right) { return left.name < right.name; };

template <class Object>
const Object* find_in(const std::vector<Object>& objects, std::string_view schema, std::string_view name) noexcept {
    const std::pair wanted{schema, name};
    const auto found =
        std::lower_bound(objects.begin(), objects.end(), wanted,
                         [](const Object& object, const auto& value) { return qualified(object) < value; });
    return found != objects.end() && qualified(*found) == wanted ? &*found : nullptr;
}

template <class Object>
const Object* find(const Database& database, const std::vector<Object>& objects, std::string_view schema,
                   std::string_view name) noexcept {
    if (const Object* found = find_in(objects, schema, name); found != nullptr || !schema.empty())
        return found;
    for (const std::string& each : database.search_path) {
        if (const Object* found = find_in(objects, each, name))
            return found;
    }
    return nullptr;
}

template <class Object>
void sort_by(std::vector<Object>& objects, auto less) {
    std::sort(objects.begin(), objects.end(), less);
}

} // namespace

const Column* Table::find_column(std::string_view column) const noexcept {
    const auto found =
        std::find_if(columns.begin(), columns.end(), [column](const Column& each) { return each.name == column; });
    return found != columns.end() ? &*found : nullptr;
}

const Schema* Database::find_schema(std::string_view name) const noexcept {
    const auto found =
        std::lower_bound(schemas.begin(), schemas.end(), name,
                         [](const Schema& schema, std::string_view value) { return schema.name < value; });
    return found != schemas.end() && found->name == name ? &*found : nullptr;
}
const Table* Database::find_table(std::string_view schema, std::string_view name) const noexcept {
    return find(*this, tables, schema, name);
}
const Enum* Database::find_enum(std::string_view schema, std::string_view name) const noexcept {
    return find(*this, enums, schema, name);
}
const Domain* Database::find_domain(std::string_view schema, std::string_view name) const noexcept {
    return find(*this, domains, schema, name);
}
const Composite* Database::find_composite(std::string_view schema, std::string_view name) const noexcept {
    return find(*this, composites, schema, name);
}
const Range* Database::find_range(std::string_view schema, std::string_view name) const noexcept {
    return find(*this, ranges, schema, name);
}
const Sequence* Database::find_sequence(std::string_view schema, std::string_view name) const noexcept {
    return find(*this, sequences, schema, name);
}

bool operator==(const Database& left, const Database& right) {
    return left.schemas == right.schemas && left.extensions == right.extensions && left.tables == right.tables &&
           left.enums == right.enums && left.domains == right.domains && left.composites == right.composites &&
           left.ranges == right.ranges && left.sequences == right.sequences;
}

const TypeUse& Database::base_type(const TypeUse& type) const noexcept {
    const TypeUse* at = &type;
    // A model made by hand may have domains in a circle.
    for (std::size_t steps = domains.size(); at->kind == TypeKind::domain && !at->array && steps > 0; --steps) {
        const Domain* domain = find_domain(at->name.schema, at->name.name);
        if (domain == nullptr)
            break;
        at = &domain->type;
    }
    return *at;
}

void sort(Database& database) {
    sort_by(database.schemas, by_name);
    sort_by(database.extensions, by_name);
    sort_by(database.tables, by_schema_and_name);
    sort_by(database.enums, by_schema_and_name);
    sort_by(database.domains, by_schema_and_name);
    sort_by(database.composites, by_schema_and_name);
    sort_by(database.ranges, by_schema_and_name);
    sort_by(database.sequences, by_schema_and_name);
    for (Table& table : database.tables) {
        sort_by(table.unique, by_name);
        sort_by(table.foreign_keys, by_name);
        sort_by(table.checks, by_name);
        sort_by(table.exclusions, by_name);
        sort_by(table.indexes, by_name);
        sort_by(table.reads, by_schema_and_name);
    }
    for (Domain& domain : database.domains)
        sort_by(domain.checks, by_name);
}

} // namespace corm::schema
