#include "support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace corm::sql;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using sql_test::show;
using sql_test::text;
using sql_test::value;

namespace {

Select users() {
    return {.schema = "app", .table = "users", .columns = {"id", "name"}};
}

Expr name_is(std::string name) {
    return binary(BinaryOperator::equal, column("app", "users", "name"), text(std::move(name)));
}

} // namespace

TEST_CASE("a select writes its clauses in order", "[sql][unit]") {
    Select select = users();
    CHECK(show(compile(select)) == "SELECT \"id\", \"name\" FROM \"app\".\"users\"");
    select.where = name_is("x");
    select.order_by = {{column("name"), true, Nulls::last}, {column("id")}, {column("id"), false, Nulls::first}};
    select.limit = 10;
    select.offset = 20;
    select.lock = Lock{};
    CHECK(show(compile(select)) == "SELECT \"id\", \"name\" FROM \"app\".\"users\" WHERE \"name\" = $1 "
                                   "ORDER BY \"name\" DESC NULLS LAST, \"id\", \"id\" NULLS FIRST "
                                   "LIMIT $2 OFFSET $3 FOR UPDATE | text:x | int8:10 | int8:20");
    select = users();
    select.schema.clear();
    select.distinct = true;
    select.expressions = {call("", "upper", {column("name")})};
    CHECK(show(compile(select)) == "SELECT DISTINCT \"id\", \"name\", \"upper\"(\"name\") FROM \"users\"");
}

TEST_CASE("each lock has its clause", "[sql][unit]") {
    const auto clause = [](const Lock& lock) {
        Select select = users();
        select.lock = lock;
        return compile(select).text.substr(compile(users()).text.size());
    };
    CHECK(clause({LockMode::update}) == " FOR UPDATE");
    CHECK(clause({LockMode::no_key_update}) == " FOR NO KEY UPDATE");
    CHECK(clause({LockMode::share}) == " FOR SHARE");
    CHECK(clause({LockMode::key_share}) == " FOR KEY SHARE");
    CHECK(clause({LockMode::update, LockWait::nowait}) == " FOR UPDATE NOWAIT");
    CHECK(clause({LockMode::update, LockWait::skip_locked, {"users"}}) == " FOR UPDATE OF \"users\" SKIP LOCKED");
    CHECK(clause({LockMode::share, LockWait::block, {"a", "b\""}}) == " FOR SHARE OF \"a\", \"b\"\"\"");
}

TEST_CASE("a row count counts the rows that the statement would yield", "[sql][unit]") {
    Select select = users();
    select.yield = Yield::row_count;
    select.where = name_is("x");
    select.order_by = {{column("id")}};
    CHECK(show(compile(select)) == "SELECT count(*) FROM \"app\".\"users\" WHERE \"name\" = $1 | text:x");
    select.limit = 5;
    select.offset = 1;
    CHECK(show(compile(select)) == "SELECT count(*) FROM (SELECT 1 FROM \"app\".\"users\" WHERE \"name\" = $1 "
                                   "LIMIT $2 OFFSET $3) AS counted | text:x | int8:5 | int8:1");
    select.limit.reset();
    select.offset.reset();
    select.distinct = true;
    CHECK(show(compile(select)) == "SELECT count(*) FROM (SELECT DISTINCT \"id\", \"name\" FROM \"app\".\"users\" "
                                   "WHERE \"name\" = $1) AS counted | text:x");
    select.lock = Lock{};
    CHECK_THROWS_MATCHES(compile(select), corm::MappingError, MessageMatches(ContainsSubstring("cannot lock rows")));
}

TEST_CASE("the text depends on the shape, not on the values", "[sql][unit]") {
    Select one = users();
    one.where = name_is("a");
    one.limit = 1;
    Select other = users();
    other.where = name_is("'; DROP TABLE users; --");
    other.limit = 999;
    CHECK(compile(one).text == compile(other).text);
}

TEST_CASE("statements that make no sense are refused", "[sql][unit]") {
    Select select = users();
    select.limit = -1;
    CHECK_THROWS_MATCHES(compile(select), corm::MappingError, MessageMatches(ContainsSubstring("LIMIT is negative")));
    select = users();
    select.offset = -1;
    CHECK_THROWS_MATCHES(compile(select), corm::MappingError, MessageMatches(ContainsSubstring("OFFSET is negative")));
    select = users();
    select.columns = {};
    CHECK_THROWS_MATCHES(compile(select), corm::MappingError, MessageMatches(ContainsSubstring("names no columns")));
    CHECK_THROWS_MATCHES((SelectedColumns{"id", ""}), corm::MappingError,
                         MessageMatches(ContainsSubstring("is empty")));
    select = users();
    select.where = column("app", "orders", "id");
    CHECK_THROWS_MATCHES(compile(select), corm::MappingError, MessageMatches(ContainsSubstring("orders.id")));
}

TEST_CASE("hostile text stays a value", "[sql][unit]") {
    const std::string corpus[] = {
        "'",
        "''",
        "\"",
        "\"\"",
        "\\",
        "\\'",
        "E'",
        "U&\"",
        "$$",
        "$tag$",
        "$1",
        ";",
        "--",
        "/*",
        "*/",
        "\r\n",
        "\xE2\x80\xA8",
        "\xE2\x80\xAE",
        std::string(10'000, '\''),
        "",
        "pg_catalog",
        "public",
        "null",
        "true",
        "'; DROP TABLE users; --",
        "' OR '1'='1",
    };
    Select select = users();
    select.where = name_is("harmless");
    const std::string expected = compile(select).text;
    for (const std::string& hostile : corpus) {
        CAPTURE(hostile);
        select.where = name_is(hostile);
        const Compiled compiled = compile(select);
        CHECK(compiled.text == expected);
        CHECK(compiled.parameters.size() == 1);
        CHECK(compiled.parameters.bytes(0) == hostile);
    }
    const std::string invalid[] = {std::string{"\0", 1}, "\xC0\x27", "\xBF\x5C", "\xC0\xA7", "\xED\xA0\x80"};
    for (const std::string& hostile : invalid)
        CHECK_THROWS_AS(name_is(hostile), corm::ConversionError);
}

TEST_CASE("the writer numbers parameters, its own and the caller's", "[sql][unit]") {
    SqlWriter writer;
    bool first = true;
    writer.sql("SELECT ");
    for (const char* name : {"a", "b"})
        writer.separate(first, ", ").qualified("t", name);
    writer.sql(" WHERE x = ").parameter(corm::types::value_type<bool>, [] {
        static const bool yes = true;
        return &yes;
    }());
    writer.sql(" AND y = ").placeholder();
    const std::int32_t seven = 7;
    writer.parameters().add(seven);
    writer.sql(" AND z = ").parameter_null(corm::types::oids::text);
    CHECK(show(std::move(writer).finish()) ==
          "SELECT \"t\".\"a\", \"t\".\"b\" WHERE x = $1 AND y = $2 AND z = $3 | bool:t | int4:7 | text:NULL");
    SqlWriter many;
    for (int i = 0; i < 12; ++i)
        many.placeholder();
    CHECK(many.text() == "$1$2$3$4$5$6$7$8$9$10$11$12");
}
