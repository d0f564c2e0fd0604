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
