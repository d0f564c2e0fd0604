// Relations of records, and of records to structs, take the way of those of structs.
#include "shop.hpp"

#include <corm/json.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace corm::test;
using corm::ObjectState;

namespace {

corm::Record line(const std::shared_ptr<const corm::Mapper>& mapper, std::int32_t number, std::string article) {
    corm::Record made = named(mapper, "article", std::move(article));
    made.set<std::int32_t>("line", number);
    return made;
}

} // namespace

TEST_CASE("a graph of records is written in the order of its keys", "[registry][integration]") {
    Sessions s{shop_tables};
    corm::mapping::Registry registry;
    const auto shop = define_shop(registry);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const RecordRef ada = session.add(named(shop["customers"], "name", "Ada"));
        const RecordRef order = session.add(corm::Record{shop["orders"]});
        order.edit().one("customer") = ada;
        CHECK(ada->many("orders").contains(order)); // in step
        order.edit().many("lines").push_back(session.add(line(shop["order_lines"], 1, "tea")));
        order.edit().many("lines").push_back(session.add(line(shop["order_lines"], 2, "milk")));
        order.edit().many("labels").push_back(session.add(named(shop["labels"], "label", "urgent")));
        const RecordRef address = session.add(named(shop["addresses"], "town", "London"));
        ada.edit().one("address") = address;
        CHECK(address->one("customer") == ada);
        co_await session.commit();
        CHECK(order->get<std::optional<std::int64_t>>("customer_id") == ada->get<std::int64_t>("id"));
    });
    CHECK(
        s.database.query("select c.name || ' ' || a.town || ' ' || string_agg(l.article, ',' order by l.line) || ' ' ||"
                         " max(t.label) from customers c join addresses a on a.customer_id = c.id"
                         " join orders o on o.customer_id = c.id join order_lines l on l.order_id = o.id"
                         " join order_labels ol on ol.order_id = o.id join labels t on t.id = ol.label_id"
                         " group by c.name, a.town") == "Ada London tea,milk urgent");
}

TEST_CASE("relations of records are loaded by name", "[registry][integration]") {
    Sessions s{std::string{shop_tables} +
               "insert into customers (name) select 'c' || n from generate_series(1, 3) n;"
               "insert into orders (customer_id) select c from generate_series(1, 3) c, generate_series(1, 2) n;"
               "insert into order_lines select o, n, 'a' || n from generate_series(1, 6) o, generate_series(1, 2) n;"};
    corm::mapping::Registry registry;
    const auto shop = define_shop(registry);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto customers =
            co_await session.all(corm::select(shop["customers"]).order_by(corm::column(shop["customers"], "id").asc()));
        REQUIRE(customers.size() == 3);
        const std::string error =
            message_of<corm::NotLoadedError>([&] { static_cast<void>(customers[0]->many("orders").size()); });
        CHECK(error.starts_with("customers.orders was not loaded"));
        CHECK(error.find("corm::load_named(\"orders\")") != std::string::npos);
        static_cast<void>(s.round_trips());
        co_await session.load(customers, corm::load_named("orders", "lines"));
        CHECK(s.round_trips() == 2);
        for (const RecordRef& customer : customers) {
            REQUIRE(customer->many("orders").size() == 2);
            const RecordRef first = customer->many("orders")[0];
            const RecordRef second = customer->many("orders")[1];
            CHECK(first->get<std::int64_t>("id") > second->get<std::int64_t>("id")); // its order
            CHECK(first->many("lines").size() == 2);
            CHECK(first->one("customer") == customer);
        }
        const std::vector<corm::query::NamedLoad> several{corm::load_named("address"), corm::load_named("orders")};
        co_await session.load(customers[0], several);
        CHECK_FALSE(customers[0]->one("address"));
        co_await session.refresh(customers[0], several);
        CHECK(customers[0]->many("orders").size() == 2);
        CHECK(message_of<corm::MappingError>([&] {
                  static_cast<void>(session.load(customers, corm::load_named("order")));
              }) == "customers has no relation \"order\"; the nearest is \"orders\"");
        co_await session.rollback();
    });
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto& orders = shop["orders"];
        const auto found = co_await session.all(corm::select(orders)
                                                    .with(corm::load_named("lines"))
                                                    .with_joined(corm::load_named("customer"))
                                                    .order_by(corm::column(orders, "id").asc()));
        REQUIRE(found.size() == 6);
        CHECK(found[0]->one("customer")->get<std::string>("name") == "c1");
        CHECK(found[5]->many("lines")[1]->get<std::string>("article") == "a2");
        CHECK(message_of<corm::MappingError>([&] {
                  static_cast<void>(corm::select(orders).with_joined(corm::load_named("lines")));
              }) == "orders.lines leads to many objects, and a join reads relations to one; read it "
                    "behind the query, by with()");
        const auto locked = co_await session.all(corm::select(orders)
                                                     .with_inner_joined(corm::load_named("customer"))
                                                     .for_update()
                                                     .lock_joined(corm::load_named("customer")));
        CHECK(locked.size() == 6);
        co_await session.rollback();
    });
}

