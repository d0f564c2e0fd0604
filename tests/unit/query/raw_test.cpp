#include "support.hpp"

#include <corm/base/error.hpp>
#include <corm/query/raw.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <type_traits>

using namespace query_test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::query::arg;
using corm::query::LiteralSql;
using corm::query::raw_sql;
using corm::query::RawStatement;
using corm::query::unsafe_sql;

namespace {

std::string show(const RawStatement& statement) {
    std::string out = *statement.text;
    for (std::size_t i = 0; i < statement.parameters.size(); ++i)
        out += " | " + sql_test::show(statement.parameters, i);
    return out;
}

bool has_placeholder(std::string_view sql) {
    corm::query::detail::Placeholder found;
    return corm::query::detail::PlaceholderScanner{sql}.next(found);
}

} // namespace

// Text made at run time has no way into raw_sql.
static_assert(!std::is_constructible_v<LiteralSql, std::string>);
static_assert(!std::is_constructible_v<LiteralSql, std::string_view>);
static_assert(!std::is_constructible_v<LiteralSql, const char*>);

TEST_CASE("arguments are bound in order", "[query][unit]") {
    CHECK(show(raw_sql("SELECT 1")) == "SELECT 1");
    CHECK(show(raw_sql("SELECT $1, $2, $3", 7, "x", true)) == "SELECT $1, $2, $3 | int4:7 | text:x | bool:t");
    CHECK(show(raw_sql("$1 $2", std::string{"s"}, std::string_view{"v"})) == "$1 $2 | text:s | text:v");
    CHECK(show(raw_sql("$1 $2", std::int16_t{1}, std::int64_t{2})) == "$1 $2 | int2:1 | int8:2");
    CHECK(show(raw_sql("$1 $2 $3", 3LL, 4U, std::uint8_t{5})) == "$1 $2 $3 | int8:3 | int8:4 | int4:5");
    CHECK(show(raw_sql("$1 $2", std::optional<int>{}, std::optional<std::string>{"x"})) ==
          "$1 $2 | int4:NULL | text:x");
    CHECK(show(raw_sql("$1", std::vector<std::int32_t>{1})) == "$1 | oid 1007:28");
    CHECK(show(raw_sql("$1", Mood::happy)) == "$1 | oid 0:5");
}

TEST_CASE("nullopt is a NULL whose type the server infers", "[query][unit]") {
    const RawStatement statement = raw_sql("SELECT $1", std::nullopt);
    REQUIRE(statement.parameters.size() == 1);
    CHECK(statement.parameters.is_null(0));
    CHECK(statement.parameters.oid(0) == 0);
}

TEST_CASE("text made at run time says that it is unsafe", "[query][unit]") {
    const std::string table = "users";
    CHECK(show(unsafe_sql("SELECT * FROM " + table + " WHERE id = $1", 7)) ==
          "SELECT * FROM users WHERE id = $1 | int4:7");
    CHECK_THROWS_MATCHES(unsafe_sql(""), corm::MappingError, MessageMatches(ContainsSubstring("is empty")));
    CHECK_THROWS_MATCHES(unsafe_sql(std::string{"SELECT 1\0; DROP", 15}), corm::MappingError,
                         MessageMatches(ContainsSubstring("NUL")));
}

TEST_CASE("raw statements carry their flags", "[query][unit]") {
    const RawStatement plain = raw_sql("SELECT 1");
    CHECK_FALSE(plain.alone);
    CHECK_FALSE(plain.within_deadline);
    const RawStatement vacuum = raw_sql("VACUUM users").outside_transaction().within(5s);
    CHECK(vacuum.alone);
    CHECK(vacuum.within_deadline == 5s);
    RawStatement stored = raw_sql("SELECT 1");
    stored.within(1s).outside_transaction();
    CHECK(stored.alone);
    CHECK(stored.within_deadline == 1s);
}

TEST_CASE("an argument that cannot be sent names its number", "[query][unit]") {
    const std::string hostile{"a\0b", 3};
    CHECK_THROWS_MATCHES(raw_sql("SELECT $1, $2", 1, hostile), corm::ConversionError,
                         MessageMatches(ContainsSubstring("$2: ")));
}

