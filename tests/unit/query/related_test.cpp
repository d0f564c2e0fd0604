// Conditions on relations to one object: text and parameters.
#include "joined_entities.hpp"
#include "related_entities.hpp"
#include "support.hpp"

#include <corm/base/error.hpp>
#include <corm/query/query.hpp>
#include <corm/query/related.hpp>

#include <catch2/catch_test_macros.hpp>

namespace related_test {

/// What the condition is, in a query for the ids of members.
std::string of_members(const corm::query::Condition& condition) {
    const std::string shown =
        query_test::show_query(corm::query::select(corm::query::col<&Member::id>).from<Member>().where(condition));
    const std::string head = R"(SELECT "members"."id" FROM "app"."members" WHERE )";
    REQUIRE(shown.starts_with(head));
    return shown.substr(head.size());
}

} // namespace related_test

using namespace related_test;
using corm::query::contains;
using corm::query::refers_to;

TEST_CASE("a table of pairs says alone whether a collection contains an object", "[query][unit]") {
    CHECK(of_members(contains<&Member::groups>(corm::mapping::key(Kind::large, "x"))) ==
          R"(EXISTS (SELECT 1 FROM "seats" WHERE "seats"."member_id" = "members"."id" AND "seats"."group_kind" = )"
          R"($1::"kind" AND "seats"."group_name" = $2) | oid 0:5 | text:x)");
    // From its other side.
    CHECK(query_test::show_query(corm::query::select(corm::query::col<&Group::name>)
                                     .from<Group>()
                                     .where(contains<&Group::members>(std::int64_t{7}))) ==
          R"(SELECT "groups"."name" FROM "groups" WHERE EXISTS (SELECT 1 FROM "seats" WHERE "seats"."group_kind" = )"
          R"("groups"."kind" AND "seats"."group_name" = "groups"."name" AND "seats"."member_id" = $1) | int8:7)");
    // In a query for objects, which goes without qualifiers.
    CHECK(query_test::show_query(corm::query::select<Group>().where(!contains<&Group::members>(7))) ==
          R"(SELECT "kind", "name" FROM "groups" WHERE NOT EXISTS (SELECT 1 FROM "seats" WHERE "seats"."group_kind" = )"
          R"("groups"."kind" AND "seats"."group_name" = "groups"."name" AND "seats"."member_id" = $1) | int8:7)");
}

TEST_CASE("a row looked up by its key says whether it is of a collection", "[query][unit]") {
    CHECK(of_members(contains<&Member::posts>(3)) ==
          R"(EXISTS (SELECT 1 FROM "posts" AS "related" WHERE "related"."id" = $1 AND "related"."author_id" = )"
          R"("members"."id") | int4:3)");
    // Of the owner's own table.
    CHECK(of_members(contains<&Member::team>(3)) ==
          R"(EXISTS (SELECT 1 FROM "app"."members" AS "related" WHERE "related"."id" = $1 AND "related"."boss_id" = )"
          R"("members"."id") | int8:3)");
}

TEST_CASE("a foreign key is compared with the key that it refers to", "[query][unit]") {
    CHECK(of_members(refers_to<&Member::boss>(3)) == R"("members"."boss_id" = $1 | int8:3)");
    CHECK(of_members(!refers_to<&Member::boss>(3)) == R"(NOT "members"."boss_id" = $1 | int8:3)");
    using joined_test::Line;
    using joined_test::Person;
    CHECK(query_test::show_query(
              corm::query::select<Line>().where(refers_to<&Line::order>(corm::mapping::key(2024, 5)))) ==
          R"(SELECT "id", "order_year", "order_number" FROM "lines" WHERE "order_year" = $1 AND "order_number" = $2 | )"
          R"(int4:2024 | int4:5)");
    // The side without the foreign key.
    CHECK(query_test::show_query(corm::query::select<Person>().where(refers_to<&Person::badge>(4))) ==
          R"(SELECT "id", "boss_id" FROM "persons" WHERE EXISTS (SELECT 1 FROM "badges" AS "related" WHERE )"
          R"("related"."id" = $1 AND "related"."person_id" = "persons"."id") | int8:4)");
}