TEST_CASE("records and structs refer to each other in one session", "[registry][integration]") {
    Sessions s{shop_tables};
    corm::mapping::Registry registry;
    const auto shop = define_shop(registry);
    std::int64_t id = 0;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = session.add(User{.name = "ada"});
        const RecordRef customer = session.add(named(shop["customers"], "name", "Ada"));
        customer.edit().one<User>("user") = user;
        co_await session.commit();
        CHECK(customer->get<std::optional<std::int64_t>>("user_id") == user->id);
        id = customer->get<std::int64_t>("id");
    });
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const RecordRef customer = co_await session.get_one(shop["customers"], corm::key(id));
        co_await session.load(customer, corm::load_named("user"));
        const corm::Ref<User> user = customer->one<User>("user");
        CHECK(user->name == "ada");
        user.edit().age = 36;
        customer.edit().set<std::string>("name", "Ada L.");
        session.remove(customer);
        session.remove(user);
        co_await session.commit(); // the customer first, which refers
    });
    CHECK(s.database.query("select count(*)::text || (select count(*) from users)::text from customers") == "00");
}

TEST_CASE("cascades of records, and their rollback", "[registry][integration]") {
    Sessions s{std::string{shop_tables} + "insert into orders (id) values (7);"
                                          "insert into order_lines values (7, 1, 'tea'), (7, 2, 'milk');"};
    corm::mapping::Registry registry;
    const auto shop = define_shop(registry);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const RecordRef order = co_await session.get_one(shop["orders"], corm::key(std::int64_t{7}));
        co_await session.load(order, corm::load_named("lines"));
        const RecordRef tea = order->many("lines")[0];
        CHECK(order.edit().many("lines").remove(tea)); // an orphan now
        co_await session.flush();
        CHECK(corm::inspect(tea).state() == ObjectState::deleted);
        CHECK(order->many("lines").size() == 1);
        co_await session.rollback();
        CHECK(corm::inspect(tea).state() == ObjectState::persistent);
        CHECK(order->many("lines").size() == 2);

        const corm::Savepoint savepoint = co_await session.begin_nested();
        session.remove(order);
        co_await session.flush();
        CHECK(corm::inspect(tea).state() == ObjectState::deleted);
        co_await savepoint.rollback();
        CHECK(corm::inspect(order).state() == ObjectState::persistent);
        session.remove(order);
        co_await session.commit();
    });
    CHECK(s.database.query("select count(*)::text || (select count(*) from orders)::text from order_lines") == "00");
}

TEST_CASE("a record of a session is assigned and moved without harm", "[registry][integration]") {
    Sessions s{std::string{shop_tables} + "insert into customers (id, name) values (1, 'Ada');"
                                          "insert into orders (id, customer_id) values (1, 1), (2, null);"};
    corm::mapping::Registry registry;
    const auto shop = define_shop(registry);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const RecordRef ada = co_await session.get_one(shop["customers"], corm::key(std::int64_t{1}));
        co_await session.load(ada, corm::load_named("orders"));
        // What is moved out is a copy.
        corm::Record taken = std::move(ada.edit());
        CHECK(ada->get<std::string>("name") == "Ada");
        CHECK(ada->many("orders").size() == 1);
        taken.set<std::string>("name", "Eva");
        const std::string& name = ada->get<std::string>("name");
        ada.edit() = taken;
        CHECK(name == "Eva"); // where it was
        CHECK(ada->many("orders").size() == 1);
        const RecordRef second = co_await session.get_one(shop["orders"], corm::key(std::int64_t{2}));
        corm::Record other{shop["customers"]};
        other.set<std::int64_t>("id", 1).set<std::string>("name", "Eve");
        other.many("orders").push_back(second);
        ada.edit() = std::move(other);
        CHECK(second->one("customer") == ada);
        CHECK(
            message_of<corm::MappingError>([&] { ada.edit() = corm::Record{shop["orders"]}; }) ==
            "an object of customers was assigned a Record of orders; assign one that was constructed with the object's "
            "mapper");
        CHECK(
            message_of<corm::MappingError>([&] { ada.edit() = corm::Record{}; }) ==
            "an object of customers was assigned a Record that holds nothing; assign one that was constructed with the "
            "object's mapper");
        co_await session.commit();
    });
    CHECK(
        s.database.query("select name || (select string_agg(id::text || coalesce(customer_id::text, '-'), ',' order by"
                         " id) from orders) from customers") == "Eve1-,21");
}

