// Columns of tables mapped at run time whose values are read.
#include "support.hpp"

#include <corm/base/error.hpp>
#include <corm/query/aggregate.hpp>
#include <corm/query/query.hpp>
#include <corm/query/record_source.hpp>
#include <corm/query/subquery.hpp>
#include <corm/type/text_form.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace query_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using namespace corm::query;

namespace {

struct Named {
    std::string name;
    std::optional<std::int64_t> age;
};
BOOST_DESCRIBE_STRUCT(Named, (), (name, age))

template <class Make>
void refuses(const Make& make, const std::string& words) {
    CHECK_THROWS_MATCHES(make(), corm::MappingError, MessageMatches(ContainsSubstring(words)));
}

} // namespace

TEST_CASE("columns of records are selected, grouped and ordered as others are", "[query][unit]") {
    const auto mapper = people();
    const auto name = column<std::string>(mapper, "name");
    const auto age = column<std::optional<std::int64_t>>(mapper, "age");
    const auto query =
        select(name, age).from(mapper).where(column(mapper, "score") > 1.5 && age < 41).order_by(age.desc());
    static_assert(std::is_same_v<decltype(query)::row_type, std::tuple<std::string, std::optional<std::int64_t>>>);
    CHECK(show_query(query) ==
          R"(SELECT "people"."name" AS "name", "people"."age" AS "age" FROM "people" WHERE "people"."score" > $1 AND )"
          R"("people"."age" < $2 ORDER BY "people"."age" DESC | oid 701:8 | int8:41)");
    CHECK_NOTHROW(query.into<Named>());
    CHECK(show_query(
              select(nullable(name), max(age + 1), count()).from(mapper).group_by(rollup(name)).having(count() > 1)) ==
          R"(SELECT "people"."name", "max"("people"."age" + $1), "count"(*) FROM "people" GROUP BY )"
          R"(ROLLUP("people"."name") HAVING "count"(*) > $2 | int4:1 | int8:1)");
    // All columns are grouped with the key.
    CHECK_NOTHROW(show_query(select(name).from(mapper).group_by(column<std::int32_t>(mapper, "id"))));
    refuses([&] { return show_query(select(name).from(mapper).group_by(age)); }, "people.name is in the items");
    refuses([&] { return show_query(select(name)); }, "column people.name is used in a statement on no table");
}

TEST_CASE("records beside other sources", "[query][unit]") {
    const auto mapper = people();
    const auto boss = alias(mapper, "boss");
    const auto name = column<std::string>(mapper, "name");
    CHECK(show_query(
              select(name, boss.column<std::string>("name"))
                  .from(mapper)
                  .join(boss, boss.column<std::int32_t>("id") == column<std::optional<std::int64_t>>(mapper, "age"))) ==
          R"(SELECT "people"."name" AS "name", "boss"."name" FROM "people" JOIN "people" AS "boss" ON "boss"."id" = )"
          R"("people"."age")");
    refuses(
        [&] { return show_query(select(boss.column<std::string>("name")).from<Order>().left_join(boss, always())); },
        "boss.name is selected from an outer join");
    CHECK(show_query(select(col<&Order::id>, name)
                         .from<Order>()
                         .join(mapper, column<std::int32_t>(mapper, "id") == col<&Order::user_id>)) ==
          R"(SELECT "orders"."id", "people"."name" AS "name" FROM "orders" JOIN "people" ON "people"."id" = )"
          R"("orders"."user_id")");
    const auto old = subquery("old", select(name).from(mapper).where(column(mapper, "age") > 60));
    CHECK(
        show_query(select(old[name]).from(old)) ==
        R"(SELECT "old"."name" FROM (SELECT "people"."name" AS "name" FROM "people" WHERE "people"."age" > $1) AS "old" )"
        "| int4:60");
    CHECK_THAT(show_query(corm::query::select<Order>().where(
                   exists(mapper, column<std::int32_t>(mapper, "id") == col<&Order::user_id>))),
               ContainsSubstring(R"(EXISTS (SELECT 1 FROM "people" WHERE "people"."id" = "orders"."user_id"))"));
}

TEST_CASE("types that the library does not know are read as texts", "[query][unit]") {
    const auto mapper = corm::mapping::define("hosts")
                            .column<std::int64_t>("id")
                            .column<corm::types::TextForm>("state", "app.host_state")
                            .primary_key({"id"})
                            .build();
    const auto state = column<corm::types::TextForm>(mapper, "state");
    CHECK(show_query(select(state).from(mapper).where(state == corm::types::TextForm{"up"}).order_by(state.asc())) ==
          R"(SELECT "hosts"."state"::text AS "state" FROM "hosts" WHERE "hosts"."state" = $1::app.host_state ORDER BY )"
          R"("hosts"."state" | oid 0:2)");
    // As those that it knows, for programs that do not: they compare and sort as what they are.
    const auto id = column<corm::types::TextForm>(mapper, "id");
    const std::string numbers =
        R"(SELECT "hosts"."id"::text AS "id" FROM "hosts" WHERE "hosts"."id" > $1::int8 ORDER BY )"
        R"("hosts"."id" DESC | oid 0:1)";
    CHECK(show_query(select(id).from(mapper).where(id > corm::types::TextForm{"7"}).order_by(id.desc())) == numbers);
    const auto other = alias(mapper, "other");
    const auto of_other = other.column<corm::types::TextForm>("id");
    CHECK(show_query(select(max(of_other)).from(other).where(of_other > corm::types::TextForm{"7"})) ==
          R"(SELECT "max"("other"."id")::text FROM "hosts" AS "other" WHERE "other"."id" > $1::int8 | oid 0:1)");
    refuses([&] { return column<corm::types::TextForm>(people(), "age"); }, "people.age can be NULL");
    refuses([&] { return column<std::string>(mapper, "state"); },
            "hosts.state is defined as app.host_state and is read as text; ask for corm::TextForm");
}

TEST_CASE("a wrong type or name is found when the column is asked for", "[query][unit]") {
    const auto mapper = people();
    refuses([&] { return column<std::int64_t>(mapper, "id"); },
            "people.id is defined as int4 and is read as int8; ask for the type that it was defined with");
    refuses([&] { return column<std::int64_t>(mapper, "age"); },
            "people.age can be NULL, and is read as a type that holds none; ask for std::optional");
    refuses([&] { return column<std::string>(mapper, "mood"); },
            "people.mood is defined as \"mood\" and is read as text");
    refuses([&] { return column<std::string>(mapper, "nam"); }, "name");
    CHECK_NOTHROW(column<std::optional<std::int32_t>>(mapper, "id"));
    CHECK_NOTHROW(column<Mood>(mapper, "mood"));
    const std::shared_ptr<const corm::mapping::Mapper> none;
    refuses([&] { return column<std::int64_t>(none, "id"); }, "a query reads from no mapper");
    refuses([&] { return alias(none, "a"); }, "a query reads from no mapper");
    refuses([&] { return select(count()).from(none); }, "a query reads from no mapper");
    refuses([&] { return alias(mapper, "a").column<std::int64_t>("age"); }, "\"a\".\"age\" can be NULL");
}
