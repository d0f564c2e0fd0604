// Keys, checks and exclusions of reflected tables.
#include "fixture.hpp"

using namespace corm::test;
using corm::schema::CheckConstraint;
using corm::schema::Checking;
using corm::schema::ExclusionConstraint;
using corm::schema::ForeignKey;
using corm::schema::KeyConstraint;
using corm::schema::ReferentialAction;
using corm::schema::Table;

TEST_CASE("primary keys have their columns in order, what they carry and their comment", "[schema][integration]") {
    CHECK(table("customer").primary_key ==
          KeyConstraint{.name = "customer_pk", .columns = {"id"}, .include = {"mail"}, .comment = "The key"});
    CHECK(table("stock").primary_key ==
          KeyConstraint{.name = "stock_pkey", .columns = {"product_id", "warehouse_country", "warehouse_number"}});
    CHECK_FALSE(table("log", "audit").primary_key);
    CHECK_FALSE(table("car").primary_key); // keys are not inherited
}

TEST_CASE("unique constraints tell how NULL counts, when they are checked and how they are stored",
          "[schema][integration]") {
    const std::vector<KeyConstraint>& keys = table("customer").unique;
    REQUIRE(keys.size() == 3);
    CHECK(keys[0] == KeyConstraint{.name = "customer_mail_once", .columns = {"mail"}, .options = {"fillfactor=70"}});
    CHECK(keys[1] == KeyConstraint{.name = "name_and_country_once",
                                   .columns = {"name", "country"},
                                   .include = {"born", "mood"},
                                   .nulls_not_distinct = true,
                                   .checking = Checking::initially_deferred,
                                   .comment = "Once"});
    CHECK(keys[2] == KeyConstraint{.name = "number_once", .columns = {"number"}, .checking = Checking::deferrable});
}

TEST_CASE("foreign keys have their actions", "[schema][integration]") {
    CHECK(named(table("customer").foreign_keys, "customer_country_fkey") ==
          ForeignKey{.name = "customer_country_fkey",
                     .columns = {"country"},
                     .target = {"app", "country"},
                     .target_columns = {"code"},
                     .on_update = ReferentialAction::cascade});
    const ForeignKey& address = named(table("address").foreign_keys, "address_customer_id_fkey");
    CHECK(address.on_update == ReferentialAction::restrict_);
    CHECK(address.on_delete == ReferentialAction::cascade);
    const ForeignKey& bills = named(table("address").foreign_keys, "bills");
    CHECK(bills.on_delete == ReferentialAction::set_null);
    CHECK(bills.on_delete_columns.empty());
    CHECK(bills.comment == "Who pays");
    CHECK(table("product").foreign_keys.at(0).on_delete == ReferentialAction::set_default);
    CHECK(named(table("passport").foreign_keys, "passport_holder_id_fkey").checking == Checking::initially_deferred);
    CHECK(table("employee").foreign_keys.at(0).checking == Checking::deferrable);
    CHECK(table("loose").foreign_keys.at(0).not_valid);
    CHECK_FALSE(bills.not_valid);
    CHECK(bills.enforced);
}

TEST_CASE("foreign keys of several columns pair them in their own order", "[schema][integration]") {
    CHECK(named(table("stock").foreign_keys, "stock_warehouse") ==
          ForeignKey{.name = "stock_warehouse",
                     .columns = {"warehouse_country", "warehouse_number"},
                     .target = {"app", "warehouse"},
                     .target_columns = {"country", "number"},
                     .on_update = ReferentialAction::cascade,
                     .match_full = true});
    CHECK(named(table("stock").foreign_keys, "stock_backup") ==
          ForeignKey{.name = "stock_backup",
                     .columns = {"backup_number", "backup_country"},
                     .target = {"app", "warehouse"},
                     .target_columns = {"number", "country"},
                     .on_delete = ReferentialAction::set_null,
                     .on_delete_columns = {"backup_number"}});
}

TEST_CASE("a foreign key to a partitioned table is one, not one for each partition", "[schema][integration]") {
    REQUIRE(table("device_note").foreign_keys.size() == 1);
    CHECK(table("device_note").foreign_keys[0].target.name == "device");
    REQUIRE(table("measurement").foreign_keys.size() == 1);
    CHECK_FALSE(table("measurement").foreign_keys[0].inherited);
    REQUIRE(table("measurement_2026_early").foreign_keys.size() == 1);
    CHECK(table("measurement_2026_early").foreign_keys[0].inherited);
    CHECK(table("measurement_2026_early").foreign_keys[0].name == "measured_by");
}

TEST_CASE("checks have their condition", "[schema][integration]") {
    const std::vector<CheckConstraint>& checks = table("customer").checks;
    REQUIRE(checks.size() == 3);
    CHECK(checks[0] ==
          CheckConstraint{.name = "balanced",
                          .expression = "((balance >= ('-1000'::integer)::numeric) AND (discount IS NOT NULL))",
                          .no_inherit = true,
                          .comment = "No debts"});
    CHECK(checks[1] == CheckConstraint{.name = "customer_born_check", .expression = "(born > '1900-01-01'::date)"});
    CHECK(checks[2] == CheckConstraint{.name = "polite", .expression = "(name <> 'damn'::text)", .not_valid = true});
    CHECK(table("Order").checks.at(0).expression == "(state = ANY (ARRAY['new'::text, 'paid'::text, 'sent'::text]))");
}

TEST_CASE("checks of a parent are there again as inherited", "[schema][integration]") {
    CHECK_FALSE(named(table("vehicle").checks, "rolls").inherited);
    REQUIRE(table("flying_car").checks.size() == 1); // the one that is NO INHERIT stays behind
    CHECK(table("flying_car").checks[0] ==
          CheckConstraint{.name = "rolls", .expression = "(wheels > 0)", .inherited = true});
    CHECK_FALSE(table("measurement_2026_late").checks.at(0).inherited);
}

TEST_CASE("exclusion constraints have terms with operators", "[schema][integration]") {
    const Table& booking = table("booking");
    REQUIRE(booking.exclusions.size() == 3);
    CHECK(booking.exclusions[0] == ExclusionConstraint{.name = "apart",
                                                       .terms = {{{.column = "area"}, {"pg_catalog", "&&"}}},
                                                       .checking = Checking::initially_deferred,
                                                       .options = {"fillfactor=90"}});
    CHECK(booking.exclusions[1] ==
          ExclusionConstraint{.name = "later_rooms",
                              .method = "btree",
                              .terms = {{{.column = "room"}, {"pg_catalog", "="}},
                                        {{.expression = "lower(during)", .descending = true}, {"pg_catalog", "="}}}});
    CHECK(booking.exclusions[2] == ExclusionConstraint{.name = "no_overlap",
                                                       .terms = {{{.column = "room"}, {"pg_catalog", "="}},
                                                                 {{.column = "during"}, {"pg_catalog", "&&"}}},
                                                       .predicate = "(NOT cancelled)",
                                                       .comment = "One guest at a time"});
    CHECK(booking.indexes.empty()); // those of constraints are none of the table's own
}
