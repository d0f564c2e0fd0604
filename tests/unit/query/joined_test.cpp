// Relations that a query reads by joins, and locks on them.
#include "joined_entities.hpp"
#include "support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::query::asc;
using corm::query::col;
using corm::query::count;
using corm::query::desc;
using corm::query::select;
using query_test::show_query;

using namespace joined_test;

namespace {

const std::string persons_bosses = R"(SELECT "t"."id", "t"."boss_id", "t1"."id", "t1"."boss_id" FROM "persons" AS "t")";
const std::string boss = R"("persons" AS "t1" ON "t"."boss_id" = "t1"."id")";

} // namespace

TEST_CASE("a joined relation is an outer join, and the statement's own columns are qualified", "[query][unit]") {
    CHECK(show_query(select<Person>().with_joined<&Person::boss>()) == persons_bosses + " LEFT JOIN " + boss);
    CHECK(show_query(select<Person>()
                         .where(col<&Person::boss_id> > 3 && !col<&Person::id>.in({1, 2}))
                         .with_joined<&Person::boss>()
                         .order_by(desc<&Person::boss_id>.nulls_last(), asc<&Person::id>)
                         .limit(5)
                         .offset(2)) ==
          persons_bosses + " LEFT JOIN " + boss +
              R"( WHERE "t"."boss_id" > $1 AND NOT "t"."id" = ANY($2) ORDER BY "t"."boss_id" DESC NULLS LAST, "t"."id")"
              " LIMIT $3 OFFSET $4 | int8:3 | oid 1016:44 | int8:5 | int8:2");
    CHECK(show_query(select<Person>().with_inner_joined<&Person::boss>()) == persons_bosses + " JOIN " + boss);
}

TEST_CASE("paths, composite keys and the other end of a one-to-one", "[query][unit]") {
    const auto query = select<Line>().with_joined<&Line::order, &Order::person, &Person::badge>();
    CHECK(
        show_query(query) ==
        R"(SELECT "t"."id", "t"."order_year", "t"."order_number", "t1"."year", "t1"."no ""x""", "t1"."person_id", )"
        R"("t2"."id", "t2"."boss_id", "t3"."id", "t3"."person_id" FROM "lines" AS "t" )"
        R"(LEFT JOIN "app"."orders" AS "t1" ON "t"."order_year" = "t1"."year" AND "t"."order_number" = "t1"."no ""x""" )"
        R"(LEFT JOIN "persons" AS "t2" ON "t1"."person_id" = "t2"."id" )"
        R"(LEFT JOIN "badges" AS "t3" ON "t2"."id" = "t3"."person_id")");
    const auto& joined = query.erased().joined;
    REQUIRE(joined.size() == 3);
    CHECK(joined[0].column == 3);
    CHECK(joined[1].column == 6);
    CHECK(joined[2].column == 8);
    CHECK(joined[2].relation->name == "badge");
}

TEST_CASE("paths share what they begin with, and a relation of two objects is joined twice", "[query][unit]") {
    const auto query = select<Person>()
                           .with_joined<&Person::boss>()
                           .with_joined<&Person::boss, &Person::boss>()
                           .with_joined<&Person::boss, &Person::badge>()
                           .with_joined<&Person::badge>();
    CHECK(show_query(query).ends_with(R"( FROM "persons" AS "t" LEFT JOIN )" + boss +
                                      R"( LEFT JOIN "persons" AS "t2" ON "t1"."boss_id" = "t2"."id")"
                                      R"( LEFT JOIN "badges" AS "t3" ON "t1"."id" = "t3"."person_id")"
                                      R"( LEFT JOIN "badges" AS "t4" ON "t"."id" = "t4"."person_id")"));
}