TEST_CASE("the history of records, by name", "[registry][integration]") {
    Sessions s{std::string{shop_tables} + "insert into customers (id, name) values (1, 'Ada');"
                                          "insert into orders (id, customer_id) values (1, 1), (2, null);"};
    corm::mapping::Registry registry;
    const auto shop = define_shop(registry);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const RecordRef ada = co_await session.get_one(shop["customers"], corm::key(std::int64_t{1}));
        const RecordRef second = co_await session.get_one(shop["orders"], corm::key(std::int64_t{2}));
        co_await session.load(ada, corm::load_named("orders"));
        ada.edit().set<std::string>("name", "Eva");
        ada.edit().many("orders").push_back(second);
        const auto history = corm::inspect(ada).history<std::string>("name");
        CHECK(history.added == "Eva");
        CHECK(history.deleted == "Ada");
        const auto orders = corm::inspect(ada).relation_history("orders");
        CHECK(orders.added == std::vector<RecordRef>{second});
        CHECK(orders.unchanged.size() == 1);
        const auto customer = corm::inspect(second).relation_history("customer");
        CHECK(customer.added == std::vector<RecordRef>{ada});
        CHECK(message_of<corm::MappingError>([&] {
                  static_cast<void>(corm::inspect(ada).history<std::int32_t>("name"));
              }) == "customers.name is defined as text and was asked for as int4; use the type of its definition");
        CHECK(message_of<corm::MappingError>(
                  [&] { static_cast<void>(corm::inspect(ada).relation_history<User>("orders")); }) ==
              "customers.orders leads to many objects of orders; ask for it by many<T>(), with the type that it was "
              "defined with: a struct, or corm::Record");
        session.expire(ada, "name");
        CHECK(ada->get<std::string>("name") == "Ada");
        CHECK(corm::inspect(ada).freshness() == corm::Freshness::stale);
    });
}

TEST_CASE("records are written as JSON with the relations that are loaded", "[registry][integration]") {
    Sessions s{shop_tables};
    corm::mapping::Registry registry;
    const auto shop = define_shop(registry);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = session.add(User{.name = "login", .email = {}});
        const RecordRef ada = session.add(named(shop["customers"], "name", "Ada"));
        ada.edit().one<User>("user") = user;
        const RecordRef order = session.add(corm::Record{shop["orders"]});
        order.edit().one("customer") = ada;
        const RecordRef line = session.add(named(shop["order_lines"], "article", "nail"));
        line.edit().set<std::int32_t>("line", 4);
        order.edit().many("lines").push_back(line);
        order.edit().many("labels").push_back(session.add(named(shop["labels"], "label", "urgent")));
        co_await session.commit();

        corm::AsyncSession other{s.engine};
        const RecordRef read = co_await other.one(corm::select(shop["customers"]));
        const std::string alone = R"({"id":1,"name":"Ada","user_id":1)";
        CHECK(corm::to_json_text(read) == alone + "}");
        const auto way = corm::load_named("orders", "lines");
        co_await other.load(read, way);
        // The way back is the key of what is being written; what refers to a struct is left out.
        const std::string lines = R"("lines":[{"order_id":1,"line":4,"article":"nail","order":1}])";
        const std::string row = R"({"id":1,"customer_id":1,"placed":"2026-01-01","version":0,"customer":1,)";
        CHECK(corm::to_json_text(read) == alone + R"(,"orders":[)" + row + lines + "}]}");
        const auto rest = corm::load_named("address");
        co_await other.load(read, rest);
        CHECK(corm::to_json(read).as_object().at("address").is_null());
        // A key of several columns is a list.
        const RecordRef found = co_await other.one(corm::select(shop["order_lines"]));
        const auto back = corm::load_named("order", "lines");
        co_await other.load(found, back);
        CHECK(corm::to_json(found).at("order").at("lines").as_array().at(0) == boost::json::array{1, 4});
    });
}

TEST_CASE("queries that hardly come again are not kept prepared", "[registry][integration]") {
    Sessions s{shop_tables, {.pool = {.max_size = 1}}};
    corm::mapping::Registry registry;
    const auto shop = define_shop(registry);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        static_cast<void>(co_await session.all(corm::select(shop["customers"])));
        const corm::PoolStats before = s.engine.stats();
        for (int i = 0; i < 3; ++i) {
            static_cast<void>(co_await session.all(corm::select(shop["orders"]).unprepared()));
            static_cast<void>(co_await session.one<int>(corm::raw_sql("select 1").unprepared()));
        }
        const corm::PoolStats unprepared = s.engine.stats();
        CHECK(unprepared.cached_statements == before.cached_statements);
        CHECK(unprepared.cache_hits == before.cache_hits);
        CHECK(unprepared.statements == before.statements + 6);
        for (int i = 0; i < 3; ++i)
            static_cast<void>(co_await session.all(corm::select(shop["orders"])));
        const corm::PoolStats prepared = s.engine.stats();
        CHECK(prepared.cached_statements == before.cached_statements + 1);
        CHECK(prepared.cache_hits == before.cache_hits + 2);
    });
}

