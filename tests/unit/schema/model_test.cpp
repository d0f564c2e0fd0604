// The model of a database as a value.
#include <corm/schema/model.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace corm::schema;

namespace {

Database small() {
    Database database;
    database.schemas = {{"b"}, {"a"}};
    database.tables = {{.schema = "b", .name = "one"}, {.schema = "a", .name = "two"}, {.schema = "a", .name = "One"}};
    database.enums = {{.schema = "b", .name = "x", .labels = {"z", "a"}}, {.schema = "a", .name = "x"}};
    database.domains = {{.schema = "a", .name = "d"}};
    database.composites = {{.schema = "a", .name = "c"}};
    database.ranges = {{.schema = "a", .name = "r"}};
    database.sequences = {{.schema = "b", .name = "s"}, {.schema = "a", .name = "s"}};
    sort(database);
    return database;
}

} // namespace

TEST_CASE("everything with a name is sorted by its bytes", "[schema][unit]") {
    const Database database = small();
    CHECK(database.schemas.front().name == "a");
    REQUIRE(database.tables.size() == 3);
    CHECK(database.tables[0].qualified_name() == QualifiedName{"a", "One"});
    CHECK(database.tables[1].qualified_name() == QualifiedName{"a", "two"});
    CHECK(database.tables[2].qualified_name() == QualifiedName{"b", "one"});
    CHECK(database.enums.front().schema == "a");
    CHECK(database.sequences.front().schema == "a");
    // The order of labels means something.
    CHECK(database.enums.back().labels == std::vector<std::string>{"z", "a"});
}

TEST_CASE("the parts of tables and domains are sorted, columns are not", "[schema][unit]") {
    Database database;
    database.tables = {{.columns = {{.name = "z"}, {.name = "a"}},
                        .unique = {{.name = "u2"}, {.name = "u1"}},
                        .foreign_keys = {{.name = "f2"}, {.name = "f1"}},
                        .checks = {{.name = "c2"}, {.name = "c1"}},
                        .exclusions = {{.name = "e2"}, {.name = "e1"}},
                        .indexes = {{.name = "i2"}, {.name = "i1"}},
                        .parents = {{"s", "p2"}, {"s", "p1"}},
                        .reads = {{"s", "r2"}, {"s", "r1"}}}};
    database.domains = {{.checks = {{.name = "d2"}, {.name = "d1"}}}};
    sort(database);
    const Table& table = database.tables.front();
    CHECK(table.columns.front().name == "z");
    CHECK(table.unique.front().name == "u1");
    CHECK(table.foreign_keys.front().name == "f1");
    CHECK(table.checks.front().name == "c1");
    CHECK(table.exclusions.front().name == "e1");
    CHECK(table.indexes.front().name == "i1");
    CHECK(table.parents.front().name == "p2");
    CHECK(table.reads.front().name == "r1");
    CHECK(database.domains.front().checks.front().name == "d1");
}

TEST_CASE("objects are found by schema and name", "[schema][unit]") {
    const Database database = small();
    CHECK(database.find_schema("a") == &database.schemas[0]);
    CHECK(database.find_schema("aa") == nullptr);
    CHECK(database.find_table("b", "one") == &database.tables[2]);
    CHECK(database.find_table("a", "one") == nullptr);
    CHECK(database.find_enum("b", "x") == &database.enums[1]);
    CHECK(database.find_domain("a", "d") == &database.domains[0]);
    CHECK(database.find_composite("a", "c") == &database.composites[0]);
    CHECK(database.find_range("a", "r") == &database.ranges[0]);
    CHECK(database.find_sequence("a", "s") == &database.sequences[0]);
    CHECK(database.find_sequence("", "s") == nullptr);
    CHECK(Database{}.find_table("a", "two") == nullptr);
}

TEST_CASE("an empty schema is looked for along the search path", "[schema][unit]") {
    Database database = small();
    database.search_path = {"none", "b", "a"};
    CHECK(database.find_enum("", "x")->schema == "b");
    CHECK(database.find_table("", "two")->schema == "a");
    CHECK(database.find_table("", "three") == nullptr);
    // What was made by hand without a schema has one: the empty one.
    database.tables.push_back({.name = "two"});
    sort(database);
    CHECK(database.find_table("", "two")->schema.empty());
}

TEST_CASE("columns are found by name", "[schema][unit]") {
    const Table table{.columns = {{.name = "id"}, {.name = "Id"}}};
    CHECK(table.find_column("Id") == &table.columns[1]);
    CHECK(table.find_column("ID") == nullptr);
}

TEST_CASE("models are equal when all parts are, and the search path is none", "[schema][unit]") {
    const Database database = small();
    Database other = small();
    CHECK(database == other);
    other.search_path = {"a"};
    CHECK(database == other);
    const auto differs = [&database](auto change) {
        Database changed = database;
        change(changed);
        return !(changed == database);
    };
    CHECK(differs([](Database& each) { each.schemas[0].comment.push_back('x'); }));
    CHECK(differs([](Database& each) { each.extensions.push_back({"citext", "public"}); }));
    CHECK(differs([](Database& each) { each.tables[0].columns.push_back({.name = "x"}); }));
    CHECK(differs([](Database& each) { each.enums[1].labels.pop_back(); }));
    CHECK(differs([](Database& each) { each.domains[0].not_null = true; }));
    CHECK(differs([](Database& each) { each.composites.clear(); }));
    CHECK(differs([](Database& each) { each.ranges[0].canonical = {"a", "f"}; }));
    CHECK(differs([](Database& each) { each.sequences[0].options.cache = 2; }));
}

TEST_CASE("the type below domains ends at arrays, at strangers and in circles", "[schema][unit]") {
    Database database;
    const auto domain = [](std::string name, bool array = false) {
        return TypeUse{.text = name, .name = {"a", std::move(name)}, .kind = TypeKind::domain, .array = array};
    };
    const TypeUse text{.text = "text", .name = {"pg_catalog", "text"}};
    database.domains = {{.schema = "a", .name = "inner", .type = text},
                        {.schema = "a", .name = "outer", .type = domain("inner")},
                        {.schema = "a", .name = "list", .type = domain("inner", true)},
                        {.schema = "a", .name = "lost", .type = domain("stranger")},
                        {.schema = "a", .name = "round", .type = domain("round")}};
    sort(database);
    CHECK(database.base_type(domain("outer")) == text);
    CHECK(database.base_type(text) == text);
    CHECK(database.base_type(domain("list")) == domain("inner", true));
    CHECK(database.base_type(domain("outer", true)) == domain("outer", true));
    CHECK(database.base_type(domain("lost")) == domain("stranger"));
    CHECK(database.base_type(domain("round")) == domain("round"));
}
