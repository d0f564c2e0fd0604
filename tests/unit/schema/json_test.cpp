// Models as JSON.
#include <corm/schema/json.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace corm::schema;
namespace json = boost::json;

namespace {

const TypeUse integer{.text = "integer", .name = {"pg_catalog", "int4"}};
const char* const integer_text =
    R"({"text":"integer","schema":"pg_catalog","name":"int4","kind":"base","array":false,"modifier":-1})";

std::string text_of(const Database& database) {
    return json::serialize(to_json(database));
}

Database with(Table table) {
    Database database;
    database.tables.push_back(std::move(table));
    return database;
}

/// A table with one more member, and what that member is in JSON.
std::string member(Table table, const char* name) {
    table.schema = "s";
    table.name = "t";
    const json::value value = to_json(with(std::move(table)));
    const json::object& object = value.at("tables").at(0).as_object();
    CHECK(object.size() == 4); // kind, schema, name and the member
    return json::serialize(object.at(name));
}

} // namespace

TEST_CASE("an empty model is an empty object", "[schema][unit]") {
    CHECK(text_of({}) == "{}");
}

TEST_CASE("a table has kind, schema and name, and what is not as usual", "[schema][unit]") {
    CHECK(text_of(with({.schema = "s", .name = "t"})) == R"({"tables":[{"kind":"table","schema":"s","name":"t"}]})");
    CHECK(text_of(with({.kind = TableKind::materialized_view, .schema = "s", .name = "v"})) ==
          R"({"tables":[{"kind":"materialized view","schema":"s","name":"v"}]})");
    CHECK(member({.unlogged = true}, "unlogged") == "true");
    CHECK(member({.comment = "quote \" and \\ and ü"}, "comment") == R"("quote \" and \\ and ü")");
    CHECK(member({.options = {"fillfactor=70"}}, "options") == R"(["fillfactor=70"])");
    CHECK(member({.parents = {{"s", "p"}}}, "parents") == R"([{"schema":"s","name":"p"}])");
    CHECK(member({.partition_key = "LIST (x)"}, "partition_key") == R"j("LIST (x)")j");
    CHECK(member({.partition_bound = "DEFAULT"}, "partition_bound") == R"("DEFAULT")");
    CHECK(member({.definition = "SELECT 1"}, "definition") == R"("SELECT 1")");
    CHECK(member({.reads = {{"s", "r"}}}, "reads") == R"([{"schema":"s","name":"r"}])");
    CHECK(member({.server = "far"}, "server") == R"("far")");
    CHECK(member({.row_security = true}, "row_security") == "true");
}

TEST_CASE("columns in JSON", "[schema][unit]") {
    CHECK(member({.columns = {{.name = "c", .type = integer}}}, "columns") ==
          std::string{R"([{"name":"c","type":)"} + integer_text + "}]");
    CHECK(member({.columns = {{.name = "c",
                               .type = integer,
                               .not_null = true,
                               .default_ = "1",
                               .collation = {"pg_catalog", "C"},
                               .storage = "main",
                               .compression = "lz4",
                               .inherited = true,
                               .comment = "x"}}},
                 "columns") ==
          std::string{R"([{"name":"c","type":)"} + integer_text +
              R"(,"not_null":true,"default":"1","collation":{"schema":"pg_catalog","name":"C"},"storage":"main",)"
              R"("compression":"lz4","inherited":true,"comment":"x"}])");
    CHECK(member({.columns = {{.name = "c",
                               .type = integer,
                               .identity = {.kind = IdentityKind::by_default, .sequence = {"s", "q"}}}}},
                 "columns") ==
          std::string{R"([{"name":"c","type":)"} + integer_text +
              R"(,"identity":{"kind":"by default","sequence":{"schema":"s","name":"q"},"options":{"type":"bigint",)"
              R"("start":1,"increment":1,"minimum":1,"maximum":9223372036854775807,"cache":1,"cycle":false}}}])");
    CHECK(member({.columns = {{.name = "c", .type = integer, .generated = "a + 1", .generated_virtual = true}}},
                 "columns") ==
          std::string{R"([{"name":"c","type":)"} + integer_text + R"(,"generated":"a + 1","generated_virtual":true}])");
}

TEST_CASE("constraints in JSON", "[schema][unit]") {
    CHECK(member({.primary_key = KeyConstraint{.name = "k", .columns = {"a"}}}, "primary_key") ==
          R"({"name":"k","columns":["a"]})");
    CHECK(
        member({.unique = {{.name = "u",
                            .columns = {"a"},
                            .include = {"b"},
                            .nulls_not_distinct = true,
                            .checking = Checking::initially_deferred}}},
               "unique") ==
        R"([{"name":"u","columns":["a"],"include":["b"],"nulls_not_distinct":true,"checking":"initially deferred"}])");
    CHECK(member({.foreign_keys = {{.name = "f",
                                    .columns = {"a"},
                                    .target = {"s", "o"},
                                    .target_columns = {"b"},
                                    .on_update = ReferentialAction::cascade,
                                    .on_delete = ReferentialAction::set_null,
                                    .on_delete_columns = {"a"},
                                    .match_full = true,
                                    .not_valid = true,
                                    .enforced = false}}},
                 "foreign_keys") ==
          R"([{"name":"f","columns":["a"],"target":{"schema":"s","name":"o"},"target_columns":["b"],)"
          R"("on_update":"cascade","on_delete":"set null","on_delete_columns":["a"],"match_full":true,)"
          R"("not_valid":true,"not_enforced":true}])");
    CHECK(member({.checks = {{.name = "c", .expression = "(a > 0)", .no_inherit = true}}}, "checks") ==
          R"j([{"name":"c","expression":"(a > 0)","no_inherit":true}])j");
    CHECK(member({.exclusions = {{.name = "x", .terms = {{{.column = "a"}, {"pg_catalog", "&&"}}}, .predicate = "b"}}},
                 "exclusions") ==
          R"([{"name":"x","method":"gist","terms":[{"column":"a","operator":{"schema":"pg_catalog","name":"&&"}}],)"
          R"("predicate":"b"}])");
}

