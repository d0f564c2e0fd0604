#include "support.hpp"

#include <corm/base/error.hpp>
#include <corm/query/record_column.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace query_test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::query::asc;
using corm::query::col;
using corm::query::count;
using corm::query::desc;
using corm::query::select;

namespace {
const std::string all_orders = "SELECT \"id\", \"user_id\" FROM \"orders\"";
}

TEST_CASE("a select reads the columns of the mapper in their order", "[query][unit]") {
    CHECK(show_query(select<Order>()) == all_orders);
    CHECK(show_query(select<User>()) ==
          "SELECT \"created\", \"id\", \"user name\", \"email\", \"age\", \"floor\", \"boss\", \"score\", \"active\", "
          "\"mood\", \"tags\", \"token\", \"balance\" FROM \"app\".\"users\"");
    CHECK(select<Order>().erased().mapper == corm::mapping::mapper_of<Order>());
}

TEST_CASE("clauses of a typed select", "[query][unit]") {
    CHECK(show_query(select<Order>()
                         .where(col<&Order::user_id> == 7)
                         .where(col<&Order::id> > 1)
                         .order_by(desc<&Order::id>.nulls_last(), asc<&Order::user_id>)
                         .order_by(col<&Order::id>.asc().nulls_first())
                         .limit(10)
                         .offset(20)) ==
          all_orders + " WHERE \"user_id\" = $1 AND \"id\" > $2 ORDER BY \"id\" DESC NULLS LAST, \"user_id\", "
                       "\"id\" NULLS FIRST LIMIT $3 OFFSET $4 | int8:7 | int8:1 | int8:10 | int8:20");
    CHECK(show_query(select<Order>().where(col<&Order::id> == 1 || col<&Order::id> == 2).where(col<&Order::id> != 3)) ==
          all_orders + " WHERE (\"id\" = $1 OR \"id\" = $2) AND \"id\" <> $3 | int8:1 | int8:2 | int8:3");
    CHECK(show_query(select<User>().order_by(desc<&Dated::created, User>)).ends_with(" ORDER BY \"created\" DESC"));
}

TEST_CASE("locks of a typed select", "[query][unit]") {
    CHECK(show_query(select<Order>().for_update()) == all_orders + " FOR UPDATE");
    CHECK(show_query(select<Order>().for_no_key_update()) == all_orders + " FOR NO KEY UPDATE");
    CHECK(show_query(select<Order>().for_share()) == all_orders + " FOR SHARE");
    CHECK(show_query(select<Order>().for_key_share()) == all_orders + " FOR KEY SHARE");
    CHECK(show_query(select<Order>().for_update().nowait()) == all_orders + " FOR UPDATE NOWAIT");
    CHECK(show_query(select<Order>().for_share().skip_locked().for_update()) == all_orders + " FOR UPDATE SKIP LOCKED");
    CHECK_THROWS_MATCHES(select<Order>().nowait(), corm::MappingError,
                         MessageMatches(ContainsSubstring("nowait() needs a lock")));
    CHECK_THROWS_MATCHES(select<Order>().skip_locked(), corm::MappingError,
                         MessageMatches(ContainsSubstring("skip_locked() needs a lock")));
}

TEST_CASE("a select is a value that can be built step by step", "[query][unit]") {
    auto query = select<Order>();
    query.where(col<&Order::id> == 1).limit(1);
    auto copy = query;
    copy.where(col<&Order::user_id> == 2).order_by(asc<&Order::id>).for_update();
    CHECK(show_query(query) == all_orders + " WHERE \"id\" = $1 LIMIT $2 | int8:1 | int8:1");
    CHECK(show_query(copy) == all_orders + " WHERE \"id\" = $1 AND \"user_id\" = $2 ORDER BY \"id\" LIMIT $3 FOR "
                                           "UPDATE | int8:1 | int8:2 | int8:1");
    CHECK_FALSE(query.erased().within);
    CHECK_FALSE(query.erased().populate_existing);
    const auto timed = select<Order>().within(2s).populate_existing();
    CHECK(timed.erased().within == 2s);
    CHECK(timed.erased().populate_existing);
}

TEST_CASE("negative limits are refused", "[query][unit]") {
    CHECK_THROWS_MATCHES(select<Order>().limit(-1), corm::MappingError,
                         MessageMatches(ContainsSubstring("limit(-1) is negative")));
    CHECK_THROWS_MATCHES(select<Order>().offset(-2), corm::MappingError,
                         MessageMatches(ContainsSubstring("offset(-2) is negative")));
    CHECK(show_query(select<Order>().limit(0)) == all_orders + " LIMIT $1 | int8:0");
}

TEST_CASE("columns of another entity are refused", "[query][unit]") {
    const auto query = select<Order>().where(col<&User::age> == 1);
    CHECK_THROWS_MATCHES(show_query(query), corm::MappingError,
                         MessageMatches(ContainsSubstring("users.age is used in a statement on orders")));
    CHECK_THROWS_AS(show_query(select<Order>().order_by(asc<&User::id>)), corm::MappingError);
}

TEST_CASE("counting", "[query][unit]") {
    CHECK(show_query(count<Order>()) == "SELECT count(*) FROM \"orders\"");
    CHECK(show_query(count<Order>().where(col<&Order::id> < 5).within(1s)) ==
          "SELECT count(*) FROM \"orders\" WHERE \"id\" < $1 | int8:5");
    const auto page = select<Order>().where(col<&Order::id> < 5).order_by(asc<&Order::id>);
    CHECK(show_query(count(page)) == "SELECT count(*) FROM \"orders\" WHERE \"id\" < $1 | int8:5");
    auto limited = page;
    limited.limit(3);
    CHECK(show_query(count(limited)) ==
          "SELECT count(*) FROM (SELECT 1 FROM \"orders\" WHERE \"id\" < $1 LIMIT $2) AS counted | int8:5 | int8:3");
    CHECK_THROWS_MATCHES(count(select<Order>().for_update()), corm::MappingError,
                         MessageMatches(ContainsSubstring("cannot lock rows of orders")));
}

TEST_CASE("selects from tables mapped at run time", "[query][unit]") {
    const auto mapper = people();
    const auto query = select(mapper)
                           .where(corm::query::column(mapper, "age") == 41)
                           .order_by(corm::query::column(mapper, "name").desc().nulls_last())
                           .limit(1);
    CHECK(show_query(query) ==
          "SELECT \"id\", \"name\", \"age\", \"mood\", \"score\" FROM \"people\" WHERE \"age\" = $1 "
          "ORDER BY \"name\" DESC NULLS LAST LIMIT $2 | int4:41 | int8:1");
    CHECK(query.erased().mapper == mapper);
    CHECK(show_query(count(mapper)) == "SELECT count(*) FROM \"people\"");
    CHECK_THROWS_AS(select(nullptr), corm::MappingError);
}