TEST_CASE("named arguments take their places wherever their names stand", "[query][unit]") {
    CHECK(show(raw_sql("SELECT :b, :a, :b", arg<"a">(1), arg<"b">("x"))) == "SELECT $2, $1, $2 | int4:1 | text:x");
    CHECK(show(raw_sql(":a:b", arg<"a">(1))) == "$1:b | int4:1");
    CHECK(show(raw_sql("(:\xC3\xA4)", arg<"\xC3\xA4">(1))) == "($1) | int4:1");
    const RawStatement null = raw_sql(":a,:a_b", arg<"a">(std::nullopt), arg<"a_b">(1));
    CHECK(*null.text == "$1,$2");
    CHECK(null.parameters.is_null(0));
    const std::string stays = "lives in the argument";
    const auto argument = arg<"a">(stays);
    CHECK(show(raw_sql("SELECT :a", argument)) == "SELECT $1 | text:lives in the argument");
    CHECK(show(unsafe_sql(std::string{"SELECT "} + ":a", arg<"a">(1))) == "SELECT $1 | int4:1");
}

TEST_CASE("what only looks like a placeholder stays as it is", "[query][unit]") {
    // Each has one place, which is the last.
    const char* const texts[] = {
        "SELECT 1::int, ",
        "SELECT ':x', ",
        "SELECT 'it''s :x', ",
        "SELECT E'it\\'s :x', ",
        "SELECT e'\\\\', ",
        "SELECT 'backslash\\', ",
        "SELECT type'\\', ",
        "SELECT \"a :x \"\" b\", ",
        "SELECT 1 -- :x\n, ",
        "SELECT 1 /* :x /* :y */ :z */, ",
        "SELECT a[1:x], a[b[1]:x], a[(1):x], a[\"b\":x], ",
        "SELECT $$ :x $$, ",
        "SELECT $tag$ :x $$ :y $tag$, ",
        "SELECT a$1, a$b$ , ",
        "SELECT f(b := ",
        "SELECT 5 - -6 / 7 * ",
        "SELECT $ , ",
        "\xC3\xA4$1 ",
    };
    for (const std::string text : texts) {
        INFO(text);
        CHECK(*unsafe_sql(text + ":a", arg<"a">(1)).text == text + "$1");
        // And none of them has a number.
        CHECK_FALSE(has_placeholder(text));
    }
    CHECK_FALSE(has_placeholder(":"));
    CHECK_FALSE(has_placeholder("$"));
    // Without their ends, they go to the end.
    for (const std::string text : {"'", "\"", "E'\\", "/*", "/* /* */", "--", "$$", "$a$ $$", "$a$ $a", "'a''"}) {
        INFO(text);
        CHECK_FALSE(has_placeholder(text));
        CHECK_THROWS_MATCHES(unsafe_sql(text + " :a", arg<"a">(1)), corm::MappingError,
                             MessageMatches(ContainsSubstring("the SQL text has no :a; leave corm::arg<\"a\">() out")));
    }
}

TEST_CASE("numbers of placeholders are read to their end", "[query][unit]") {
    corm::query::detail::Placeholder found;
    const auto number = [&](std::string_view sql) {
        corm::query::detail::PlaceholderScanner scanner{sql};
        REQUIRE(scanner.next(found));
        CHECK(found.begin == 1);
        CHECK(found.end == sql.size() - 1);
        return found.number;
    };
    CHECK(number("($1)") == 1);
    CHECK(number("($012)") == 12);
    CHECK(number("($65535)") == 65'535);
    CHECK(number("($65536)") > 65'535);
    CHECK(number("($99999999999999999999999999999999)") > 65'535);
    CHECK(number("($0)") > 65'535);
}

TEST_CASE("named arguments that do not fit text made at run time are named", "[query][unit]") {
    const auto says = [](const char* text) { return MessageMatches(ContainsSubstring(text)); };
    CHECK_THROWS_MATCHES(unsafe_sql("SELECT :b", arg<"a">(1)), corm::MappingError,
                         says("the SQL text has :b, which no argument is for; add corm::arg<\"b\">()"));
    CHECK_THROWS_MATCHES(unsafe_sql("SELECT :a, $2", arg<"a">(1)), corm::MappingError,
                         says("the SQL text has $2 where all arguments are named; write the :name"));
}
