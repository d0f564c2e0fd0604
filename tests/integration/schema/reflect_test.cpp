// Reflection as a call: what it costs, what it needs, and what it leaves behind.
#include "fixture.hpp"

#include <corm/corm.hpp>

#include <unistd.h>

#include <algorithm>

using namespace corm::test;
using Model = corm::schema::Database;

using corm::schema::QualifiedName;
using corm::schema::ReflectOptions;
using corm::schema::Table;

namespace {

template <class Object>
std::vector<std::string> names(const std::vector<Object>& objects) {
    std::vector<std::string> list;
    for (const Object& object : objects)
        list.push_back(object.name);
    return list;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("a whole catalogue is one round trip", "[schema][integration]") {
    Reflector reflector{every_feature_database().url(), {.pool = {.max_size = 1}}};
    const Model first = reflector.reflect();
    CHECK(reflector.engine.stats().round_trips == 1);
    CHECK(reflector.engine.stats().leased == 0);
    // Nothing waits for the connection, and nothing has to be undone on it first.
    CHECK(every_feature_database().sessions("idle in transaction") == 0);
    const Model second = reflector.reflect();
    CHECK(reflector.engine.stats().round_trips == 2);
    CHECK(first == second);
    CHECK(first == every_feature_model());
}

TEST_CASE("reflection leaves the search path and the statements of its connection alone", "[schema][integration]") {
    corm::EngineOptions options;
    options.pool.max_size = 1;
    options.pool.reset = corm::SessionReset::never;
    options.settings = {{"search_path", "audit, app"}};
    Reflector reflector{every_feature_database().url(), options};
    const Model model = reflector.reflect();
    CHECK(model.search_path == Names{"audit", "app"});
    run_coroutine(reflector.context, [&]() -> corm::Task<> {
        corm::AsyncSession session{reflector.engine};
        const auto path = co_await session.one<std::string>(corm::raw_sql("show search_path"));
        CHECK(path == "audit, app");
        const auto prepared = co_await session.one<std::int64_t>(
            corm::raw_sql("select count(*) from pg_prepared_statements where statement ilike '%pg_attribute%' and "
                          "statement not ilike '%pg_prepared_statements%'"));
        CHECK(prepared == 0);
    });
}

TEST_CASE("names without a schema are found along the search path", "[schema][integration]") {
    corm::EngineOptions options;
    options.settings = {{"search_path", "audit, app"}};
    Reflector reflector{every_feature_database().url(), options};
    const Model model = reflector.reflect(ReflectOptions{}.with_table("", "log").with_table("", "tag"));
    CHECK(names(model.tables) == Names{"tag", "log"});
    CHECK(model.find_table("", "tag") == &model.tables[0]);
    CHECK(model.find_table("", "log") == &model.tables[1]);
    CHECK(model.find_table("", "country") == nullptr);
}

TEST_CASE("equal databases have equal models, whatever their numbers are", "[schema][integration]") {
    // Objects that are gone have used up numbers.
    const corm::test::Database other{"create table gone (id serial primary key); create type g as enum ('a'); drop "
                                     "table gone; drop type g;" +
                                     every_feature()};
    CHECK(Reflector{other.url()}.reflect() == every_feature_model());
    other.query("alter table app.customer alter column born set default '2000-01-01'");
    CHECK_FALSE(Reflector{other.url()}.reflect() == every_feature_model());
}

TEST_CASE("a role that owns nothing and may read nothing reflects everything", "[schema][integration]") {
    const std::string role = "corm_stranger_" + std::to_string(::getpid());
    corm::test::query(server().url(), "create role " + role + " login");
    {
        const corm::test::Database database{every_feature()};
        ConnectionString url{database.url()};
        url.set("user", role);
        Reflector stranger{url.text()};
        CHECK_THROWS(corm::test::query(url.text(), "select * from app.customer"));
        CHECK(stranger.reflect() == every_feature_model());
    }
    corm::test::query(server().url(), "drop role " + role);
}

TEST_CASE("a schema is reflected with the types of others that it uses", "[schema][integration]") {
    Reflector reflector{every_feature_database().url()};
    const Model model = reflector.reflect(ReflectOptions{}.with_schema("public"));
    CHECK(names(model.schemas) == Names{"app", "public"});
    CHECK(names(model.tables) == Names{"plain"});
    CHECK(names(model.enums) == Names{"mood"});
    CHECK(model.domains.empty());
    CHECK(model.sequences.empty());

    const Model odd = reflector.reflect(ReflectOptions{}.with_schema("Odd.Schema").with_schema("no such schema"));
    CHECK(names(odd.schemas) == Names{"Odd.Schema"});
    CHECK(names(odd.tables) == Names{"Tab.le \"q\"", "child"});
    CHECK(odd.tables[0] == table("Tab.le \"q\"", "Odd.Schema"));
    CHECK(odd.enums.empty());
}

TEST_CASE("a table is reflected with its types and sequences", "[schema][integration]") {
    Reflector reflector{every_feature_database().url()};
    const Model model =
        reflector.reflect(ReflectOptions{}.with_table("app", "customer").with_table("app", "no such table"));
    CHECK(names(model.tables) == Names{"customer"});
    CHECK(model.tables[0] == table("customer"));
    CHECK(names(model.schemas) == Names{"app"});
    CHECK(names(model.enums) == Names{"Colour", "mood"});
    CHECK(names(model.domains) == Names{"email", "percent", "tags", "work_email"});
    CHECK(names(model.composites) == Names{"point3"});
    CHECK(names(model.ranges) == Names{"textrange"});
    CHECK(names(model.sequences) == Names{"customer_serial_no_seq"});
    CHECK(*model.find_domain("app", "email") == *every_feature_model().find_domain("app", "email"));

    const Model counter = reflector.reflect(ReflectOptions{}.with_table("app", "counter"));
    CHECK(names(counter.sequences) == Names{"countdown", "plain_seq"});
}

TEST_CASE("parts of types come along through domains, arrays, composites and ranges", "[schema][integration]") {
    const corm::test::Database database{
        "create schema a; create schema b; create schema c; create schema d; create schema e; create schema f;"
        "create type a.leaf as enum ('x'); create domain b.wrapped as a.leaf; create type c.pair as (one b.wrapped[]);"
        "create function d.less(c.pair, c.pair) returns bool immutable language sql return true;"
        "create type d.ranged as range (subtype = c.pair); create table e.t (many d.ranged[]); create type f.unused as "
        "enum ()"};
    Reflector reflector{database.url()};
    const Model model = reflector.reflect(ReflectOptions{}.with_table("e", "t"));
    CHECK(names(model.schemas) == Names{"a", "b", "c", "d", "e"});
    CHECK(names(model.enums) == Names{"leaf"});
    CHECK(names(model.domains) == Names{"wrapped"});
    CHECK(names(model.composites) == Names{"pair"});
    CHECK(names(model.ranges) == Names{"ranged"});
}

TEST_CASE("what belongs to extensions and to the system is left out, unless it is named", "[schema][integration]") {
    const corm::test::Database database{"create extension pg_buffercache; create temporary table t (id int)"};
    Reflector reflector{database.url()};
    const Model model = reflector.reflect();
    CHECK(model.tables.empty());
    CHECK(names(model.schemas) == Names{"public"});
    CHECK(names(model.extensions) == Names{"pg_buffercache"});

    const Model view = reflector.reflect(ReflectOptions{}.with_table("public", "pg_buffercache"));
    CHECK(names(view.tables) == Names{"pg_buffercache"});
    const Model system = reflector.reflect(ReflectOptions{}.with_table("pg_catalog", "pg_class"));
    REQUIRE(names(system.tables) == Names{"pg_class"});
    CHECK(system.tables[0].primary_key->columns == Names{"oid"});
    const Model standard = reflector.reflect(ReflectOptions{}.with_schema("information_schema"));
    CHECK(standard.find_table("information_schema", "columns") != nullptr);
    CHECK(standard.find_domain("information_schema", "sql_identifier")->type.text == "name");
}

TEST_CASE("an empty database is an empty model", "[schema][integration]") {
    const corm::test::Database database;
    Reflector reflector{database.url()};
    Model expected;
    expected.schemas = {{"public", "standard public schema"}};
    CHECK(reflector.reflect() == expected);
}

TEST_CASE("a name that is no text is refused, and the engine goes on", "[schema][integration]") {
    Reflector reflector{every_feature_database().url()};
    CHECK_THROWS_AS(reflector.reflect(ReflectOptions{}.with_schema("\xff")), corm::ConversionError);
    CHECK_THROWS_AS(reflector.reflect(ReflectOptions{}.with_table("app", std::string("a\0b", 3))),
                    corm::ConversionError);
    CHECK(reflector.reflect(ReflectOptions{}.with_table("app", "'; drop table app.tag; --")).tables.empty());
    CHECK(reflector.reflect() == every_feature_model());
}

TEST_CASE("reflection works inside of other work of the engine, and many at once", "[schema][integration]") {
    Reflector reflector{every_feature_database().url(), {.pool = {.max_size = 3}}};
    std::vector<Model> models(8);
    for (Model& model : models)
        boost::asio::co_spawn(
            reflector.context,
            [](corm::Engine& engine, Model& target) -> corm::Task<> {
                target = co_await corm::orm::reflect(engine);
            }(reflector.engine, model),
            boost::asio::detached);
    reflector.context.run();
    for (const Model& model : models)
        CHECK(model == every_feature_model());
    CHECK(reflector.engine.stats().round_trips == 8);
}
