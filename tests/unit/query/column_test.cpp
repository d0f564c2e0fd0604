#include "support.hpp"

#include <corm/base/error.hpp>
#include <corm/query/column.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <list>
#include <set>

using namespace query_test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::query::col;

TEST_CASE("comparisons bind their values", "[query][unit]") {
    CHECK(where(col<&User::age> == 41) == "\"age\" = $1 | int4:41");
    CHECK(where(col<&User::age> != 41) == "\"age\" <> $1 | int4:41");
    CHECK(where(col<&User::age> < 41) == "\"age\" < $1 | int4:41");
    CHECK(where(col<&User::age> <= 41) == "\"age\" <= $1 | int4:41");
    CHECK(where(col<&User::age> > 41) == "\"age\" > $1 | int4:41");
    CHECK(where(col<&User::age> >= -41) == "\"age\" >= $1 | int4:-41");
    CHECK(where(col<&User::active> == true) == "\"active\" = $1 | bool:t");
}

TEST_CASE("columns are named by the mapping", "[query][unit]") {
    CHECK(where(col<&User::name> == "x") == "\"user name\" = $1 | text:x");
    CHECK(where(col<&Dated::created, User> == 1) == "\"created\" = $1 | int8:1");
    CHECK_THROWS_MATCHES(col<&User::secret> == "x", corm::MappingError,
                         MessageMatches(ContainsSubstring("left out of its mapping")));
    CHECK(show((col<&Order::user_id> == 1).expression()) == "\"orders\".\"user_id\" = $1 | int8:1");
}

