#include "support.hpp"

#include <corm/base/error.hpp>
#include <corm/query/record_column.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace query_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::query::column;

namespace {

std::string people_where(const corm::query::Condition& condition) {
    return show(condition.expression(), {"", "people"});
}

} // namespace

TEST_CASE("columns of records have the operators of members", "[query][unit]") {
    const auto mapper = people();
    CHECK(people_where(column(mapper, "id") == 7) == "\"id\" = $1 | int4:7");
    CHECK(people_where(column(mapper, "id") == 7L) == "\"id\" = $1 | int8:7");
    CHECK(people_where(column(mapper, "id") != 7U) == "\"id\" <> $1 | int8:7");
    CHECK(people_where(column(mapper, "name") >= "x") == "\"name\" >= $1 | text:x");
    CHECK(people_where(column(mapper, "age") == std::nullopt) == "\"age\" IS NULL");
    CHECK(people_where(column(mapper, "age") != std::optional<std::int64_t>{}) == "\"age\" IS NOT NULL");
    CHECK(people_where(column(mapper, "age") == std::optional<int>{3}) == "\"age\" = $1 | int4:3");
    CHECK(people_where(column(mapper, "age") < column(mapper, "id")) == "\"age\" < \"id\"");
    CHECK(people_where(column(mapper, "mood") == Mood::sad) == "\"mood\" = $1::\"mood\" | oid 0:3");
    CHECK(people_where(column(mapper, "id").in(std::vector{1, 2})) == "\"id\" = ANY($1) | oid 1007:36");
    CHECK(people_where(column(mapper, "name").not_in({"a", "b"})) == "\"name\" <> ALL($1) | oid 1009:30");
    CHECK(people_where(column(mapper, "age").between(1, 2L)) == "\"age\" BETWEEN $1 AND $2 | int4:1 | int8:2");
    CHECK(people_where(column(mapper, "age").is_null()) == "\"age\" IS NULL");
    CHECK(people_where(column(mapper, "age").is_not_null()) == "\"age\" IS NOT NULL");
    CHECK(people_where(column(mapper, "name").like("a%")) == "\"name\" LIKE $1 | text:a%");
    CHECK(people_where(column(mapper, "name").not_like("a%")) == "\"name\" NOT LIKE $1 | text:a%");
    CHECK(people_where(column(mapper, "name").ilike("a%")) == "\"name\" ILIKE $1 | text:a%");
    CHECK(people_where(column(mapper, "name").not_ilike("a%")) == "\"name\" NOT ILIKE $1 | text:a%");
    CHECK(people_where(column(mapper, "name").starts_with("%")) == "\"name\" LIKE $1 | text:\\%%");
    CHECK(people_where(column(mapper, "name").ends_with("%")) == "\"name\" LIKE $1 | text:%\\%");
    CHECK(people_where(column(mapper, "name").contains("%")) == "\"name\" LIKE $1 | text:%\\%%");
    CHECK(people_where(column(mapper, "name").istarts_with("%")) == "\"name\" ILIKE $1 | text:\\%%");
    CHECK(people_where(column(mapper, "name").iends_with("%")) == "\"name\" ILIKE $1 | text:%\\%");
    CHECK(people_where(column(mapper, "name").icontains("%")) == "\"name\" ILIKE $1 | text:%\\%%");
}

TEST_CASE("a value is read from its text, as the type of the column has it", "[query][unit]") {
    const auto mapper = people();
    using corm::query::from_text;
    CHECK(people_where(column(mapper, "id") == from_text("7")) == "\"id\" = $1 | int4:7");
    CHECK(people_where(column(mapper, "id") != from_text("-7")) == "\"id\" <> $1 | int4:-7");
    CHECK(people_where(column(mapper, "age") >= from_text("3")) == "\"age\" >= $1 | int8:3");
    CHECK(people_where(column(mapper, "name") < from_text("")) == "\"name\" < $1 | text:");
    CHECK(people_where(column(mapper, "mood") == from_text("sad")) == "\"mood\" = $1::\"mood\" | oid 0:3");
    for (const char* text : {"", "seven", "7 ", "99999999999"}) {
        INFO(text);
        CHECK_THROWS_MATCHES(column(mapper, "id") == from_text(text), corm::ConversionError,
                             MessageMatches(ContainsSubstring("people.id")));
    }
    CHECK_THROWS_AS(column(mapper, "mood") == from_text("glad"), corm::ConversionError);
}

TEST_CASE("a wrong column name names the nearest", "[query][unit]") {
    CHECK_THROWS_MATCHES(column(people(), "nmae"), corm::MappingError,
                         MessageMatches(ContainsSubstring("\"nmae\"") && ContainsSubstring("nearest is \"name\"")));
    CHECK_THROWS_AS(column(people(), "name\" = '' OR \"name"), corm::MappingError);
    CHECK_THROWS_AS(column(nullptr, "name"), corm::MappingError);
}

TEST_CASE("a value of another type is refused when the condition is built", "[query][unit]") {
    const auto mapper = people();
    CHECK_THROWS_MATCHES(column(mapper, "id") == "7", corm::MappingError,
                         MessageMatches(ContainsSubstring("people.id is defined as int4") &&
                                        ContainsSubstring("compared with a value of type text")));
    CHECK_THROWS_AS(column(mapper, "name") == 7, corm::MappingError);
    CHECK_THROWS_AS(column(mapper, "score") == 7, corm::MappingError);
    CHECK_THROWS_AS(column(mapper, "mood") == "sad", corm::MappingError);
    CHECK_THROWS_AS(column(mapper, "id") == column(mapper, "name"), corm::MappingError);
    CHECK_THROWS_AS(column(mapper, "id").in(std::vector<std::string>{"7"}), corm::MappingError);
    CHECK_THROWS_AS(column(mapper, "id").between(1, 2.5), corm::MappingError);
    CHECK_THROWS_AS(column(mapper, "id").like("1%"), corm::MappingError);
    CHECK_THROWS_AS(column(mapper, "id").starts_with("1"), corm::MappingError);
}
