// Models as C++.
#include "relations.hpp"

#include <corm/base/error.hpp>
#include <corm/schema/cpp.hpp>

using namespace corm::test;

namespace {

TypeUse type(std::string name, TypeKind kind = TypeKind::base, bool array = false) {
    const bool system = kind == TypeKind::base;
    return {
        .text = system ? name : "s." + name, .name = {system ? "pg_catalog" : "s", name}, .kind = kind, .array = array};
}

Column column(std::string name, TypeUse use, bool not_null = false) {
    return {.name = std::move(name), .type = std::move(use), .not_null = not_null};
}

/// A table with a generated key of this type, and these columns.
Table keyed(std::string name, std::vector<Column> columns, const char* key_type = "int8") {
    Table made = table(std::move(name), {}, {"id"});
    made.columns = std::move(columns);
    made.columns.insert(made.columns.begin(), column("id", type(key_type), true));
    made.columns.front().identity.kind = IdentityKind::by_default;
    return made;
}

/// Between the first line of the namespace and the last.
std::string body(const Database& database, const CppOptions& options = {}) {
    const std::string text = to_cpp(database, options);
    const std::size_t begin = text.find("{\n") + 3;
    return text.substr(begin, text.rfind("\n} // namespace") - begin);
}

bool has(const std::string& text, const std::string& part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a model as structs with mappings", "[schema][unit]") {
    Table author = keyed("authors", {column("name", type("text"), true)});
    author.comment = "Who writes";
    author.unique = {{.name = "u", .columns = {"name"}, .checking = Checking::deferrable}};
    ForeignKey key = reference({"author_id"}, "authors");
    key.on_delete = ReferentialAction::cascade;
    const Table book = with(
        keyed("books", {column("author_id", type("int8"), true), column("tags", type("text", TypeKind::base, true))}),
        key);
    CHECK(to_cpp(model({author, book})) == R"(// What a database was like when corm-reflect printed it.
#pragma once

#include <corm/corm.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace model {

struct Author;
struct Book;

/// Who writes
struct Author {
    std::int64_t id = 0;
    std::string name{};
    corm::Many<Book> books{};
};
BOOST_DESCRIBE_STRUCT(Author, (), (id, name, books))

struct Book {
    std::int64_t id = 0;
    std::int64_t author_id = 0;
    std::optional<std::vector<std::optional<std::string>>> tags{};
    corm::One<Author> author{};
};
BOOST_DESCRIBE_STRUCT(Book, (), (id, author_id, tags, author))

constexpr auto corm_mapping(corm::type<Author>) {
    return corm::table<Author>("authors")
        .schema("s")
        .primary_key<&Author::id>()
        .unique<&Author::name>(corm::deferrable)
        .one_to_many<&Author::books, &Book::author_id>({.delete_ = true, .passive_deletes = true});
}

constexpr auto corm_mapping(corm::type<Book>) {
    return corm::table<Book>("books")
        .schema("s")
        .primary_key<&Book::id>()
        .many_to_one<&Book::author, &Book::author_id>();
}

} // namespace model
)");
}

TEST_CASE("an empty model is an empty namespace", "[schema][unit]") {
    CHECK(to_cpp({}, {.namespace_ = "a::b"}).ends_with("\nnamespace a::b {\n\n} // namespace a::b\n"));
    CHECK_THROWS_AS(to_cpp({}, {.namespace_ = "class"}), corm::Error);
}

TEST_CASE("enums are enums if their labels can be enumerators", "[schema][unit]") {
    Database database = model({keyed("person", {column("mood", type("mood", TypeKind::enumeration), true),
                                                column("moods", type("mood", TypeKind::enumeration, true)),
                                                column("state", type("state", TypeKind::enumeration)),
                                                column("empty", type("empty", TypeKind::enumeration), true)})});
    database.enums = {{.schema = "s", .name = "empty"},
                      {.schema = "s", .name = "mood", .labels = {"sad", "ok"}, .comment = "How it is"},
                      {.schema = "s", .name = "state", .labels = {"new", "old"}}};
    const std::string text = body(database);
    CHECK(has(text, "/// How it is\nenum class Mood { sad, ok };\nBOOST_DESCRIBE_ENUM(Mood, sad, ok)\n"
                    "constexpr auto corm_enum(corm::type<Mood>) {\n    return corm::pg_enum(\"mood\", \"s\");\n}\n"));
    CHECK(has(text, "// The enum s.state is corm::TextForm: its label 'new' is no identifier\n"));
    CHECK(has(text, "// The enum s.empty is corm::TextForm: it has no labels\n"));
    CHECK(has(text, "    Mood mood{};\n    std::optional<std::vector<std::optional<Mood>>> moods{};\n"
                    "    std::optional<corm::TextForm> state{};\n    corm::TextForm empty{};\n"));
    CHECK(
        has(text, "        .sql_type<&Person::state>(\"s.state\")\n        .sql_type<&Person::empty>(\"s.empty\");\n"));
    CHECK(has(body(database, {.typed_arrays = false}), "std::optional<corm::TextForm> moods{};"));
}

