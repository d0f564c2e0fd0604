// Relation members: what copying, moving and assigning do to content and owner.
#include "unit/uow/support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <iterator>

using namespace uow_test;
using Catch::Matchers::Equals;
using Catch::Matchers::MessageMatches;
using corm::mapping::Many;
using corm::mapping::One;
using corm::orm::Ref;

namespace {

Ref<Order> order(std::int64_t id) {
    return Ref<Order>{make(Order{.id = id})};
}
constexpr const char* not_loaded = " was not loaded, and corm never reads from the database behind an operator; "
                                   "co_await session.load(ref, corm::load<&";

} // namespace

TEST_CASE("a struct made by the program holds empty, loaded relations", "[orm][unit]") {
    const User user;
    CHECK(user.orders.is_loaded());
    CHECK(user.orders.empty());
    CHECK(user.orders.relation() == nullptr);
    const Order order;
    CHECK(order.user.is_loaded());
    CHECK_FALSE(order.user.get());
}

TEST_CASE("what was not loaded says so by name", "[orm][unit]") {
    const auto session = Session::create();
    const Ref<User> user{session->user(7)};
    const auto named = MessageMatches(Equals(std::string{"User.orders"} + not_loaded +
                                             "User::orders>), or ask for it with the query: .with<&User::orders>()"));
    CHECK_THROWS_MATCHES(user->orders.size(), corm::NotLoadedError, named);
    CHECK_THROWS_MATCHES(user->orders.empty(), corm::NotLoadedError, named);
    CHECK_THROWS_MATCHES(user->orders.begin(), corm::NotLoadedError, named);
    CHECK_THROWS_MATCHES(user->orders[0], corm::NotLoadedError, named);
    EncodedRows rows{{{"id", oids::int8}, {"user_id", oids::int8}, {"tags", oids::int4_array}}};
    rows.row(std::int64_t{1}, std::int64_t{7}, std::vector<std::int32_t>{});
    const Ref<Order> loaded{session->attach<Order>(rows)};
    CHECK_THROWS_MATCHES(loaded->user.get(), corm::NotLoadedError,
                         MessageMatches(Equals(std::string{"Order.user"} + not_loaded +
                                               "Order::user>), or ask for it with the query: .with<&Order::user>()")));
}

TEST_CASE("a copy is a detached value", "[orm][unit]") {
    const auto session = Session::create();
    const Ref<User> added{session->add(User{.name = "Ada", .orders = {order(1), order(2)}})};
    REQUIRE(added->orders.relation() != nullptr);
    CHECK(added->orders.relation()->name == "orders");
    CHECK(added->orders.size() == 2);
    const User copy = *added;
    CHECK(copy.orders.size() == 2);
    CHECK(copy.orders[0] == added->orders[0]);
    CHECK(copy.orders.relation() == nullptr);

    const Ref<User> unloaded{session->user(7)};
    const User half = *unloaded;
    CHECK_FALSE(half.orders.is_loaded());
    CHECK_THROWS_MATCHES(
        half.orders.size(), corm::NotLoadedError,
        MessageMatches(Equals("this relation is a copy of one that was not loaded; load the relation of "
                              "the object: co_await session.load(ref, corm::load<&Struct::member>)")));
}

TEST_CASE("assignment replaces the content and keeps the owner", "[orm][unit]") {
    const auto session = Session::create();
    const Ref<User> user{session->add(User{.orders = {order(1)}})};
    const corm::mapping::Relation* const relation = user->orders.relation();
    user.edit().orders = {order(2), order(3)};
    CHECK(user->orders.size() == 2);
    CHECK(user->orders[1]->id == 3);
    CHECK(user->orders.relation() == relation);

    // A value that was never loaded knows nothing, so it changes nothing; nor does one that says nothing.
    const Ref<User> other{session->user(8)};
    user.edit().orders = other->orders;
    user.edit().orders = Many<Order>{};
    CHECK(user->orders.size() == 2);
    const Many<Order>& self = user->orders;
    user.edit().orders = self;
    CHECK(user->orders.size() == 2);
}

TEST_CASE("moving from a member of an object leaves it as it is", "[orm][unit]") {
    const auto session = Session::create();
    const Ref<User> user{session->add(User{.orders = {order(1)}})};
    const Many<Order> taken = std::move(user.edit().orders);
    CHECK(taken.size() == 1);
    CHECK(taken.relation() == nullptr);
    CHECK(user->orders.size() == 1);
    CHECK(user->orders.relation() != nullptr);
}

TEST_CASE("one side: copies and assignment", "[orm][unit]") {
    const Ref<User> ada{make(User{.id = 1})};
    const Ref<User> bob{make(User{.id = 2})};
    One<User> one{ada};
    One<User> copy = one;
    CHECK(copy.get() == ada);
    CHECK(copy->id == 1);
    CHECK((*copy).id == 1);
    copy = bob;
    CHECK(copy == bob);
    CHECK(one.get() == ada);
    one = nullptr;
    CHECK_FALSE(one);
    CHECK_FALSE(one.get());
    CHECK_THROWS_AS(one->id, corm::Error);

    // A detached value keeps what it refers to.
    One<User> kept{Ref<User>{make(User{.id = 3})}};
    CHECK(kept->id == 3);
}

TEST_CASE("the many side is a range of handles", "[orm][unit]") {
    const User user{.orders = {order(1), order(2), order(3)}};
    std::int64_t sum = 0;
    for (const Ref<Order>& each : user.orders)
        sum += each->id;
    CHECK(sum == 6);
    const auto begin = user.orders.begin();
    CHECK(user.orders.end() - begin == 3);
    CHECK((begin + 2)[0]->id == 3);
    CHECK((*std::next(begin))->id == 2);
    CHECK(begin < user.orders.end());
    const auto two = std::find_if(begin, user.orders.end(), [](const Ref<Order>& each) { return each->id == 2; });
    CHECK(two - begin == 1);
    CHECK(user.orders.contains(*two));
    CHECK_FALSE(user.orders.contains(order(2)));
}

TEST_CASE("an index out of range throws", "[orm][unit]") {
    const User user{.orders = {order(1)}};
    CHECK(user.orders[0]->id == 1);
    CHECK_THROWS_AS(user.orders[1], std::out_of_range);
}