TEST_CASE("integers travel as the column's type, or wider where that would lose", "[query][unit]") {
    CHECK(where(col<&User::id> == 5) == "\"id\" = $1 | int8:5");
    CHECK(where(col<&User::id> == std::int16_t{5}) == "\"id\" = $1 | int8:5");
    CHECK(where(col<&User::id> == 5U) == "\"id\" = $1 | int8:5");
    CHECK(where(col<&User::id> == 5LL) == "\"id\" = $1 | int8:5");
    CHECK(where(col<&User::floor> == std::int16_t{5}) == "\"floor\" = $1 | int2:5");
    CHECK(where(col<&User::floor> == 70'000) == "\"floor\" = $1 | int4:70000");
    CHECK(where(col<&User::floor> == std::uint16_t{65'535}) == "\"floor\" = $1 | int4:65535");
    CHECK(where(col<&User::age> == 5'000'000'000) == "\"age\" = $1 | int8:5000000000");
    CHECK(where(col<&User::age> == 4'000'000'000U) == "\"age\" = $1 | int8:4000000000");
    CHECK(where(col<&User::balance> == 5) == "\"balance\" = $1 | oid 1700:10");
    CHECK(where(col<&User::score> > 5) == "\"score\" > $1 | oid 701:8");
    CHECK(where(col<&User::score> > 5.5F) == "\"score\" > $1 | oid 701:8");
}

TEST_CASE("text columns take anything like text", "[query][unit]") {
    const std::string string = "s";
    const std::string_view view = "v";
    const char* pointer = "p";
    CHECK(where(col<&User::name> == string) == "\"user name\" = $1 | text:s");
    CHECK(where(col<&User::name> == view) == "\"user name\" = $1 | text:v");
    CHECK(where(col<&User::name> == pointer) == "\"user name\" = $1 | text:p");
    const char* missing = nullptr;
    CHECK_THROWS_MATCHES(col<&User::name> == missing, corm::ConversionError,
                         MessageMatches(ContainsSubstring("null pointer")));
}

TEST_CASE("other types travel by their codecs", "[query][unit]") {
    CHECK(where(col<&User::mood> == Mood::happy) == "\"mood\" = $1::\"mood\" | oid 0:5");
    CHECK(where(col<&User::token> == corm::types::Uuid{}) == "\"token\" = $1 | oid 2950:16");
    CHECK(where(col<&User::tags> == std::vector<std::int32_t>{1, 2}) == "\"tags\" = $1 | oid 1007:36");
}

TEST_CASE("an optional column compares with values and with nullopt", "[query][unit]") {
    CHECK(where(col<&User::email> == "x") == "\"email\" = $1 | text:x");
    CHECK(where(col<&User::email> == std::nullopt) == "\"email\" IS NULL");
    CHECK(where(col<&User::email> != std::nullopt) == "\"email\" IS NOT NULL");
    CHECK(where(col<&User::email> == std::optional<std::string>{}) == "\"email\" IS NULL");
    CHECK(where(col<&User::email> != std::optional<std::string>{}) == "\"email\" IS NOT NULL");
    CHECK(where(col<&User::email> == std::optional<std::string>{"x"}) == "\"email\" = $1 | text:x");
    CHECK(where(col<&User::boss> == std::optional<int>{7}) == "\"boss\" = $1 | int8:7");
    CHECK(where(col<&User::boss> < 7) == "\"boss\" < $1 | int8:7");
    CHECK(where(col<&User::email>.is_null()) == "\"email\" IS NULL");
    CHECK(where(col<&User::email>.is_not_null()) == "\"email\" IS NOT NULL");
}

TEST_CASE("columns compare with columns", "[query][unit]") {
    CHECK(where(col<&User::id> == col<&User::boss>) == "\"id\" = \"boss\"");
    CHECK(where(col<&User::age> != col<&User::floor>) == "\"age\" <> \"floor\"");
    CHECK(where(col<&User::name> >= col<&User::email>) == "\"user name\" >= \"email\"");
}

TEST_CASE("membership takes one parameter for any number of values", "[query][unit]") {
    CHECK(where(col<&User::age>.in({1, 2})) == "\"age\" = ANY($1) | oid 1007:36");
    CHECK(where(col<&User::age>.in(std::vector{1, 2, 3})) == "\"age\" = ANY($1) | oid 1007:44");
    CHECK(where(col<&User::age>.not_in(std::set{1})) == "\"age\" <> ALL($1) | oid 1007:28");
    CHECK(where(col<&User::id>.in(std::vector{1, 2})) == "\"id\" = ANY($1) | oid 1016:44");
    CHECK(where(col<&User::floor>.in(std::list{1, 70'000})) == "\"floor\" = ANY($1) | oid 1007:36");
    CHECK(where(col<&User::age>.in(std::vector<int>{})) == "\"age\" = ANY($1) | oid 1007:12");
    CHECK(where(col<&User::name>.in({"a", "bc"})) == "\"user name\" = ANY($1) | oid 1009:31");
    CHECK(where(col<&User::email>.in(std::vector<const char*>{"a"})) == "\"email\" = ANY($1) | oid 1009:25");
    CHECK(where(col<&User::active>.in(std::vector<bool>{true, false})) == "\"active\" = ANY($1) | oid 1000:30");
    const std::int64_t ids[] = {1, 2};
    CHECK(where(col<&User::id>.in(ids)) == "\"id\" = ANY($1) | oid 1016:44");
}

TEST_CASE("membership of types without arrays of their own", "[query][unit]") {
    CHECK(where(col<&User::mood>.in({Mood::sad, Mood::happy})) == "\"mood\" = ANY($1::\"mood\"[]) | oid 1009:36");
    CHECK(where(col<&User::tags>.in({{1}, {2, 3}})) == "\"tags\" IN ($1, $2) | oid 1007:28 | oid 1007:36");
    CHECK(where(col<&User::tags>.in(std::vector<std::vector<std::int32_t>>{})) == "false");
    CHECK(where(col<&User::tags>.not_in(std::vector<std::vector<std::int32_t>>{})) == "true");
}

TEST_CASE("an array parameter holds the values in order", "[query][unit]") {
    const auto expression = col<&User::age>.in({7, -1}).expression();
    corm::sql::SqlWriter writer;
    corm::sql::write_expression(writer, expression);
    const corm::sql::Compiled compiled = std::move(writer).finish();
    const std::string expected{"\0\0\0\1\0\0\0\0\0\0\0\x17\0\0\0\2\0\0\0\1\0\0\0\4\0\0\0\7\0\0\0\4\xff\xff\xff\xff",
                               36};
    CHECK(compiled.parameters.bytes(0) == expected);
}

TEST_CASE("patterns and plain text", "[query][unit]") {
    CHECK(where(col<&User::name>.like("a%")) == "\"user name\" LIKE $1 | text:a%");
    CHECK(where(col<&User::name>.not_like("a%")) == "\"user name\" NOT LIKE $1 | text:a%");
    CHECK(where(col<&User::name>.ilike("a_")) == "\"user name\" ILIKE $1 | text:a_");
    CHECK(where(col<&User::name>.not_ilike("a_")) == "\"user name\" NOT ILIKE $1 | text:a_");
    CHECK(where(col<&User::name>.starts_with("50%_\\")) == "\"user name\" LIKE $1 | text:50\\%\\_\\\\%");
    CHECK(where(col<&User::email>.ends_with("%")) == "\"email\" LIKE $1 | text:%\\%");
    CHECK(where(col<&User::email>.contains("_")) == "\"email\" LIKE $1 | text:%\\_%");
    CHECK(where(col<&User::email>.istarts_with("A_")) == "\"email\" ILIKE $1 | text:A\\_%");
    CHECK(where(col<&User::email>.iends_with("A_")) == "\"email\" ILIKE $1 | text:%A\\_");
    CHECK(where(col<&User::email>.icontains("A_")) == "\"email\" ILIKE $1 | text:%A\\_%");
}

TEST_CASE("between takes both ends", "[query][unit]") {
    CHECK(where(col<&User::age>.between(18, 65)) == "\"age\" BETWEEN $1 AND $2 | int4:18 | int4:65");
    CHECK(where(col<&User::floor>.between(std::int16_t{1}, 70'000)) ==
          "\"floor\" BETWEEN $1 AND $2 | int2:1 | int4:70000");
    CHECK(where(col<&User::name>.between("a", std::string{"b"})) ==
          "\"user name\" BETWEEN $1 AND $2 | text:a | text:b");
}

TEST_CASE("conditions combine", "[query][unit]") {
    const auto adult = col<&User::age> >= 18;
    const auto named = col<&User::name> == "x";
    const auto active = col<&User::active> == true;
    CHECK(where(adult && (named || !active)) ==
          "\"age\" >= $1 AND (\"user name\" = $2 OR NOT \"active\" = $3) | int4:18 | text:x | bool:t");
    CHECK(where(!(adult && named)) == "NOT (\"age\" >= $1 AND \"user name\" = $2) | int4:18 | text:x");
    CHECK(where(adult || named || active) ==
          "\"age\" >= $1 OR \"user name\" = $2 OR \"active\" = $3 | int4:18 | text:x | bool:t");
}

TEST_CASE("values that the server could not take name their column", "[query][unit]") {
    const std::string hostile{"a\0b", 3};
    const auto names_it = MessageMatches(ContainsSubstring("users.user name"));
    CHECK_THROWS_MATCHES(col<&User::name> == hostile, corm::ConversionError, names_it);
    CHECK_THROWS_MATCHES(col<&User::name>.in({hostile}), corm::ConversionError, names_it);
    CHECK_THROWS_MATCHES(col<&User::name>.starts_with(hostile), corm::ConversionError, names_it);
    CHECK_THROWS_MATCHES(col<&User::name>.between("a", "\xC0\x27"), corm::ConversionError, names_it);
}

TEST_CASE("hostile text stays a value in every operator", "[query][unit]") {
    const std::string plain = where(col<&User::name> == "x" && col<&User::name>.like("x") &&
                                    col<&User::name>.starts_with("x") && col<&User::name>.between("x", "x"));
    const std::string text = plain.substr(0, plain.find(" | "));
    for (const std::string hostile : {"'", "''", "\"", "\\", "\\'", "E'", "$$", "$1", ";", "--", "/*", "*/", "\r\n",
                                      "'; DROP TABLE users; --", "' OR '1'='1", "", "null", "\xE2\x80\xAE"}) {
        const std::string shown =
            where(col<&User::name> == hostile && col<&User::name>.like(hostile) &&
                  col<&User::name>.starts_with(hostile) && col<&User::name>.between(hostile, hostile));
        CHECK(shown.substr(0, text.size() + 3) == text + " | ");
        CHECK(shown.ends_with(" | text:" + hostile + " | text:" + hostile));
    }
}
