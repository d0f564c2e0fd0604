// Rows of the program's own as a source: text, parameters, names.
#include <corm/query/values.hpp>

#include "support.hpp"

#include <corm/base/error.hpp>
#include <corm/query/change.hpp>
#include <corm/query/subquery.hpp>
#include <corm/type/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <array>
#include <limits>

using namespace query_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using namespace corm::query;

namespace {

struct Price {
    std::int64_t product = 0;
    std::optional<double> amount{};
};
BOOST_DESCRIBE_STRUCT(Price, (), (product, amount))
struct Dear : Price {
    std::string why;
};
BOOST_DESCRIBE_STRUCT(Dear, (Price), (why))
/// Values that travel as texts.
struct Feeling {
    std::int64_t id = 0;
    std::optional<Mood> mood{};
    std::vector<std::int32_t> tags{};
    bool off = false;
};
BOOST_DESCRIBE_STRUCT(Feeling, (), (id, mood, tags, off))

const std::vector<Price> prices{{7, 1.5}, {8, std::nullopt}};

template <class T>
void check_parameter(const corm::sql::Compiled& compiled, std::size_t at, const std::vector<T>& values) {
    corm::types::Parameters expected;
    expected.add(values);
    REQUIRE(at < compiled.parameters.size());
    CHECK(compiled.parameters.oid(at) == expected.oid(0));
    CHECK(compiled.parameters.bytes(at) == expected.bytes(0));
}

template <class Query>
corm::sql::Compiled compiled(const Query& query) {
    return corm::sql::compile(query.erased().statement);
}

} // namespace

TEST_CASE("rows of structs are one array for each member, however many they are", "[query][unit]") {
    const auto list = values("list", prices);
    const auto query = select(list[&Price::product], list[&Price::amount]).from(list);
    const std::string text =
        R"(SELECT "list"."product", "list"."amount" FROM "unnest"($1, $2) AS "list"("product", "amount"))";
    const corm::sql::Compiled sent = compiled(query);
    CHECK(sent.text == text);
    REQUIRE(sent.parameters.size() == 2);
    check_parameter(sent, 0, std::vector<std::int64_t>{7, 8});
    check_parameter(sent, 1, std::vector<std::optional<double>>{1.5, std::nullopt});
    static_assert(std::is_same_v<decltype(query)::row_type, std::tuple<std::int64_t, std::optional<double>>>);

    const auto none = values("list", std::vector<Price>{});
    const corm::sql::Compiled empty = compiled(select(none[&Price::product], none[&Price::amount]).from(none));
    CHECK(empty.text == text);
    check_parameter(empty, 0, std::vector<std::int64_t>{});

    const std::array<Dear, 1> dear{Dear{{1, 2.0}, "so"}};
    const auto inherited = values("dear", dear);
    CHECK(compiled(select(inherited[&Price::amount], inherited[&Dear::why]).from(inherited)).text ==
          R"(SELECT "dear"."amount", "dear"."why" FROM "unnest"($1, $2, $3) AS "dear"("product", "amount", "why"))");
}

TEST_CASE("rows are read wherever a subquery is", "[query][unit]") {
    const auto list = values("list", prices);
    const auto joined = compiled(select(col<&Order::id>, list[&Price::amount])
                                     .from<Order>()
                                     .left_join(list, list[&Price::product] == col<&Order::id>)
                                     .where(list[&Price::amount] > 1));
    CHECK(joined.text ==
          R"(SELECT "orders"."id", "list"."amount" FROM "orders" LEFT JOIN "unnest"($1, $2) AS )"
          R"("list"("product", "amount") ON "list"."product" = "orders"."id" WHERE "list"."amount" > $3)");
    // Of an outer join, though the member holds no NULL.
    CHECK_THROWS_MATCHES(
        compiled(select(list[&Price::product]).from<Order>().left_join(list, list[&Price::product] == col<&Order::id>)),
        corm::MappingError, MessageMatches(ContainsSubstring("list.product is selected from an outer join")));
    CHECK(show_query(corm::query::select<Order>().where(exists(list, list[&Price::product] == col<&Order::id>))) ==
          R"(SELECT "id", "user_id" FROM "orders" WHERE EXISTS (SELECT 1 FROM "unnest"($1, $2) AS )"
          R"("list"("product", "amount") WHERE "list"."product" = "orders"."id") | oid 1016:44 | oid 1022:36)");
    CHECK_THAT(
        show_query(corm::query::select<Order>().where(col<&Order::id>.in(select(list[&Price::product]).from(list)))),
        ContainsSubstring(R"("id" IN (SELECT "list"."product" FROM "unnest"($1, $2) AS )"));

    const auto update = corm::query::update<Order>()
                            .set<&Order::user_id>(list[&Price::product])
                            .from(list)
                            .where(col<&Order::id> == list[&Price::product]);
    CHECK(corm::sql::compile(update.statement()).text ==
          R"(UPDATE "orders" SET "user_id" = "list"."product" FROM "unnest"($1, $2) AS "list"("product", "amount") )"
          R"(WHERE "orders"."id" = "list"."product")");
    const auto insert = insert_into<Order, &Order::id, &Order::user_id>(
        select(list[&Price::product], list[&Price::product] + 1).from(list));
    CHECK(corm::sql::compile(insert.statement()).text ==
          R"(INSERT INTO "orders" ("id", "user_id") SELECT "list"."product", "list"."product" + $1 FROM )"
          R"("unnest"($2, $3) AS "list"("product", "amount"))");
    // Twice in one statement: the same parameters.
    const auto again = list.as("again");
    CHECK(
        compiled(select(list[&Price::product]).from(list).join(again, again[&Price::product] == list[&Price::product]))
            .text == R"(SELECT "list"."product" FROM "unnest"($1, $2) AS "list"("product", "amount") JOIN )"
                     R"("unnest"($1, $2) AS "again"("product", "amount") ON "again"."product" = "list"."product")");
}