TEST_CASE("a relation takes no objects of other tables", "[registry][integration]") {
    Sessions s{std::string{shop_tables} +
               "insert into customers (id, name) values (1, 'Ada'); insert into orders (id) values (1);"};
    corm::mapping::Registry registry;
    auto shop = define_shop(registry);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const RecordRef ada = co_await session.get_one(shop["customers"], corm::key(std::int64_t{1}));
        const RecordRef order = co_await session.get_one(shop["orders"], corm::key(std::int64_t{1}));
        co_await session.load(order, corm::load_named("lines"));
        const std::string of_line = "; give it an object of the mapper that it was defined with";
        CHECK(message_of<corm::MappingError>([&] { order.edit().many("lines").push_back(ada); }) ==
              "orders.lines leads to order_lines, and was given customers(1) of another table" + of_line);
        CHECK(message_of<corm::MappingError>([&] { order.edit().one("customer") = order; }) ==
              "orders.customer leads to customers, and was given orders(1) of another table" + of_line);
        CHECK(order->many("lines").empty());
        corm::Record line{shop["order_lines"]};
        line.one("order") = ada; // of a value, nothing is known yet
        CHECK(message_of<corm::MappingError>([&] { session.add(line); }) ==
              "order_lines.order leads to orders, and was given customers(1) of another table" + of_line);
        // Those of a mapping that was given up are of another one.
        registry.dispose(shop["orders"]);
        shop = define_shop(registry);
        const RecordRef anew = co_await session.get_one(shop["orders"], corm::key(std::int64_t{1}));
        CHECK(message_of<corm::MappingError>([&] { anew.edit().one("customer") = ada; }) ==
              "orders.customer leads to customers, and was given customers(1) of another mapping of that table" +
                  of_line);
        co_await session.rollback();
    });
}

TEST_CASE("the mapper of a struct is none of records", "[registry][integration]") {
    Sessions s{shop_tables};
    corm::mapping::Registry registry;
    registry.add<User>();
    registry.add<User>(); // is there
    const auto mapper = registry.get("User");
    const std::string instead =
        " was given the mapper of the struct User, whose objects are no records; name the struct as a "
        "template argument";
    CHECK(message_of<corm::MappingError>([&] { static_cast<void>(corm::select(mapper)); }) == "select()" + instead);
    CHECK(message_of<corm::MappingError>([&] { static_cast<void>(corm::Record{mapper}); }) == "a new Record" + instead);
    corm::AsyncSession session{s.engine};
    CHECK(message_of<corm::MappingError>([&] { static_cast<void>(session.get(mapper, corm::key(std::int64_t{1}))); }) ==
          "get()" + instead);
    corm::SessionHooks hooks;
    CHECK(message_of<corm::MappingError>([&] {
              hooks.on<corm::Record>(corm::RowEvent::load, mapper, [](const RecordRef&) {});
          }).starts_with("a hook of load was given the mapper of User"));
    CHECK(
        message_of<corm::MappingError>([&] {
            static_cast<void>(registry.define(
                corm::define("t").column<std::int64_t>("id").primary_key({"id"}).many_to_one("user", "User", {"id"})));
        }) == "t.user leads to the struct User; name it by corm::type<User>{}");
}

TEST_CASE("pairs of equally named tables of two schemas", "[registry][integration]") {
    Sessions s{
        "create schema a; create schema b; create table a.users (id bigint primary key);"
        "create table b.users (id bigint primary key); create table pairs (x bigint, y bigint, primary key (x, y));"};
    corm::mapping::Registry registry;
    const auto users = [](const std::string& own, const std::string& other, const char* here, const char* there) {
        return corm::define("users", own)
            .column<std::int64_t>("id")
            .primary_key({"id"}, true)
            .many_to_many("users", corm::mapping::RelationTarget{other, "users"}, {"", "pairs", {here}, {there}});
    };
    const auto both = registry.define({users("a", "b", "x", "y"), users("b", "a", "y", "x")});
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const RecordRef one = session.add(corm::Record{both.find("a", "users")}.set<std::int64_t>("id", 1));
        const RecordRef two = session.add(corm::Record{both.find("b", "users")}.set<std::int64_t>("id", 2));
        one.edit().many("users").push_back(two);
        co_await session.commit();
    });
    CHECK(s.database.query("select x || ',' || y from pairs") == "1,2");
}
