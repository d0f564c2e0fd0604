// Names by convention.
#include "ddl_models.hpp"

#include <corm/base/error.hpp>
#include <corm/schema/naming.hpp>

#include <catch2/catch_test_macros.hpp>

#include <set>

using namespace corm::schema;
using namespace corm::schema::test;

namespace {

Index index_on(const Strings& columns) {
    Index made;
    for (const std::string& column : columns)
        made.terms.emplace_back().column = column;
    return made;
}

Database named(Database model, const Naming& naming = {}) {
    apply_naming(model, naming);
    return model;
}

} // namespace

TEST_CASE("the usual names are those of PostgreSQL", "[schema][ddl]") {
    Table users = table("users"), orders = table("orders");
    users.unique.emplace_back().columns = {"a", "b"};
    users.checks.resize(2);
    users.exclusions.emplace_back().terms = {{{.column = "room"}, {"", "="}}, {{.expression = "f(x)"}, {"", "="}}};
    users.indexes = {index_on({"a", "b"}), index_on({"a", "b"})};
    refer(orders, users, "customer_id");
    const Database model = named(test::model({users, orders}));
    const Table& named_users = *model.find_table("", "users");
    CHECK(named_users.primary_key->name == "users_pkey");
    CHECK(named_users.unique[0].name == "users_a_b_key");
    CHECK(named_users.checks[0].name == "users_check");
    CHECK(named_users.checks[1].name == "users_check1");
    CHECK(named_users.exclusions[0].name == "users_room_expr_excl");
    CHECK(named_users.indexes[0].name == "users_a_b_idx");
    CHECK(named_users.indexes[1].name == "users_a_b_idx1");
    CHECK(model.find_table("", "orders")->foreign_keys[0].name == "orders_customer_id_fkey");
}

TEST_CASE("given names stay, and are not given twice", "[schema][ddl]") {
    Table t = table("t");
    t.indexes = {index_on({"a"}), index_on({"b"}), index_on({"b"})};
    t.indexes[0].name = "t_b_idx";
    Database model;
    model.tables = {t, table("t_pkey")};
    model.sequences = {{.name = "t_b_idx1"}};
    model = named(model);
    CHECK(model.tables[0].indexes[0].name == "t_b_idx");
    CHECK(model.tables[0].indexes[1].name == "t_b_idx2");
    CHECK(model.tables[0].indexes[2].name == "t_b_idx3");
    CHECK(model.tables[0].primary_key->name == "t_pkey1"); // a table has the name
    CHECK(named(model) == model);
}

TEST_CASE("schemas have names of their own", "[schema][ddl]") {
    const Database model = named(test::model({table("t", "a"), table("t", "b")}));
    CHECK(model.tables[0].primary_key->name == "t_pkey");
    CHECK(model.tables[1].primary_key->name == "t_pkey");
}

TEST_CASE("a convention is a text with places", "[schema][ddl]") {
    Table users = table("users", "app"), orders = table("orders", "app");
    refer(orders, users, "customer_id");
    orders.indexes = {index_on({"customer_id"})};
    Naming naming;
    naming.primary_key = "pk_{schema}_{table}";
    naming.foreign_key = "fk_{table}_{columns}_to_{target}_{target_columns}";
    naming.index = "ix_{columns}_of_{table}";
    const Database model = named(test::model({users, orders}), naming);
    CHECK(model.tables[0].primary_key->name == "pk_app_orders");
    CHECK(model.tables[0].foreign_keys[0].name == "fk_orders_customer_id_to_users_id");
    CHECK(model.tables[0].indexes[0].name == "ix_customer_id_of_orders");
    CreateOptions options;
    options.naming = naming;
    CHECK(create_sql(test::model({users}), {}, options)[0].find("CONSTRAINT \"pk_app_users\"") != std::string::npos);
}

TEST_CASE("a convention with another place is refused", "[schema][ddl]") {
    Naming naming;
    naming.primary_key = "pk_{tabel}";
    std::string message;
    try {
        named(model({table("t")}), naming);
    } catch (const corm::MappingError& error) {
        message = error.what();
    }
    CHECK(message == "the naming convention \"pk_{tabel}\" has {tabel}, which stands for nothing there; use {table}, "
                     "{schema} or {columns}, and for foreign keys {target} or {target_columns}");
    naming.primary_key = "pk_{target}";
    CHECK_THROWS_AS(named(model({table("t")}), naming), corm::MappingError);
    naming.primary_key = "pk_{table";
    CHECK_THROWS_AS(named(model({table("t")}), naming), corm::MappingError);
}

TEST_CASE("long names are cut and stay apart", "[schema][ddl]") {
    const std::string long_name(60, 'x');
    Table t = table(long_name);
    t.indexes = {index_on({"first"}), index_on({"second"}), index_on({"second"})};
    const Database model = named(test::model({t}));
    std::set<std::string> names{model.tables[0].primary_key->name};
    for (const Index& index : model.tables[0].indexes)
        names.insert(index.name);
    CHECK(names.size() == 4);
    for (const std::string& name : names) {
        CHECK(name.size() == 63);
        CHECK(name.starts_with(std::string(54, 'x') + "_"));
    }
    CHECK(model.tables[0].primary_key->name == std::string(54, 'x') + "_a265af61");
    CHECK(named(test::model({t})) == model);
}

TEST_CASE("a name of 63 bytes is not cut, and no character is", "[schema][ddl]") {
    CHECK(named(model({table(std::string(58, 'x'))})).tables[0].primary_key->name == std::string(58, 'x') + "_pkey");
    // The 54th byte is the second one of a character.
    std::string name = "x";
    for (int i = 0; i < 29; ++i)
        name += "ä";
    const std::string cut = named(model({table(name)})).tables[0].primary_key->name;
    CHECK(cut.size() == 62);
    CHECK(cut.substr(0, 53) == name.substr(0, 53));
    CHECK(cut[53] == '_');
}
