// Every type of PostgreSQL is in docs/types.md, and those without a C++ type of their own travel as text.
#include "integration/orm/fixture.hpp"
#include "support/fits.hpp"
#include "types_page.hpp"

#include <corm/orm/registry.hpp>
#include <corm/orm/verification.hpp>

#include <catch2/catch_test_macros.hpp>

#include <fstream>
#include <iterator>
#include <sstream>

using namespace corm::test;
using corm::TextForm;

namespace {

std::string page() {
    std::ifstream file{CORM_TYPES_PAGE};
    REQUIRE(file);
    return {std::istreambuf_iterator<char>{file}, {}};
}

struct Sample {
    const char* type;
    const char* first;
    const char* second;
    bool has_equality = true;
};

// In the form that the server writes.
constexpr Sample samples[] = {
    {"money", "$1.50", "-$2.00"},
    {"xml", "<a>1</a>", "<b/>", false},
    {"point", "(1,2)", "(0.5,-1)", false},
    {"line", "{1,-1,0}", "{2,0,1}"},
    {"lseg", "[(0,0),(1,1)]", "[(0,0),(2,2)]"},
    {"box", "(1,1),(0,0)", "(2,3),(0,0)"},
    {"path", "((0,0),(1,1),(2,0))", "[(0,0),(1,1)]"},
    {"polygon", "((0,0),(1,1),(2,0))", "((0,0),(4,4),(2,0))", false},
    {"circle", "<(0,0),1>", "<(1,1),2>"},
    {"tsvector", "'a':1 'b':2", "'c'"},
    {"tsquery", "'a' & 'b'", "!'c'"},
    {"pg_lsn", "16/B374D848", "0/0"},
    {"jsonpath", "$.\"a\"[*]", "$", false},
    {"timetz", "08:30:00+02", "23:00:00-11"},
    {"xid8", "123", "18446744073709551615"},
    {"xid", "123", "4294967295"},
    {"cid", "1", "2"},
    {"tid", "(0,1)", "(1,2)"},
    {"pg_snapshot", "10:20:10,14,15", "1:1:", false},
    {"txid_snapshot", "10:20:10,14,15", "1:1:", false},
    {"int2vector", "1 2", "3", false},
    {"oidvector", "1 2", "3"},
    {"regclass", "pg_class", "pg_type"},
    {"regtype", "integer", "text"},
    {"regproc", "now", "clock_timestamp"},
    {"regprocedure", "lower(text)", "upper(text)"},
    {"regoper", "#-", "@?"},
    {"regoperator", "+(integer,integer)", "-(integer,integer)"},
    {"regrole", "pg_monitor", "pg_read_all_data"},
    {"regnamespace", "pg_catalog", "public"},
    {"regconfig", "english", "simple"},
    {"regdictionary", "simple", "english_stem"},
    {"regcollation", "\"C\"", "\"POSIX\""},
    {"refcursor", "a", "b", false},
    {"aclitem", "pg_monitor=r/pg_monitor", "pg_monitor=w/pg_monitor"},
    {"int4range", "[1,5)", "empty"},
    {"inet", "10.0.0.1/32", "::1/128"},
};

struct Words {
    std::int64_t id = 0;
    std::string letter{};
    std::string name{};
    std::string caseless{};
    std::string fixed{};
    std::int64_t object = 0;
};
BOOST_DESCRIBE_STRUCT(Words, (), (id, letter, name, caseless, fixed, object))
constexpr auto corm_mapping(corm::type<Words>) {
    return corm::table<Words>("words")
        .primary_key<&Words::id>()
        .sql_type<&Words::letter>("\"char\"")
        .sql_type<&Words::name>("name")
        .sql_type<&Words::caseless>("citext")
        .sql_type<&Words::fixed>("char(4)")
        .sql_type<&Words::object>("oid");
}

} // namespace

TEST_CASE("docs/types.md names every type of the server", "[type][integration]") {
    const Database database;
    // Types that a column can have: no arrays, no row types of the catalogue, no pseudo-types.
    std::istringstream types{database.query(
        "select string_agg(typname, ' ' order by typname) from pg_type where typtype in ('b', 'r', 'm') and "
        "typcategory <> 'A' and typnamespace = 'pg_catalog'::regnamespace")};
    const std::string text = page();
    std::string missing;
    int count = 0;
    for (std::string type; types >> type; ++count) {
        if (text.find("`" + type + "`") == std::string::npos && text.find("`\"" + type + "\"`") == std::string::npos)
            missing += " " + type;
    }
    CHECK(missing == "");
    CHECK(count > 70);
}