TEST_CASE("composites are structs if all of their attributes can be members", "[schema][unit]") {
    Database database = model({keyed("trip", {column("stop", type("spot", TypeKind::composite), true),
                                              column("stops", type("spot", TypeKind::composite, true)),
                                              column("odd", type("odd", TypeKind::composite))})});
    // In the order of their names, which is not that in which they need each other.
    database.composites = {
        {"s", "area", {{"spots", type("spot", TypeKind::composite, true)}, {"class", type("text")}}, "A part"},
        {"s", "odd", {{"at", type("point")}}, {}},
        {"s", "odder", {{"inside", type("odd", TypeKind::composite)}}, {}},
        {"s", "spot", {{"x", type("int4"), {}, "Right"}, {"hours", type("int4range", TypeKind::range)}}, {}}};
    database.composites[3].attributes[1].type.name.schema = "pg_catalog";
    const std::string text = body(database);
    const std::string spot = "struct Spot {\n    /// Right\n    std::optional<std::int32_t> x{};\n"
                             "    std::optional<corm::Range<std::int32_t>> hours{};\n};\n"
                             "BOOST_DESCRIBE_STRUCT(Spot, (), (x, hours))\n"
                             "constexpr auto corm_composite(corm::type<Spot>) {\n"
                             "    return corm::pg_composite(\"spot\", \"s\");\n}\n";
    CHECK(has(text, spot));
    CHECK(has(text, "\n/// A part\nstruct Area {\n    std::optional<std::vector<std::optional<Spot>>> spots{};\n"
                    "    std::optional<std::string> class_{};\n};\n"));
    CHECK(text.find("struct Spot {") < text.find("struct Area {"));
    CHECK(has(text, "// The composite s.odd is corm::TextForm: its attribute 'at' is of type point\n"));
    CHECK(has(text, "// The composite s.odder is corm::TextForm: its attribute 'inside' is of the composite s.odd\n"));
    CHECK(has(text, "    Spot stop{};\n    std::optional<std::vector<std::optional<Spot>>> stops{};\n"
                    "    std::optional<corm::TextForm> odd{};\n"));
    const std::string whole = to_cpp(database);
    CHECK(has(whole, "#include <corm/corm.hpp>\n#include <corm/type/composite.hpp>\n#include <corm/type/range.hpp>\n"));
    database.composites[3].attributes[0].type = type("age", TypeKind::domain);
    CHECK(has(body(database), "// The composite s.spot is corm::TextForm: its attribute 'x' is of the domain s.age\n"));
}

TEST_CASE("marks of columns and keys", "[schema][unit]") {
    Table note = keyed("notes", {column("version", type("int4"), true), column("created", type("timestamptz"), true),
                                 column("size", type("int4")), column("number", type("int4"), true)});
    note.columns[2].default_ = "now()";
    note.columns[3].generated = "1";
    note.columns[4].identity.kind = IdentityKind::always;
    const std::string text = body(model({note}), {.version_column = "version"});
    CHECK(has(text, ".version<&Note::version>()\n        .server_default<&Note::created>()\n"
                    "        .generated<&Note::size>()\n        .generated<&Note::number>();"));
    CHECK(has(text, "corm::types::Timestamp created{};"));
    CHECK(body(model({note})).find("version<") == std::string::npos);

    Table assigned = keyed("a", {});
    assigned.columns[0].identity.kind = IdentityKind::none;
    CHECK(has(body(model({assigned})), ".primary_key<&A::id>(corm::assigned);"));
    assigned.columns[0].type = type("text");
    CHECK(has(body(model({assigned})), ".primary_key<&A::id>();"));
    Table both = table("pair", {}, {"b", "a"});
    both.columns = {column("a", type("int4"), true), column("b", type("int4"), true)};
    CHECK(has(body(model({both})), ".primary_key<&Pair::b, &Pair::a>();"));
}