TEST_CASE("values without arrays of their own are cast one by one", "[query][unit]") {
    const std::vector<Feeling> feelings{{1, Mood::happy, {1, 2}, true}, {2, std::nullopt, {}, false}};
    const auto list = values("list", feelings);
    const corm::sql::Compiled sent =
        compiled(select(list[&Feeling::mood]).from(list).where(list[&Feeling::tags] == std::vector{1}));
    CHECK(sent.text == R"(SELECT "list"."mood" FROM (SELECT "list"."id" AS "id", "list"."mood"::"mood" AS "mood", )"
                       R"("list"."tags"::int4[] AS "tags", "list"."off" AS "off" FROM "unnest"($1, $2, $3, $4) AS )"
                       R"("list"("id", "mood", "tags", "off")) AS "list" WHERE "list"."tags" = $5)");
    check_parameter(sent, 1, std::vector<std::optional<std::string>>{"happy", std::nullopt});
    check_parameter(sent, 2, std::vector<std::string>{"{1,2}", "{}"});
    const auto numbered = list.with_ordinality("n").as("other");
    CHECK(
        compiled(select(numbered.ordinality()).from(numbered)).text ==
        R"(SELECT "other"."n" FROM (SELECT "other"."id" AS "id", "other"."mood"::"mood" AS "mood", )"
        R"("other"."tags"::int4[] AS "tags", "other"."off" AS "off", "other"."n" AS "n" FROM "unnest"($1, $2, $3, $4) )"
        R"(WITH ORDINALITY AS "other"("id", "mood", "tags", "off", "n")) AS "other")");
}

TEST_CASE("rows of mapped structs have the columns' names", "[query][unit]") {
    const std::vector<Stamped> rows{{1, "a", "k", 0}};
    const auto list = values("list", rows);
    CHECK(
        compiled(select(list[col<&Stamped::name>], list[&Stamped::id]).from(list)).text ==
        R"(SELECT "list"."name", "list"."id" FROM "unnest"($1, $2, $3, $4) AS "list"("id", "name", "kind", "version"))");
    const std::vector<User> users(1);
    const auto people = values("people", users);
    CHECK_THAT(compiled(select(people[&User::name], people[&Dated::created]).from(people)).text,
               ContainsSubstring(R"(SELECT "people"."user name", "people"."created" FROM)"));
    CHECK_THROWS_MATCHES(people[&User::secret], corm::MappingError,
                         MessageMatches(ContainsSubstring("values(\"people\") has no column for this member, which is "
                                                          "left out of the mapping")));
    CHECK_THROWS_MATCHES(list[col<&Order::id>], corm::MappingError,
                         MessageMatches(ContainsSubstring("\"list\" does not select Order.id")));
}

TEST_CASE("tuples and single values have the names that they are given", "[query][unit]") {
    const std::vector<std::tuple<std::int32_t, std::string>> pairs{{1, "a"}};
    const auto list = values("list", {"number", "word"}, pairs).with_ordinality();
    const auto query =
        select(list.column<0>(), list.column<1>(), list.ordinality()).from(list).order_by(list.ordinality());
    CHECK(compiled(query).text == R"(SELECT "list"."number", "list"."word", "list"."ordinality" FROM "unnest"($1, $2) )"
                                  R"(WITH ORDINALITY AS "list"("number", "word", "ordinality") ORDER BY )"
                                  R"("list"."ordinality")");
    static_assert(std::is_same_v<decltype(query)::row_type, std::tuple<std::int32_t, std::string, std::int64_t>>);
    CHECK(compiled(select(list.column<std::string>("word")).from(list)).parameters.size() == 2);
    const std::vector<std::int64_t> numbers{3, 4};
    const auto single = values("single", {"n"}, numbers);
    CHECK(compiled(select(single.column<0>()).from(single)).text ==
          R"(SELECT "single"."n" FROM "unnest"($1) AS "single"("n"))");
    const auto renamed = values("renamed", {"p", "a"}, prices);
    CHECK(compiled(select(renamed[&Price::amount]).from(renamed)).text ==
          R"(SELECT "renamed"."a" FROM "unnest"($1, $2) AS "renamed"("p", "a"))");
}

TEST_CASE("rows with wrong names, and values that cannot be sent", "[query][unit]") {
    const std::vector<std::tuple<std::int32_t, std::string>> pairs{{1, "a"}};
    const auto refuses = [](const auto& make, const std::string& words) {
        CHECK_THROWS_MATCHES(make(), corm::MappingError, MessageMatches(ContainsSubstring(words)));
    };
    refuses([&] { return values("list", {"a"}, pairs); },
            "values(\"list\") has rows of 2 values and 1 names of columns; give one name for each");
    refuses([&] { return values("list", {"a", "a"}, pairs); }, "values(\"list\") has two columns called \"a\"");
    const auto list = values("list", {"a", "b"}, pairs);
    refuses([&] { return list.with_ordinality("b"); }, "as a column of theirs is called");
    refuses([&] { return list.ordinality(); },
            "values(\"list\") has no numbers for its rows; take ordinality() of what with_ordinality()");
    refuses([&] { return list.column<std::int64_t>("a"); }, "\"list\".\"a\" is of type int4, and is read as int8");
    refuses([&] { return values("list", prices).column<double>("amount"); }, "can be NULL");
    const std::vector<std::tuple<std::int32_t, std::string>> broken{{1, std::string{"a\0b", 3}}};
    CHECK_THROWS_MATCHES(values("list", {"a", "b"}, broken), corm::ConversionError,
                         MessageMatches(ContainsSubstring("list.b")));
}
