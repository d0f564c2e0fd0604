// MY: mappers by name, what depends on what, and what is left of those that are gone.
#include "fixture.hpp"

#include <corm/orm/registry.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace conformance;
using corm::mapping::live_mappers;

namespace {

using Id = std::int64_t;
using Shared = std::shared_ptr<const corm::Mapper>;

corm::RecordDefinition users() {
    return corm::define("users").column<Id>("id").column<std::string>("name").primary_key({"id"});
}

corm::RecordDefinition addresses() {
    return corm::define("addresses")
        .column<Id>("id")
        .column<std::optional<Id>>("user_id")
        .column<std::string>("email")
        .primary_key({"id"});
}

/// Prepared statements, but for the question.
corm::Task<std::int64_t> prepared(const corm::AsyncSession& session) {
    co_return co_await session.one<std::int64_t>(corm::raw_sql(
        "select count(*) from pg_prepared_statements where statement not like '%pg_prepared_statements%'"));
}

} // namespace

TEST_CASE("MY-05 mappers with relations of each kind, many-to-many among them, go with their last user",
          "[conformance]") {
    Fixture f{"create table user_nodes (user_id bigint references users, node_id bigint references nodes,"
              " primary key (user_id, node_id));",
              {.pool = {.max_size = 1}}};
    corm::Registry registry;
    const std::size_t before = live_mappers();
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        std::int64_t statements = 0;
        for (int round = 0; round < 50; ++round) {
            {
                const corm::Mappers tables = registry.define(
                    {users()
                         .one_to_many("addresses", "addresses", {"user_id"})
                         .many_to_many("nodes", "nodes", {"", "user_nodes", {"user_id"}, {"node_id"}}),
                     addresses().many_to_one("user", "users", {"user_id"}),
                     corm::define("nodes")
                         .column<Id>("id")
                         .column<std::string>("data")
                         .primary_key({"id"})
                         .many_to_many("users", "users", {"", "user_nodes", {"node_id"}, {"user_id"}})});
                corm::Record user{tables["users"]};
                user.set<std::string>("name", "jack");
                const auto jack = session.add(std::move(user));
                jack.edit().many("addresses").push_back(session.add(corm::Record{tables["addresses"]}));
                jack.edit().many("nodes").push_back(session.add(corm::Record{tables["nodes"]}));
                co_await session.commit();
                const auto found = co_await session.all(corm::select(tables["users"]).with(corm::load_named("nodes")));
                CHECK(found.size() == static_cast<std::size_t>(round) + 1);
                co_await session.rollback();
            }
            CHECK(live_mappers() == before);
            CHECK(registry.stats().names == 0);
            // The statement cache needs no clearing: it closes what nobody will ask for.
            const std::int64_t now = co_await prepared(session);
            co_await session.rollback();
            statements = round == 0 ? now : statements;
            CHECK(now == statements);
        }
    });
}

TEST_CASE("MY-07 a name of two modules: all nodes while both live, and none when they are dropped", "[conformance]") {
    corm::Registry registry;
    const std::size_t before = live_mappers();
    for (int round = 0; round < 3; ++round) {
        Shared first = registry.define("foo.bar", users());
        Shared second = registry.define("foo.alt", users());
        CHECK(registry.stats().names == 2);
        CHECK(registry.stats().modules == 2);
        CHECK(registry.find("foo.alt", "users") == second);
        CHECK_THROWS_AS(registry.find("users"), corm::MappingError); // which of them?
        first.reset();
        CHECK(registry.find("users") == second); // back to one
        CHECK(registry.stats().modules == 1);
        second.reset();
        CHECK(registry.stats().names == 0);
        CHECK(registry.stats().modules == 0);
        CHECK(live_mappers() == before);
    }
}

TEST_CASE("MY-08 a registry that others depend on is disposed of with them or not at all", "[conformance]") {
    Fixture f{stock};
    corm::Registry a, b;
    const Shared user = b.define(users());
    const Shared address = a.define(addresses().many_to_one("user", user, {"user_id"}));
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await session.get_one(address, corm::key(Id{1}));
        co_await session.load(jack, corm::load_named("user"));
        CHECK_THROWS_AS(b.dispose(), corm::MappingError);
        CHECK_FALSE(user->disposed());
        SECTION("a dependent leaves what it depends on") {
            a.dispose();
            CHECK(address->disposed());
            CHECK_FALSE(user->disposed());
            CHECK(a.find("addresses") == nullptr); // the name is gone
            CHECK(b.find("users") == user);
            const auto ed = co_await session.get_one(user, corm::key(Id{8}));
            CHECK(ed->get<std::string>("name") == "ed");
        }
        SECTION("with its dependents") {
            b.dispose(corm::Dependents::dispose);
            CHECK(address->disposed());
            CHECK(user->disposed());
            CHECK(a.stats().names + b.stats().names == 0);
            // Objects stay as they are, and nothing more is done with them.
            CHECK(jack->one("user")->get<std::string>("name") == "jack");
            bool refused = false;
            try {
                co_await session.refresh(jack);
            } catch (const corm::MappingError&) {
                refused = true;
            }
            CHECK(refused);
        }
    });
}

TEST_CASE("MY-13 mappers with unique columns, defaults and hooks are released", "[conformance]") {
    const auto hooks = std::make_shared<corm::SessionHooks>();
    Fixture f{{}, {.hooks = hooks}};
    corm::Registry registry;
    const std::size_t before = live_mappers();
    const auto called = std::make_shared<int>(0);
    for (int round = 0; round < 50; ++round) {
        const Shared named = registry.define(
            corm::define("named").column<std::string>("name").column<std::int32_t>("age").primary_key({"name"}).unique(
                {"name", "age"}));
        hooks->on<corm::Record>(corm::RowEvent::before_insert, named,
                                [called](const corm::Ref<corm::Record>&) { ++*called; });
        f.run([&]() -> corm::Task<> {
            corm::AsyncSession session{f.engine};
            session.add(corm::Record{named}.set<std::string>("name", std::to_string(round)));
            co_await session.commit();
        });
        if (round % 2 == 0)
            registry.dispose(named);
    }
    CHECK(*called == 50);
    CHECK(live_mappers() == before);
    CHECK(registry.stats().names == 0);
    CHECK(hooks->row_hooks() == 0);
    CHECK(called.use_count() == 1);
}
