// Relations of tables that are mapped at run time, and what is wrong with some.
#include "entities.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/record.hpp>
#include <corm/mapping/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <string>
#include <utility>

using corm::mapping::define;
using corm::mapping::Mapper;
using corm::mapping::Record;
using corm::mapping::RecordDefinition;
using corm::mapping::Registry;
using corm::mapping::RelationKind;

namespace {

RecordDefinition users() {
    return define("users").column<std::int64_t>("id").column<std::string>("name").primary_key({"id"});
}

RecordDefinition orders() {
    return define("orders").column<std::int64_t>("id").column<std::optional<std::int64_t>>("user_id").primary_key(
        {"id"});
}

/// What is said of two tables.
std::string refused(const RecordDefinition& one, const RecordDefinition& other) {
    Registry registry;
    try {
        static_cast<void>(registry.define({one, other}));
    } catch (const corm::MappingError& error) {
        return error.what();
    }
    return {};
}

template <class Function>
std::string message(Function function) {
    try {
        static_cast<void>(function());
    } catch (const corm::MappingError& error) {
        return error.what();
    }
    return {};
}

} // namespace

TEST_CASE("relations of records describe both ends", "[registry][unit]") {
    Registry registry;
    const auto shop = registry.define({users().one_to_many("orders", "orders", {"user_id"}, corm::mapping::cascade_all),
                                       orders().many_to_one("user", "users", {"user_id"})});
    const auto& relation = shop["users"]->relations()[0];
    CHECK(relation.name == "orders");
    CHECK(relation.entity == "users");
    CHECK(relation.kind == RelationKind::one_to_many);
    CHECK(relation.options.delete_);
    CHECK(relation.target() == shop["orders"]);
    CHECK(relation.owner() == shop["users"]);
    Record user{shop["users"]};
    CHECK(user.many("orders").is_loaded()); // of a record that the program makes
    CHECK(std::as_const(user).many<Record>("orders").empty());
    CHECK_FALSE(Record{shop["orders"]}.one("user"));
    const Record copy = user;
    CHECK(copy.many("orders").empty());
}

TEST_CASE("relations of records are asked for by name and kind", "[registry][unit]") {
    Registry registry;
    const auto shop = registry.define({users().one_to_many("orders", "orders", {"user_id"}),
                                       orders()
                                           .column<std::string>("code")
                                           .many_to_one("user", "users", {"user_id"})
                                           .many_to_one("country", corm::type<mapping_test::Country>{}, {"code"})});
    Record order{shop["orders"]};
    CHECK_FALSE(order.one<mapping_test::Country>("country"));
    CHECK(message([&] { return order.one("usr").is_loaded(); }) ==
          "orders has no relation \"usr\"; the nearest is \"user\"");
    CHECK(message([&] { return order.many("user").is_loaded(); }) ==
          "orders.user leads to one object of users; ask for it by one<T>(), with the type that it was defined with: a "
          "struct, or corm::Record");
    CHECK(message([&] { return order.one("country").is_loaded(); }) ==
          "orders.country leads to one object of Country; ask for it by one<T>(), with the type that it was defined "
          "with: a struct, or corm::Record");
    CHECK(message([&] { return Record{shop["users"]}.one("orders").is_loaded(); }) ==
          "users.orders leads to many objects of orders; ask for it by many<T>(), with the type that it was defined "
          "with: a struct, or corm::Record");
    CHECK(message([&] { return Record{}.many("orders").is_loaded(); }) ==
          "a default-constructed Record has no columns; construct it with its mapper");
}

TEST_CASE("mistakes in relations of records are sentences", "[registry][unit]") {
    CHECK(refused(users(), orders().many_to_one("user", "user", {"user_id"})) ==
          "orders.user leads to \"user\", which is not defined; define it before, or both with one call of define");
    CHECK(refused(users(), orders().many_to_one("user", "users", {"user"})) ==
          "orders has no column \"user\"; the nearest is \"user_id\"");
    CHECK(refused(users().one_to_many("orders", "orders", {"user_idd"}), orders()) ==
          "orders has no column \"user_idd\"; the nearest is \"user_id\"");
    CHECK(
        refused(users(), orders().many_to_one("user", "users", {"user_id", "id"})) ==
        "orders.user has a foreign key of 2 columns, and users a primary key of 1; name a column for each part of the "
        "key, in its order");
    CHECK(refused(users(), orders().column<std::string>("user_name").many_to_one("user", "users", {"user_name"})) ==
          "orders.user: orders.user_name is text and refers to users.id, which is int8; a foreign key has the types of "
          "the key");
    CHECK(refused(users(), orders().many_to_one("", "users", {"user_id"})) ==
          "orders has a relation without a name; name it");
    CHECK(refused(users(), orders().many_to_one("user_id", "users", {"user_id"})) ==
          "orders.user_id is both a column and a relation; give the relation another name");
    CHECK(refused(users(), orders().many_to_one("user", "users", {"user_id"}).many_to_one("user", "users", {"id"})) ==
          "orders.user is defined twice; give each relation a name of its own");
    CHECK(refused(users().one_to_many("orders", "orders", {"user_id"}).one_to_many("more", "orders", {"user_id"}),
                  orders().many_to_one("user", "users", {"user_id"})) ==
          "orders.user is the reverse of both orders and more of users; map one relation for each foreign key");
    CHECK(refused(users().many_to_many("orders", "orders", {"", "", {"u"}, {"o"}}), orders()) ==
          "users.orders names no association table; give its name, and its columns for both sides");
    CHECK(refused(users().many_to_many("orders", "orders", {"", "pairs", {"u", "v"}, {"o"}}), orders()) ==
          "users.orders: the association table pairs needs a column for each part of the key of users, and of orders");
    CHECK(refused(users().one_to_many("orders", "orders", {"user_id"}, {.delete_orphan = true}), orders()) ==
          "users.orders is delete_orphan without delete_; give both, as cascade_all_delete_orphan does");
    CHECK(refused(users().one_to_many("orders", "orders", {"user_id"}).order_by("orders", {{"placed", true}}),
                  orders()) == "orders has no column \"placed\"; the nearest is \"id\"");
    CHECK(message([] { return users().order_by("orders", {{"id"}}); }) ==
          "users.orders is ordered before it is related; write order_by behind its one_to_many or many_to_many");
}

TEST_CASE("the target of a relation is a table, a mapper, or a struct by its type", "[registry][unit]") {
    Registry registry;
    const auto known = registry.define(users());
    const auto made = registry.define(orders().many_to_one("user", known, {"user_id"}));
    CHECK(made->relations()[0].target() == known);
    CHECK(message([] {
              return orders().many_to_one("country", corm::mapping::mapper_of<mapping_test::Country>(), {"id"});
          }) == "a relation of a record leads to the struct Country; name it by corm::type<Country>{}");
    CHECK(message([] { return orders().many_to_one("user", std::shared_ptr<const Mapper>{}, {"user_id"}); }) ==
          "a relation of a record leads to no mapper; give the one of its target");
    registry.dispose(made);
    registry.dispose(known);
    CHECK(message([&] { return registry.define(orders().many_to_one("user", known, {"user_id"})); }) ==
          "orders.user: the mapping of users was disposed of; define it again, and read its objects anew");
}
