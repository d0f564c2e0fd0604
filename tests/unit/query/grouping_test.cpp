// Grouping sets: their text, and what is known to be wrong with them before the server sees it.
#include "support.hpp"

#include <corm/base/error.hpp>
#include <corm/query/aggregate.hpp>
#include <corm/query/functions.hpp>
#include <corm/query/query.hpp>
#include <corm/query/subquery.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace query_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using namespace corm::query;

namespace {

constexpr auto floor_of = col<&User::floor>;
constexpr auto mood_of = col<&User::mood>;
constexpr auto boss_of = col<&User::boss>;

/// Of a query that counts: what follows GROUP BY.
template <class... Entries>
std::string grouped(const Entries&... entries) {
    const std::string shown = show_query(select(count()).template from<User>().group_by(entries...));
    const std::string head = "SELECT \"count\"(*) FROM \"app\".\"users\" GROUP BY ";
    REQUIRE(shown.starts_with(head));
    return shown.substr(head.size());
}

/// What selecting `item`, grouped by the entries, is refused with; empty if it is not.
template <class Item, class... Entries>
std::string refusal(const Item& item, const Entries&... entries) {
    try {
        static_cast<void>(show_query(select(item).template from<User>().group_by(entries...)));
        return {};
    } catch (const corm::MappingError& error) {
        return error.what();
    }
}

} // namespace

TEST_CASE("the entries of GROUP BY that make several groupings", "[query][unit]") {
    CHECK(grouped(rollup(floor_of, mood_of)) == R"(ROLLUP("users"."floor", "users"."mood"))");
    CHECK(grouped(boss_of, cube(floor_of, group(mood_of, boss_of))) ==
          R"("users"."boss", CUBE("users"."floor", ("users"."mood", "users"."boss")))");
    CHECK(grouped(grouping_sets(group(floor_of, mood_of), floor_of, group())) ==
          R"(GROUPING SETS (("users"."floor", "users"."mood"), "users"."floor", ()))");
    CHECK(grouped(grouping_sets(rollup(floor_of), cube(mood_of), grouping_sets(boss_of))) ==
          R"(GROUPING SETS (ROLLUP("users"."floor"), CUBE("users"."mood"), GROUPING SETS ("users"."boss")))");
    CHECK(grouped(group(floor_of, mood_of)) == R"(("users"."floor", "users"."mood"))");
    // A value is one parameter wherever its expression stands.
    const auto tens = floor_of / 10;
    CHECK(
        show_query(select(nullable(tens), grouping(tens, mood_of), count())
                       .from<User>()
                       .group_by(rollup(tens, mood_of))
                       .having(grouping(mood_of) == 0)
                       .order_by(grouping(tens).desc(), tens.asc())) ==
        R"(SELECT "users"."floor" / $1, GROUPING("users"."floor" / $1, "users"."mood"), "count"(*) FROM "app"."users" )"
        R"(GROUP BY ROLLUP("users"."floor" / $1, "users"."mood") HAVING GROUPING("users"."mood") = $2 )"
        R"(ORDER BY GROUPING("users"."floor" / $1) DESC, "users"."floor" / $1 | int4:10 | int4:0)");
}

TEST_CASE("what some of the sets leave out can be NULL", "[query][unit]") {
    const std::string left_out = "users.floor is left out by some of the groups that rollup(), cube() or "
                                 "grouping_sets() make, so it can be NULL, and is read into a type that holds none; "
                                 "select corm::nullable(...) or corm::coalesce(..., value)";
    CHECK(refusal(floor_of, rollup(floor_of)) == left_out);
    CHECK(refusal(floor_of, cube(floor_of, mood_of)) == left_out);
    CHECK(refusal(floor_of, grouping_sets(group(floor_of, mood_of), mood_of)) == left_out);
    CHECK(refusal(floor_of, grouping_sets(group(), floor_of)) == left_out);
    CHECK(refusal(floor_of, grouping_sets(floor_of, group())) == left_out);
    CHECK(refusal(floor_of, mood_of, grouping_sets(mood_of, rollup(group(mood_of, floor_of)))) == left_out);
    CHECK(refusal(floor_of + 1, rollup(floor_of)) == left_out);
    CHECK(refusal(floor_of.as("storey"), rollup(floor_of)) == left_out);
    CHECK(refusal(case_when(mood_of == Mood::sad, floor_of).otherwise(0), mood_of, rollup(floor_of)) == left_out);
    const auto tens = floor_of / 10;
    CHECK_THAT(refusal(tens, rollup(tens)), ContainsSubstring("an expression is left out by some of the groups"));

    CHECK(refusal(nullable(floor_of), rollup(floor_of)).empty());
    CHECK(refusal(coalesce(floor_of, std::int16_t{0}), rollup(floor_of)).empty());
    CHECK(refusal(not_null(floor_of), rollup(floor_of)).empty());
    CHECK(refusal(boss_of, rollup(boss_of)).empty());
    CHECK(refusal(grouping(floor_of), rollup(floor_of)).empty());
    // Aggregates look at the rows as they are.
    CHECK(refusal(count(floor_of), rollup(floor_of)).empty());
    // All of its sets have it.
    CHECK(refusal(mood_of, mood_of, rollup(mood_of, floor_of)).empty());
    CHECK(refusal(mood_of, grouping_sets(group(floor_of, mood_of), mood_of)).empty());
    CHECK(refusal(mood_of, grouping_sets(mood_of), rollup(floor_of)).empty());
    CHECK(refusal(floor_of, group(floor_of, mood_of)).empty());
    CHECK(refusal(tens, tens, rollup(floor_of)).empty());
    // Counting the rows of such a query reads none of its columns.
    CHECK_NOTHROW(show_query(count(select(floor_of).from<User>().group_by(rollup(floor_of)))));
}

TEST_CASE("a key of some sets does not group the columns of its table", "[query][unit]") {
    const auto id = col<&User::id>;
    const auto name = col<&User::name>;
    CHECK(refusal(name, id, rollup(floor_of)).empty());
    CHECK(refusal(name, grouping_sets(group(id, floor_of), id)).empty());
    CHECK_THAT(refusal(name, rollup(id)),
               ContainsSubstring("users.user name is in the items of a query that groups rows"));
    CHECK_THAT(refusal(name, grouping_sets(id, floor_of)),
               ContainsSubstring("neither grouped nor within an aggregate"));
}

TEST_CASE("grouping() is of what is grouped", "[query][unit]") {
    CHECK(
        refusal(grouping(mood_of), rollup(floor_of)) ==
        "grouping() is asked for users.mood, which group_by() does not have as an entry of its own; give it one of its "
        "columns or expressions");
    CHECK_THAT(refusal(grouping(floor_of + 1), rollup(floor_of)), ContainsSubstring("is asked for an expression"));
    // With a key all columns are grouped, but are no entries.
    CHECK_THAT(refusal(grouping(floor_of), col<&User::id>), ContainsSubstring("is asked for users.floor"));
    CHECK_THROWS_MATCHES(show_query(select(grouping(floor_of)).from<User>()), corm::MappingError,
                         MessageMatches(ContainsSubstring("grouping() is asked for users.floor")));
    CHECK_THROWS_MATCHES(show_query(select(floor_of).from<User>().group_by(floor_of).order_by(grouping(mood_of).asc())),
                         corm::MappingError, MessageMatches(ContainsSubstring("grouping() is asked for users.mood")));
}
