// The order of statements, circles, and what exists already.
#include "ddl_models.hpp"

#include "schema/dependency_order.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace corm::schema;
using namespace corm::schema::test;

namespace {

/// The statements up to their lists.
Strings created(const Database& model, const Database& existing = {}) {
    Strings list;
    for (const std::string& statement : create_sql(model, existing))
        list.push_back(statement.substr(0, statement.find_first_of("\n(")));
    for (std::string& text : list) {
        if (text.ends_with(' '))
            text.pop_back();
    }
    return list;
}

using Numbers = std::vector<std::size_t>;

std::string message_of(auto&& call) {
    try {
        static_cast<void>(call());
    } catch (const corm::MappingError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

} // namespace

TEST_CASE("small numbers come first as far as needs allow", "[schema][ddl]") {
    CHECK(order_by_dependency({}).order.empty());
    CHECK(order_by_dependency({{}, {}, {}}).order == Numbers{0, 1, 2});
    CHECK(order_by_dependency({{{2}, {}}, {}, {{}, {3}}, {}}).order == Numbers{1, 3, 2, 0});
}

TEST_CASE("a circle is broken at a wish, and what is outside of it keeps its wishes", "[schema][ddl]") {
    // 0 wants 3, which is in a circle with 2; 1 wants 0.
    const DependencyOrder found = order_by_dependency({{{}, {3}}, {{}, {0}}, {{}, {3}}, {{}, {2}}});
    CHECK(found.order == Numbers{2, 3, 0, 1});
    // A firm need inside of the circle holds.
    CHECK(order_by_dependency({{{1}, {}}, {{}, {0}}}).order == Numbers{1, 0});
    CHECK(order_by_dependency({{{}, {0}}}).order == Numbers{0});
}

TEST_CASE("a circle of firm needs is found", "[schema][ddl]") {
    CHECK(order_by_dependency({{}, {{2}, {}}, {{3}, {}}, {{1}, {0}}}).circle == Numbers{1, 2, 3});
    CHECK(order_by_dependency({{}, {{1}, {}}}).circle == Numbers{1});
    CHECK(order_by_dependency({{{1}, {}}, {{0}, {2}}, {{}, {0}}}).circle == Numbers{0, 1});
}

TEST_CASE("a chain of a hundred thousand is ordered without recursion", "[schema][ddl]") {
    constexpr std::size_t count = 100'000;
    std::vector<Needs> needs(count);
    for (std::size_t i = 0; i + 1 < count; ++i)
        needs[i].first = {i + 1};
    const DependencyOrder found = order_by_dependency(needs);
    REQUIRE(found.order.size() == count);
    CHECK(found.order.front() == count - 1);
    CHECK(found.order.back() == 0);
}

TEST_CASE("targets come first, and a circle is closed by ALTER TABLE", "[schema][ddl]") {
    Table a = table("a"), b = table("b"), c = table("c");
    refer(a, b, "b_id");
    refer(b, c, "c_id");
    CHECK(created(model({a, b, c})) == Strings{"CREATE TABLE \"c\"", "CREATE TABLE \"b\"", "CREATE TABLE \"a\""});
    CHECK(drop_sql(model({a, b, c})) == Strings{"DROP TABLE \"a\"", "DROP TABLE \"b\"", "DROP TABLE \"c\""});

    refer(c, b, "b_id");
    refer(c, c, "parent");
    const Strings statements = create_sql(model({a, b, c}));
    REQUIRE(statements.size() == 4);
    CHECK(statements[0].starts_with("CREATE TABLE \"b\""));
    CHECK(statements[1].find("REFERENCES \"b\"") != std::string::npos);
    CHECK(statements[1].find("REFERENCES \"c\"") != std::string::npos);
    CHECK(statements[2].find("REFERENCES \"b\"") != std::string::npos);
    CHECK(statements[3] ==
          "ALTER TABLE \"b\"\n    ADD CONSTRAINT \"b_c_id_fkey\" FOREIGN KEY (\"c_id\") REFERENCES \"c\" "
          "(\"id\")");
    CHECK(drop_sql(model({a, b, c})) == Strings{"ALTER TABLE \"b\" DROP CONSTRAINT \"b_c_id_fkey\"", "DROP TABLE \"a\"",
                                                "DROP TABLE \"c\"", "DROP TABLE \"b\""});
}

TEST_CASE("the order of a model does not matter", "[schema][ddl]") {
    Table a = table("a"), b = table("b"), c = table("c");
    refer(a, b, "b_id");
    refer(b, a, "a_id");
    Database one, other;
    one.tables = {a, b, c};
    other.tables = {c, b, a};
    CHECK(create_sql(one) == create_sql(other));
    CHECK(drop_sql(one) == drop_sql(other));
}

TEST_CASE("types come ahead of tables, parents of children, views last", "[schema][ddl]") {
    Database all;
    Table a = table("a"), z = table("z"), part = table("part");
    a.columns[0].type.name = {"", "d"};
    part.columns.clear();
    part.primary_key.reset();
    part.parents = {{"", "z"}};
    part.partition_bound = "FOR VALUES FROM (1) TO (2)";
    z.kind = TableKind::partitioned_table;
    z.partition_key = "RANGE (id)";
    Table first, second;
    first.kind = second.kind = TableKind::view;
    first.name = "b";
    first.reads = {{"", "y"}};
    second.name = "y";
    second.reads = {{"", "a"}};
    first.definition = second.definition = "SELECT 1";
    all.tables = {a, first, part, second, z};
    all.enums = {{.name = "e"}};
    all.domains = {{.name = "d", .type = {.text = "e", .name = {"", "e"}}}};
    all.sequences = {{.name = "s", .owner = {"", "a"}, .owner_column = "id"}};
    CHECK(created(all) == Strings{"CREATE SEQUENCE \"s\"", "CREATE TYPE \"e\" AS ENUM", "CREATE DOMAIN \"d\" AS e",
                                  "CREATE TABLE \"a\"", "CREATE TABLE \"z\"",
                                  "CREATE TABLE \"part\" PARTITION OF \"z\" FOR VALUES FROM", "CREATE VIEW \"y\" AS",
                                  "CREATE VIEW \"b\" AS", "ALTER SEQUENCE \"s\" OWNED BY \"a\".\"id\""});
    CHECK(drop_sql(all) == Strings{"DROP VIEW \"b\"", "DROP VIEW \"y\"", "DROP TABLE \"part\"", "DROP TABLE \"z\"",
                                   "DROP TABLE \"a\"", "DROP DOMAIN \"d\"", "DROP TYPE \"e\""});
}

TEST_CASE("types in a circle are refused by name", "[schema][ddl]") {
    Database model;
    model.domains = {{.schema = "s", .name = "a", .type = {.text = "s.b", .name = {"s", "b"}}},
                     {.schema = "s", .name = "b", .type = {.text = "s.a", .name = {"s", "a"}}}};
    CHECK(message_of([&] { return create_sql(model); }) ==
          "cannot order the objects of the model: s.a and s.b need each other to be created first; take one of the "
          "types, parents or views out of the circle");
}

TEST_CASE("what exists is left alone, and the rest refers to it", "[schema][ddl]") {
    Table a = table("a"), b = table("b");
    refer(b, a, "a_id");
    Database existing = model({a});
    existing.tables[0].columns.clear();
    existing.schemas = {{.name = "s"}};
    Database wanted = model({a, b});
    wanted.schemas = {{.name = "s"}, {.name = "t"}};
    CHECK(created(wanted, existing) == Strings{"CREATE SCHEMA \"t\"", "CREATE TABLE \"b\""});
    CHECK(create_sql(wanted, wanted).empty());
}

TEST_CASE("names without a schema are looked for along the search path", "[schema][ddl]") {
    Database existing = model({table("a", "app")});
    existing.search_path = {"app"};
    CHECK(create_sql(model({table("a")}), existing).empty());
    existing.search_path = {"other"};
    CHECK(create_sql(model({table("a")}), existing).size() == 1);
    existing.search_path = {"app"};
    CHECK(drop_sql(intersection(existing, model({table("a")}))) == Strings{"DROP TABLE \"app\".\"a\""});
    CHECK(drop_sql(intersection(existing, model({table("b")}))).empty());
}

TEST_CASE("another kind of object by the name is refused", "[schema][ddl]") {
    Database existing = model({table("a", "s")});
    existing.ranges = {{.schema = "s", .name = "r"}};
    Database wanted;
    wanted.sequences = {{.schema = "s", .name = "a"}};
    CHECK(message_of([&] { return create_sql(wanted, existing); }) ==
          "cannot create s.a as a sequence: the database has a table of that name; drop or rename it, or give another "
          "name to the new one");
    wanted.sequences.clear();
    wanted.composites = {{.schema = "s", .name = "r"}};
    CHECK(message_of([&] { return create_sql(wanted, existing); }).find("has a range type of that name") !=
          std::string::npos);
    wanted.composites.clear();
    wanted.tables = existing.tables;
    wanted.tables[0].kind = TableKind::materialized_view;
    CHECK(message_of([&] { return create_sql(wanted, existing); }).find("as a materialized view") != std::string::npos);
}

TEST_CASE("an enum gets the labels it lacks, at their places", "[schema][ddl]") {
    Database existing, wanted;
    existing.enums = {{.name = "e", .labels = {"b", "x", "d"}}};
    const auto added = [&](Strings labels) {
        wanted.enums = {{.name = "e", .labels = std::move(labels)}};
        return create_sql(wanted, existing);
    };
    CHECK(added({"a", "b", "c", "d", "e"}) == Strings{"ALTER TYPE \"e\" ADD VALUE 'a' BEFORE 'b'",
                                                      "ALTER TYPE \"e\" ADD VALUE 'c' AFTER 'b'",
                                                      "ALTER TYPE \"e\" ADD VALUE 'e' AFTER 'd'"});
    CHECK(added({"new", "er"}) ==
          Strings{"ALTER TYPE \"e\" ADD VALUE 'new'", "ALTER TYPE \"e\" ADD VALUE 'er' AFTER 'new'"});
    CHECK(added({"b", "d"}).empty());
    CHECK(message_of([&] { return added({"d", "b"}); }) ==
          "enum e has its labels in another order in the database, where 'b' comes ahead of 'd'; give the model the "
          "order of the database, or make the type anew");
}

TEST_CASE("drops may cascade, and leave out schemas", "[schema][ddl]") {
    Database all = model({table("a", "s")});
    all.schemas = {{.name = "public"}, {.name = "s"}};
    all.extensions = {{"citext", "public"}};
    CHECK(drop_sql(all) == Strings{"DROP TABLE \"s\".\"a\"", "DROP SCHEMA \"s\""});
    DropOptions options;
    options.cascade = options.extensions = true;
    CHECK(drop_sql(all, options) == Strings{"DROP TABLE IF EXISTS \"s\".\"a\" CASCADE",
                                            "DROP EXTENSION IF EXISTS \"citext\" CASCADE",
                                            "DROP SCHEMA IF EXISTS \"s\" CASCADE"});
    options.schemas = options.extensions = false;
    CHECK(drop_sql(all, options).size() == 1);
}