TEST_CASE("types without a C++ type travel as text, alone and many at once", "[type][registry][integration]") {
    std::string setup;
    for (const Sample& each : samples)
        setup += std::string{"create table t_"} + each.type + " (id bigint primary key, v " + each.type + ", o " +
                 each.type + ");";
    Sessions s{setup};
    for (const Sample& each : samples) {
        CAPTURE(each.type);
        const std::string table = std::string{"t_"} + each.type;
        const auto mapper = corm::define(table)
                                .column<std::int64_t>("id")
                                .column<TextForm>("v", each.type)
                                .column<std::optional<TextForm>>("o", each.type)
                                .primary_key({"id"}, true)
                                .build();
        s.run([&]() -> corm::Task<> {
            corm::AsyncSession session{s.engine};
            for (std::int64_t id = 1; id <= 3; ++id) {
                corm::Record made{mapper};
                made.set<std::int64_t>("id", id);
                made.set<TextForm>("v", TextForm{id == 1 ? each.first : each.second});
                if (id == 2)
                    made.set<std::optional<TextForm>>("o", TextForm{each.first});
                session.add(std::move(made));
                if (id == 1)
                    co_await session.flush(); // one row, then two
            }
            co_await session.commit();
            const auto rows = co_await session.all(corm::select(mapper).order_by(corm::column(mapper, "id").asc()));
            REQUIRE(rows.size() == 3);
            CHECK(rows[0]->get<TextForm>("v").text == each.first);
            CHECK(rows[1]->get<TextForm>("v").text == each.second);
            CHECK(rows[1]->get<std::optional<TextForm>>("o")->text == each.first);
            CHECK_FALSE(rows[2]->get<std::optional<TextForm>>("o"));
            rows[0].edit().set<TextForm>("v", TextForm{each.second});
            co_await session.flush();
            rows[0].edit().set<TextForm>("v", TextForm{each.first});
            rows[1].edit().set<TextForm>("v", TextForm{each.first});
            co_await session.commit();
            if (each.has_equality) {
                const auto found =
                    co_await session.all(corm::select(mapper).where(corm::column(mapper, "v") == TextForm{each.first}));
                CHECK(found.size() == 2);
            }
        });
        CHECK(s.database.query("select string_agg(v::text, ' ' order by id) from " + table) ==
              std::string{each.first} + " " + each.first + " " + each.second);
    }
}

TEST_CASE("texts of other types are strings, and an oid is a number", "[type][integration]") {
    Sessions s{"create extension citext;"
               "create table words (id bigint generated by default as identity primary key, letter \"char\" not null,"
               " name name not null, caseless citext not null, fixed char(4) not null, object oid not null);"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        session.add(Words{.letter = "a", .name = "n", .caseless = "Ada", .fixed = "ab", .object = 4'294'967'295});
        co_await session.flush();
        session.add(Words{.letter = "b", .name = "n", .caseless = "BOB", .fixed = "abcd", .object = 1});
        session.add(Words{.letter = "", .name = "", .caseless = "", .fixed = "", .object = 0});
        co_await session.commit();
        const auto count = co_await session.scalar(
            corm::count<Words>().where(corm::col<&Words::letter> == "b" && corm::col<&Words::name> == "n" &&
                                       corm::col<&Words::caseless> == "bob" && corm::col<&Words::fixed> == "abcd" &&
                                       corm::col<&Words::object> == 1));
        CHECK(count == 1);
        const auto ada = co_await session.one(corm::select<Words>().where(corm::col<&Words::caseless> == "ADA"));
        CHECK(ada->letter == "a");
        CHECK(ada->caseless == "Ada");
        CHECK(ada->object == 4'294'967'295);
        ada.edit().letter = "z";
        ada.edit().object = 7;
        co_await session.commit();
    });
    CHECK(s.database.query("select concat(letter, name, caseless, fixed, object) from words where object = 7") ==
          "znAdaab  7");
    CHECK(misfit_of<Words>("create extension citext") == "");
}

TEST_CASE("the text form of a value is never its bytes", "[type][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto read = co_await session.one<TextForm>(corm::raw_sql("select '(1,2)'::point::text"));
        CHECK(read.text == "(1,2)");
        std::string said;
        try {
            static_cast<void>(co_await session.one<TextForm>(corm::raw_sql("select '(1,2)'::point")));
        } catch (const corm::MappingError& error) {
            said = error.what();
        }
        CHECK(said.find("OID 600 cannot be read into std::string; cast it in the query") != std::string::npos);
    });
}