TEST_CASE("an inner join reaches along its path, and stays one", "[query][unit]") {
    const std::string both = " JOIN " + boss + R"( JOIN "persons" AS "t2" ON "t1"."boss_id" = "t2"."id")";
    auto query = select<Person>().with_joined<&Person::boss, &Person::boss>();
    query.with_inner_joined<&Person::boss, &Person::boss>().with_joined<&Person::boss>();
    CHECK(show_query(query).ends_with(R"("persons" AS "t")" + both));
    CHECK(show_query(select<Person>().with_inner_joined<&Person::boss>().with_joined<&Person::boss, &Person::boss>())
              .ends_with(" JOIN " + boss + R"( LEFT JOIN "persons" AS "t2" ON "t1"."boss_id" = "t2"."id")"));
}

TEST_CASE("conditions are of the selected entity", "[query][unit]") {
    CHECK_THROWS_MATCHES(show_query(select<Badge>().with_joined<&Badge::person>().where(col<&Person::id> == 1)),
                         corm::MappingError,
                         MessageMatches(ContainsSubstring("persons.id is used in a statement on badges")));
}

TEST_CASE("a count knows the joins", "[query][unit]") {
    CHECK(show_query(count(select<Person>().with_inner_joined<&Person::boss>().where(col<&Person::id> < 9))) ==
          R"(SELECT count(*) FROM "persons" AS "t" JOIN )" + boss + R"( WHERE "t"."id" < $1 | int8:9)");
    CHECK(show_query(count(select<Person>().with_joined<&Person::boss>().limit(3))) ==
          R"(SELECT count(*) FROM (SELECT 1 FROM "persons" AS "t" LEFT JOIN )" + boss +
              " LIMIT $1) AS counted | int8:3");
}

TEST_CASE("a lock is on the rows of the selected entity, whatever was called first", "[query][unit]") {
    const std::string joined = persons_bosses + " LEFT JOIN " + boss;
    CHECK(show_query(select<Person>().with_joined<&Person::boss>().for_update()) == joined + R"( FOR UPDATE OF "t")");
    CHECK(show_query(select<Person>().for_share().nowait().with_joined<&Person::boss>()) ==
          joined + R"( FOR SHARE OF "t" NOWAIT)");
    CHECK(show_query(select<Person>().with_joined<&Person::boss>().limit(1).for_no_key_update().skip_locked()) ==
          joined + R"( LIMIT $1 FOR NO KEY UPDATE OF "t" SKIP LOCKED | int8:1)");
}

TEST_CASE("what is joined by an inner join may be locked along", "[query][unit]") {
    CHECK(show_query(select<Person>()
                         .with_inner_joined<&Person::boss>()
                         .for_update()
                         .lock_joined<&Person::boss>()
                         .lock_joined<&Person::boss>()
                         .skip_locked()) ==
          persons_bosses + " JOIN " + boss + R"( FOR UPDATE OF "t", "t1" SKIP LOCKED)");
    const auto deep = select<Person>().for_key_share().with_inner_joined<&Person::boss, &Person::badge>();
    CHECK(show_query(corm::query::Select<Person>{deep}.lock_joined<&Person::boss, &Person::badge>())
              .ends_with(R"( FOR KEY SHARE OF "t", "t2")"));
}

TEST_CASE("a lock that the server would refuse says what to do", "[query][unit]") {
    const auto inner = select<Person>().with_inner_joined<&Person::boss>();
    CHECK_THROWS_MATCHES(corm::query::Select<Person>{inner}.lock_joined<&Person::boss>(), corm::MappingError,
                         MessageMatches(ContainsSubstring("lock_joined() needs a lock; call for_update()")));
    CHECK_THROWS_MATCHES(corm::query::Select<Person>{inner}.for_update().lock_joined<&Person::badge>(),
                         corm::MappingError,
                         MessageMatches(ContainsSubstring("Person.badge is not joined, so its rows cannot be locked") &&
                                        ContainsSubstring("call with_inner_joined()")));
    CHECK_THROWS_MATCHES(
        select<Person>().with_joined<&Person::boss>().for_update().lock_joined<&Person::boss>(), corm::MappingError,
        MessageMatches(ContainsSubstring("Person.boss is joined by an outer join, whose rows the server does not lock; "
                                         "join it by with_inner_joined(), or lock its objects by themselves")));
}