TEST_CASE("indexes in JSON", "[schema][unit]") {
    CHECK(member({.indexes = {{.name = "i",
                               .unique = true,
                               .terms = {{.column = "a", .descending = true, .nulls = NullsOrder::reversed},
                                         {.expression = "lower(b)",
                                          .collation = {"pg_catalog", "C"},
                                          .operator_class = {"pg_catalog", "text_pattern_ops"},
                                          .operator_class_options = {"siglen=1"}}},
                               .only = true}}},
                 "indexes") ==
          R"([{"name":"i","method":"btree","unique":true,"terms":[{"column":"a","descending":true,)"
          R"j("nulls_reversed":true},{"expression":"lower(b)","collation":{"schema":"pg_catalog","name":"C"},)j"
          R"("operator_class":{"schema":"pg_catalog","name":"text_pattern_ops"},)"
          R"("operator_class_options":["siglen=1"]}],"only":true}])");
}

TEST_CASE("everything else in JSON", "[schema][unit]") {
    Database database;
    database.schemas = {{.name = "s", .comment = "c"}};
    database.extensions = {{.name = "citext", .schema = "public"}};
    database.enums = {{.schema = "s", .name = "e", .labels = {"a", ""}}};
    database.domains = {{.schema = "s",
                         .name = "d",
                         .type = integer,
                         .not_null = true,
                         .checks = {{.name = "c", .expression = "(VALUE > 0)"}}}};
    database.composites = {{.schema = "s", .name = "c", .attributes = {{.name = "a", .type = integer}}}};
    database.ranges = {{.schema = "s", .name = "r", .subtype = integer, .multirange = {"s", "m"}}};
    database.sequences = {{.schema = "s", .name = "q", .owner = {"s", "t"}, .owner_column = "id"}};
    database.search_path = {"s"};
    const std::string type = integer_text;
    CHECK(text_of(database) ==
          R"({"schemas":[{"name":"s","comment":"c"}],"extensions":[{"schema":"public","name":"citext"}],)"
          R"("enums":[{"schema":"s","name":"e","labels":["a",""]}],"domains":[{"schema":"s","name":"d","type":)" +
              type + R"j(,"not_null":true,"checks":[{"name":"c","expression":"(VALUE > 0)"}]}],)j" +
              R"("composites":[{"schema":"s","name":"c","attributes":[{"name":"a","type":)" + type + "}]}]," +
              R"("ranges":[{"schema":"s","name":"r","subtype":)" + type +
              R"(,"multirange":{"schema":"s","name":"m"}}],"sequences":[{"schema":"s","name":"q","options":)" +
              R"({"type":"bigint","start":1,"increment":1,"minimum":1,"maximum":9223372036854775807,"cache":1,)" +
              R"("cycle":false},"owner":{"schema":"s","name":"t"},"owner_column":"id"}],"search_path":["s"]})");
}

TEST_CASE("relations in JSON", "[schema][unit]") {
    const std::vector<Relation> relations{{.kind = RelationKind::many_to_one,
                                           .name = "author",
                                           .table = {"s", "book"},
                                           .target = {"s", "author"},
                                           .columns = {"author_id"},
                                           .target_columns = {"id"},
                                           .foreign_key = "f",
                                           .optional = false},
                                          {.kind = RelationKind::many_to_many,
                                           .name = "tags",
                                           .table = {"s", "book"},
                                           .target = {"s", "tag"},
                                           .columns = {"id"},
                                           .target_columns = {"id"},
                                           .foreign_key = "f",
                                           .association = {"s", "book_tag"},
                                           .association_columns = {"book_id"},
                                           .association_target_columns = {"tag_id"},
                                           .association_target_key = "g"}};
    CHECK(json::serialize(to_json(relations)) ==
          R"([{"kind":"many to one","name":"author","table":{"schema":"s","name":"book"},)"
          R"("target":{"schema":"s","name":"author"},"columns":["author_id"],"target_columns":["id"],)"
          R"("foreign_key":"f"},{"kind":"many to many","name":"tags","table":{"schema":"s","name":"book"},)"
          R"("target":{"schema":"s","name":"tag"},"columns":["id"],"target_columns":["id"],"foreign_key":"f",)"
          R"("optional":true,"association":{"schema":"s","name":"book_tag"},"association_columns":["book_id"],)"
          R"("association_target_columns":["tag_id"],"association_target_key":"g"}])");
    CHECK(json::serialize(to_json(std::vector<Relation>{})) == "[]");
}
