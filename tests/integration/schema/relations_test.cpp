// Relations of a reflected database.
#include "fixture.hpp"

#include <corm/schema/relations.hpp>

#include <set>
#include <utility>

using namespace corm::test;
using corm::schema::Relation;
using corm::schema::RelationKind;

namespace {

const std::vector<Relation>& all() {
    static const std::vector<Relation> relations = corm::schema::derive_relations(every_feature_model());
    return relations;
}

const Relation& relation(const std::string& table_name, const std::string& name) {
    for (const Relation& each : corm::schema::relations_of(all(), {"app", table_name})) {
        if (each.name == name)
            return each;
    }
    FAIL(table_name << " has no relation " << name);
    throw 0;
}

} // namespace

TEST_CASE("relations of a real catalogue", "[schema][integration]") {
    CHECK(relation("address", "customer").kind == RelationKind::many_to_one);
    CHECK_FALSE(relation("address", "customer").optional);
    CHECK(relation("address", "billing_customer").optional);
    CHECK(relation("customer", "addresses").kind == RelationKind::one_to_many);
    CHECK(relation("customer", "billing_customer_addresses").foreign_key == "bills");
    CHECK(relation("passport", "holder").kind == RelationKind::one_to_one);
    CHECK(relation("customer", "passport").kind == RelationKind::one_to_one_inverse);
    CHECK(relation("customer_profile", "customer").kind == RelationKind::one_to_one);
    CHECK(relation("category", "children").target.name == "category");
    CHECK(relation("category", "twin_of_category").kind == RelationKind::one_to_one_inverse);
    CHECK(relation("product", "tags").association.name == "product_tag");
    CHECK(relation("product", "to_products").association_columns == std::vector<std::string>{"from_id"});
    CHECK(relation("product", "product_ratings").kind == RelationKind::one_to_many); // more than pairs
    CHECK(relation("stock", "backup").columns == std::vector<std::string>{"backup_number", "backup_country"});
    CHECK(relation("warehouse", "backup_stocks").columns == std::vector<std::string>{"number", "country"});
    CHECK(relation("department", "employees").kind == RelationKind::one_to_many);
    CHECK(relation("department", "head").target.name == "employee");
    CHECK(relation("measurement_2025", "device").kind == RelationKind::many_to_one);
    CHECK(relation("device", "measurements").target.name == "measurement");
    CHECK(corm::schema::relations_of(all(), {"app", "device"}).size() == 2); // no partition is referred back to
}

TEST_CASE("names of relations are of one table only once, and no column's", "[schema][integration]") {
    std::set<std::pair<std::string, std::string>> seen;
    for (const Relation& each : all()) {
        const corm::schema::Table* owner = every_feature_model().find_table(each.table.schema, each.table.name);
        REQUIRE(owner != nullptr);
        INFO(each.table.name << "." << each.name);
        CHECK(owner->find_column(each.name) == nullptr);
        CHECK(seen.emplace(each.table.schema + "." + each.table.name, each.name).second);
    }
    CHECK(seen.size() == 62);
}
