// The tables that mappings need.
#include "derive_entities.hpp"

#include <corm/base/error.hpp>
#include <corm/mapping/registry.hpp>
#include <corm/orm/ref.hpp>
#include <corm/schema/derive.hpp>
#include <corm/schema/verification.hpp>
#include <corm/type/text_form.hpp>
#include <corm/type/types.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace derive_test;
using namespace corm::schema;
using corm::mapping::define;
using corm::mapping::Registry;
using Shared = std::shared_ptr<const corm::mapping::Mapper>;

namespace {

const DeriveOptions with_created{.expressions = {{"Person.created", "now()"}}};

template <class Function>
std::string message(Function function) {
    try {
        static_cast<void>(function());
    } catch (const corm::MappingError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

} // namespace

TEST_CASE("a struct becomes a table", "[schema][unit]") {
    const Shared mappers[] = {corm::mapping::mapper_of<Person>(), corm::mapping::mapper_of<PersonName>()};
    const Database database = derive(mappers, with_created);
    REQUIRE(database.tables.size() == 1);
    const Table& people = database.tables[0];
    CHECK(people.qualified_name() == QualifiedName{"app", "people"});
    REQUIRE(people.columns.size() == 7); // those of both mappings
    const Column& id = *people.find_column("id");
    CHECK(id.type.text == "integer");
    CHECK(id.type.name == QualifiedName{"pg_catalog", "int4"});
    CHECK(id.identity.kind == IdentityKind::by_default);
    CHECK(id.identity.options.maximum == 2147483647);
    CHECK(id.not_null);
    const Column& mood = *people.find_column("mood");
    CHECK(mood.type.text == "\"app\".\"mood\"");
    CHECK(mood.type.kind == TypeKind::enumeration);
    CHECK_FALSE(mood.not_null);
    const Column& marks = *people.find_column("marks");
    CHECK(marks.type.text == "double precision[]");
    CHECK(marks.type.array);
    CHECK(marks.not_null);
    CHECK(people.find_column("created")->default_ == "now()");
    CHECK(people.find_column("nick")->type.text == "text");
    REQUIRE(people.primary_key);
    CHECK(people.primary_key->columns == std::vector<std::string>{"id"});
    REQUIRE(people.unique.size() == 1);
    CHECK(people.unique[0].checking == Checking::deferrable);
    REQUIRE(database.enums.size() == 1);
    CHECK(database.enums[0].labels == std::vector<std::string>{"sad", "ok"});
}

TEST_CASE("what a mapping does not say has to be given", "[schema][unit]") {
    const Shared mappers[] = {corm::mapping::mapper_of<Person>()};
    CHECK(message([&] { return derive(mappers); }) ==
          "Person.created is left to the server, and the mapping does not say what it is there; give its expression: "
          "DeriveOptions::expressions");
    CHECK(message([&] {
              return derive(mappers, {.expressions = {{"Person.created", "now()"}, {"Person.birthday", "now()"}}});
          }) ==
          "an expression was given for Person.birthday, which is no column that is left to the server; name it by "
          "entity and member");
}

TEST_CASE("relations become foreign keys, associations and indexes", "[schema][unit]") {
    Registry registry;
    const auto tables =
        registry.define({define("authors")
                             .column<std::int64_t>("id")
                             .primary_key({"id"})
                             .one_to_many("books", "books", {"author_id"}, {.delete_ = true, .passive_deletes = true})
                             .one_to_one_inverse("desk", "desks", {"author_id"}, {.passive_deletes = true}),
                         define("books")
                             .column<std::int64_t>("id")
                             .column<std::optional<std::int64_t>>("author_id")
                             .primary_key({"id"})
                             .many_to_one("author", "authors", {"author_id"})
                             .many_to_many("tags", "tags", {"", "book_tags", {"book_id"}, {"tag_id"}}),
                         define("tags").column<std::string>("label").primary_key({"label"}).many_to_many(
                             "books", "books", {"", "book_tags", {"tag_id"}, {"book_id"}}),
                         define("desks")
                             .column<corm::types::Uuid>("id")
                             .column<std::optional<std::int64_t>>("author_id")
                             .primary_key({"id"})});
    const std::vector<Shared> mappers{tables.begin(), tables.end()};
    const Database database = derive(mappers);
    REQUIRE(database.tables.size() == 5);
    const Table& books = *database.find_table("", "books");
    REQUIRE(books.foreign_keys.size() == 1);
    CHECK(books.foreign_keys[0].target == QualifiedName{"", "authors"});
    CHECK(books.foreign_keys[0].target_columns == std::vector<std::string>{"id"});
    CHECK(books.foreign_keys[0].on_delete == ReferentialAction::cascade);
    REQUIRE(books.indexes.size() == 1);
    CHECK(books.indexes[0].terms[0].column == "author_id");
    const Table& pairs = *database.find_table("", "book_tags");
    REQUIRE(pairs.columns.size() == 2);
    CHECK(pairs.primary_key->columns.size() == 2);
    CHECK(pairs.find_column("tag_id")->type.text == "text");
    CHECK(pairs.foreign_keys.size() == 2);
    CHECK(pairs.indexes.size() == 1); // the key begins with the other one
    const Table& desks = *database.find_table("", "desks");
    CHECK(desks.find_column("id")->default_ == "gen_random_uuid()");
    REQUIRE(desks.unique.size() == 1);
    CHECK(desks.unique[0].columns == std::vector<std::string>{"author_id"});
    CHECK(desks.foreign_keys[0].on_delete == ReferentialAction::set_null);
    CHECK(desks.indexes.empty());
}

TEST_CASE("types with modifiers are named without them", "[schema][unit]") {
    const Shared mappers[] = {define("spans")
                                  .column<std::string>("code", "character(4)")
                                  .column<corm::types::Numeric>("price", "numeric(9, 2)")
                                  .column<corm::types::Interval>("wait", "interval day to second(3)")
                                  .column<corm::types::Interval>("age", "interval year")
                                  .column<std::vector<std::string>>("words", "varchar(20)[]")
                                  .column<std::int64_t>("count", "BIGINT")
                                  .column<double>("ratio", "Float")
                                  .column<corm::types::Numeric>("whole", "NUMERIC (9)")
                                  .primary_key({"code"})
                                  .build()};
    const Database database = derive(mappers);
    const Table& spans = database.tables[0];
    CHECK(spans.find_column("code")->type.name.name == "bpchar");
    CHECK(spans.find_column("price")->type.name.name == "numeric");
    CHECK(spans.find_column("price")->type.text == "numeric(9, 2)");
    CHECK(spans.find_column("wait")->type.name.name == "interval");
    CHECK(spans.find_column("words")->type.name.name == "varchar");
    CHECK(spans.find_column("words")->type.array);
    CHECK(spans.find_column("count")->type.name.name == "int8");
    CHECK(spans.find_column("ratio")->type.name.name == "float8");
    CHECK(spans.find_column("whole")->type.name.name == "numeric");
    CHECK(verify(mappers, database).text() == "");
    // As the catalogue has them.
    Database found = database;
    const auto use = [&found](std::size_t column, const char* text, const char* name) {
        found.tables[0].columns[column].type.text = text;
        found.tables[0].columns[column].type.name = {"pg_catalog", name};
    };
    use(1, "numeric(9,2)", "numeric");
    use(2, "interval day to second(3)", "interval");
    use(3, "interval year", "interval");
    use(5, "bigint", "int8");
    use(6, "double precision", "float8");
    use(7, "numeric(9,0)", "numeric");
    CHECK(verify(mappers, found).text() == "");
    use(2, "interval day to second", "interval");
    use(3, "interval", "interval");
    CHECK(verify(mappers, found).findings.size() == 2);
}

TEST_CASE("an association table that has a key of its own keeps its pairs unique", "[schema][unit]") {
    Registry registry;
    const auto tables = registry.define({define("books").column<std::int64_t>("id").primary_key({"id"}).many_to_many(
                                             "tags", "tags", {"", "book_tags", {"book_id"}, {"tag_id"}}),
                                         define("tags").column<std::int64_t>("id").primary_key({"id"}).many_to_many(
                                             "books", "books", {"", "book_tags", {"tag_id"}, {"book_id"}}),
                                         define("book_tags")
                                             .column<std::int64_t>("id")
                                             .column<std::int64_t>("book_id")
                                             .column<std::int64_t>("tag_id")
                                             .primary_key({"id"})});
    const std::vector<Shared> mappers{tables.begin(), tables.end()};
    const Database database = derive(mappers);
    const Table& pairs = *database.find_table("", "book_tags");
    CHECK(pairs.primary_key->columns == std::vector<std::string>{"id"});
    REQUIRE(pairs.unique.size() == 1);
    CHECK(pairs.unique[0].columns == std::vector<std::string>{"book_id", "tag_id"});
    CHECK(verify(mappers, database).text() == "");
}

TEST_CASE("a foreign key without the columns there refers to the primary key", "[schema][unit]") {
    Registry registry;
    const auto tables = registry.define(
        {define("teams").column<std::int64_t>("id").primary_key({"id"}),
         define("players").column<std::int64_t>("id").column<std::int64_t>("team_id").primary_key({"id"}).many_to_one(
             "team", "teams", {"team_id"})});
    const std::vector<Shared> mappers{tables.begin(), tables.end()};
    Database database = derive(mappers);
    const auto named = [&](const char* name) {
        return std::find_if(database.tables.begin(), database.tables.end(),
                            [&](const Table& table) { return table.name == name; });
    };
    named("players")->foreign_keys[0].target_columns.clear();
    CHECK(verify(mappers, database).text() == "");
    // Of another one, or of none, it is not the one that is wanted.
    named("teams")->unique.emplace_back().columns = {"id"};
    named("teams")->primary_key->columns = {"other"};
    CHECK(verify(mappers, database).text().find("has no foreign key from (team_id)") != std::string::npos);
    named("teams")->primary_key.reset();
    CHECK(verify(mappers, database).text().find("has no foreign key from (team_id)") != std::string::npos);
}

TEST_CASE("a sequence is known by its name, whatever is in it", "[schema][unit]") {
    for (const char* name : {"ids", "It's", "it's \"mine\"", "a.b", "''"}) {
        CAPTURE(name);
        for (const char* schema : {"", "App", "o'clock"}) {
            const Shared mappers[] = {
                define("t").column<std::int64_t>("id").sequence("id", name, schema).primary_key({"id"}).build()};
            Database database = derive(mappers);
            CHECK(verify(mappers, database).text() == "");
            database.tables[0].columns[0].default_ = "nextval('other'::regclass)";
            CHECK(verify(mappers, database).findings.size() == 1);
        }
    }
}
