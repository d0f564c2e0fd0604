// Mappers by name: who keeps them, and how they end.
#include "entities.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/record.hpp>
#include <corm/mapping/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

using corm::mapping::define;
using corm::mapping::Dependents;
using corm::mapping::live_mappers;
using corm::mapping::Mapper;
using corm::mapping::Mappers;
using corm::mapping::Record;
using corm::mapping::RecordDefinition;
using corm::mapping::Registry;

namespace {

using Shared = std::shared_ptr<const Mapper>;

RecordDefinition numbered(const std::string& table) {
    return define(table).column<std::int64_t>("id").column<std::string>("name").primary_key({"id"});
}

/// With a foreign key to `parent`.
RecordDefinition child(const std::string& table, const std::string& parent) {
    return numbered(table).column<std::int64_t>("parent_id").many_to_one("parent", parent, {"parent_id"});
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

TEST_CASE("a registry finds mappers by name and keeps none", "[registry][unit]") {
    Registry registry;
    const std::size_t before = live_mappers();
    Shared users = registry.define(numbered("users"));
    CHECK(registry.find("users") == users);
    CHECK(registry.get("users") == users);
    CHECK(registry.find("orders") == nullptr);
    CHECK(message([&] { return registry.get("usres"); }) ==
          "the registry has no mapper \"usres\"; the nearest is \"users\"");
    CHECK(registry.stats().names == 1);
    CHECK(registry.mappers() == std::vector<Shared>{users});
    users.reset();
    CHECK(live_mappers() == before);
    CHECK(registry.find("users") == nullptr);
    CHECK(registry.stats().names == 0);
    CHECK(registry.stats().modules == 0);
}

TEST_CASE("a record keeps its mapper, and the registry need not live", "[registry][unit]") {
    const std::size_t before = live_mappers();
    auto registry = std::make_unique<Registry>();
    Record ada{registry->define(numbered("users"))};
    CHECK(registry->find("users") == ada.mapper());
    registry.reset();
    ada.set<std::string>("name", "Ada");
    CHECK(ada.get<std::string>("name") == "Ada");
    ada = Record{};
    CHECK(live_mappers() == before);
}

TEST_CASE("tables that refer to each other live together", "[registry][unit]") {
    Registry registry;
    const std::size_t before = live_mappers();
    Shared orders;
    {
        const Mappers shop = registry.define(
            {numbered("users").one_to_many("orders", "orders", {"parent_id"}), child("orders", "users")});
        CHECK(shop.size() == 2);
        CHECK(message([&] { return shop["order"]; }) ==
              "no table \"order\" was defined here; the nearest is \"orders\"");
        orders = shop["orders"];
    }
    const Shared users = registry.find("users");
    REQUIRE(users != nullptr);
    CHECK(&orders->relations()[0].target.get() == users.get());
    CHECK(&users->relations()[0].target.get() == orders.get());
    CHECK(registry.stats().names == 2);
    CHECK(live_mappers() == before + 2);
}

TEST_CASE("circles of mappers leave nothing behind", "[registry][unit]") {
    Registry registry;
    const std::size_t before = live_mappers();
    for (int i = 0; i < 100; ++i) {
        const Mappers shop = registry.define(
            {numbered("users").one_to_many("orders", "orders", {"parent_id"}),
             child("orders", "users").many_to_many("friends", "orders", {"", "friends", {"a"}, {"b"}})});
        static_cast<void>(Record{shop["users"]});
    }
    CHECK(live_mappers() == before);
    CHECK(registry.stats().names == 0);
}

TEST_CASE("MY-07: names of several modules, which vanish with their last mapper", "[registry][unit]") {
    Registry registry;
    for (int round = 0; round < 3; ++round) {
        Shared billing = registry.define("billing", numbered("users"));
        Shared crm = registry.define("crm", numbered("users"));
        CHECK(registry.stats().modules == 2);
        CHECK(registry.stats().names == 2);
        CHECK(registry.find("billing", "users") == billing);
        CHECK(registry.find("crm", "users") == crm);
        CHECK(registry.find("other", "users") == nullptr);
        CHECK(message([&] { return registry.find("users"); }) ==
              "\"users\" may be billing.users and crm.users; name the module as well");
        // A relation finds the one of its own module.
        {
            const Shared orders = registry.define("crm", child("orders", "users"));
            CHECK(&orders->relations()[0].target.get() == crm.get());
        }
        CHECK(message([&] { return registry.define("sales", child("orders", "users")); }) ==
              "\"users\" may be billing.users and crm.users; name the module as well");
        billing.reset();
        CHECK(registry.stats().modules == 1);
        CHECK(registry.find("users") == crm); // resolves to the one that is left
        crm.reset();
        CHECK(registry.stats().modules == 0);
        CHECK(registry.stats().names == 0);
    }
}

TEST_CASE("the schema of a table is its module", "[registry][unit]") {
    Registry registry;
    const auto invoices = [](const std::string& schema) {
        return define("invoices", schema).column<std::int64_t>("id").primary_key({"id"});
    };
    const Shared paid = registry.define(invoices("paid"));
    const Shared open = registry.define(invoices("open"));
    CHECK(registry.find("paid", "invoices") == paid);
    CHECK(registry.find("open", "invoices") == open);
}

TEST_CASE("a name is taken while its mapper lives", "[registry][unit]") {
    Registry registry;
    const Shared users = registry.define(numbered("users"));
    CHECK(message([&] { return registry.define(numbered("users")); }) ==
          "users is mapped already; dispose of its mapper first, or define it in another module");
    CHECK(registry.find("users") == users);
    // A definition of several enters all or none.
    CHECK(message([&] { return registry.define({numbered("orders"), numbered("users")}); }) ==
          "users is mapped already; dispose of its mapper first, or define it in another module");
    CHECK(registry.find("orders") == nullptr);
    CHECK(registry.stats().names == 1);
    CHECK(message([&] { return registry.define({numbered("a"), numbered("a")}); }) ==
          "a is defined twice; define tables of one name in modules of their own");
    CHECK(message([&] { return registry.define(std::vector<RecordDefinition>{}); }) ==
          "a registry was given nothing to define; give at least one definition");
}

TEST_CASE("a mapper that is disposed of gives its name to another", "[registry][unit]") {
    Registry registry;
    const Shared old = registry.define(numbered("users"));
    Record ada{old};
    ada.set<std::string>("name", "Ada");
    registry.dispose(old);
    CHECK(old->disposed());
    CHECK(old->lifetime().expired());
    CHECK(registry.find("users") == nullptr);
    const Shared altered = registry.define(numbered("users").column<std::int32_t>("age"));
    CHECK(registry.find("users") == altered);
    // What there is stays readable.
    CHECK(ada.get<std::string>("name") == "Ada");
    CHECK(message([&] { return Record{old}; }) ==
          "a new Record: the mapping of users was disposed of; define it again, and read its objects anew");
    registry.dispose(old); // twice is once
    CHECK(registry.find("users") == altered);
    Registry other;
    CHECK(message([&] {
              other.dispose(altered);
              return 0;
          }) == "users is not of this registry; dispose of it by the one that defined it");
}

TEST_CASE("MY-08: three registries, each of which depends on the next", "[registry][unit]") {
    Registry a, b, c;
    const Shared last = c.define(numbered("last"));
    const Shared middle =
        b.define(define("middle").column<std::int64_t>("id").primary_key({"id"}).many_to_one("last", last, {"id"}));
    const Shared first =
        a.define(define("first").column<std::int64_t>("id").primary_key({"id"}).many_to_one("middle", middle, {"id"}));
    SECTION("a dependency is not disposed of by itself") {
        const std::string refused = message([&] {
            c.dispose();
            return 0;
        });
        CHECK(refused == "cannot dispose of last: middle refers to it; dispose of that first, or of both by "
                         "Dependents::dispose");
        CHECK_FALSE(last->disposed());
        CHECK(c.find("last") == last);
    }
    SECTION("with its dependents it is") {
        c.dispose(Dependents::dispose);
        CHECK(last->disposed());
        CHECK(middle->disposed());
        CHECK(first->disposed());
        CHECK(a.stats().names + b.stats().names + c.stats().names == 0);
    }
    SECTION("a dependent leaves its dependencies mapped") {
        a.dispose();
        CHECK(first->disposed());
        CHECK_FALSE(middle->disposed());
        b.dispose();
        CHECK(middle->disposed());
        CHECK_FALSE(last->disposed());
        c.dispose();
        CHECK(last->disposed());
    }
}

TEST_CASE("a dependency lives as long as its dependents", "[registry][unit]") {
    const std::size_t before = live_mappers();
    Registry registry;
    Shared users = registry.define(numbered("users"));
    Shared orders = registry.define(child("orders", "users"));
    users.reset();
    CHECK(registry.find("users") != nullptr);
    orders.reset();
    CHECK(registry.find("users") == nullptr);
    CHECK(live_mappers() == before);
}

TEST_CASE("clear_mappers disposes of all that were defined, and of no struct", "[registry][unit]") {
    Registry a, b;
    const Shared one = a.define(numbered("one"));
    const Shared two =
        b.define(define("two").column<std::int64_t>("id").primary_key({"id"}).many_to_one("one", one, {"id"}));
    const Shared person = corm::mapping::mapper_of<mapping_test::Line>();
    corm::mapping::clear_mappers();
    CHECK(one->disposed());
    CHECK(two->disposed());
    CHECK_FALSE(person->disposed());
    CHECK(a.stats().names + b.stats().names == 0);
    const Shared again = a.define(numbered("one"));
    CHECK(a.find("one") == again);
}

TEST_CASE("many threads define, find and let go", "[registry][unit]") {
    Registry registry;
    const std::size_t before = live_mappers();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&registry, t] {
            for (int i = 0; i < 200; ++i) {
                // Others may hold what was defined a moment ago, and with it the names.
                const std::string own = std::to_string(t) + " " + std::to_string(i);
                const Mappers mine = registry.define(own, {numbered("users"), child("orders", "users")});
                Record record{mine["orders"]};
                static_cast<void>(registry.find(own, "users"));
                static_cast<void>(registry.mappers());
                if (i % 7 == 0)
                    registry.dispose(mine["users"], Dependents::dispose);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    CHECK(live_mappers() == before);
    CHECK(registry.stats().names == 0);
}