TEST_CASE("a sequence is named where the key does not own it", "[schema][unit]") {
    Table letter = keyed("letter", {});
    letter.columns[0].identity.kind = IdentityKind::none;
    letter.columns[0].default_ = "nextval('s.\"It''s\"'::regclass)";
    Database database = model({letter});
    database.sequences = {{.schema = "s", .name = "It's"}};
    CHECK(has(body(database), ".primary_key<&Letter::id>()\n        .sequence<&Letter::id>(\"It's\", \"s\");"));
    database.sequences[0].owner = {"s", "letter"};
    database.sequences[0].owner_column = "id";
    CHECK(body(database).find("sequence") == std::string::npos);
    database.sequences.clear();
    database.tables[0].columns[0].default_ = "nextval('s.a'::regclass) + 1";
    CHECK(body(database).find("sequence") == std::string::npos);
}

TEST_CASE("names that C++ does not take are said to the mapping", "[schema][unit]") {
    const Table odd = keyed("class", {column("new", type("bool"), true), column("Odd Name", type("float8"), true),
                                      column("Class", type("json"))});
    const std::string text = body(model({odd}));
    CHECK(has(text, "struct Class {\n    std::int64_t id = 0;\n    bool new_ = false;\n    double Odd_Name = 0;\n"
                    "    std::optional<corm::types::JsonText> Class_2{};\n};\n"
                    "BOOST_DESCRIBE_STRUCT(Class, (), (id, new_, Odd_Name, Class_2))\n"));
    CHECK(has(text, "        .column<&Class::new_>(\"new\")\n        .column<&Class::Odd_Name>(\"Odd Name\")\n"
                    "        .column<&Class::Class_2>(\"Class\");"));
}

TEST_CASE("relations by a table of pairs, in both directions and from it", "[schema][unit]") {
    Table posts = pairs();
    for (Column& each : posts.columns)
        each.type = type("int8");
    const std::string text = body(model({posts, keyed("post", {}), keyed("tag", {})}));
    CHECK(has(text, "        .many_to_many<&Post::tags>(corm::association(\"post_tag\", {\"post_id\"}, "
                    "{\"tag_id\"}).schema(\"s\"));"));
    CHECK(has(text, "        .many_to_one<&PostTag::post, &PostTag::post_id>()\n"
                    "        .many_to_one<&PostTag::tag, &PostTag::tag_id>();"));
    CHECK(has(text, "    corm::Many<Post> posts{};\n"));
    CHECK(body(model({posts, keyed("post", {}), keyed("tag", {})}), {.relations = false}).find("Many") ==
          std::string::npos);
}

TEST_CASE("what is not mapped is said", "[schema][unit]") {
    Table log = table("log", {"a"}, {});
    log.primary_key.reset();
    Table view = table("seen", {"a"}, {});
    view.primary_key.reset();
    view.kind = TableKind::view;
    CHECK(body(model({log, view})) ==
          "// Not mapped:\n// s.log: it has no primary key, and no unique constraint over columns that are NOT NULL\n"
          "// s.seen: a view has no key to find its rows by\n");
}

TEST_CASE("a struct of many members has bases", "[schema][unit]") {
    std::vector<Column> columns;
    for (int i = 1; i <= 104; ++i)
        columns.push_back(column("c" + std::to_string(i), type("int4")));
    const std::string text = body(model({keyed("wide", columns)}));
    CHECK(has(text, "struct WidePart1 {\n    std::int64_t id = 0;\n"));
    CHECK(has(text, "struct WidePart2 {\n    std::optional<std::int32_t> c52{};\n"));
    CHECK(has(text, "struct Wide : WidePart1, WidePart2 {\n    std::optional<std::int32_t> c104{};\n};\n"
                    "BOOST_DESCRIBE_STRUCT(Wide, (WidePart1, WidePart2), (c104))\n"));
}
