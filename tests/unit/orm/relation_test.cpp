// Relation members: what copying, moving and assigning do to content and owner.
#include "unit/uow/support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

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
constexpr const char* not_loaded = " was not loaded with its object, and corm never reads from the database behind an "
                                   "operator; query the related rows by their foreign key";

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
    const auto named = MessageMatches(Equals(std::string{"User.orders"} + not_loaded));
    CHECK_THROWS_MATCHES(user->orders.size(), corm::NotLoadedError, named);
    CHECK_THROWS_MATCHES(user->orders.empty(), corm::NotLoadedError, named);
    CHECK_THROWS_MATCHES(user->orders.begin(), corm::NotLoadedError, named);
    CHECK_THROWS_MATCHES(user->orders[0], corm::NotLoadedError, named);
    EncodedRows rows{{{"id", oids::int8}, {"user_id", oids::int8}, {"tags", oids::int4_array}}};
    rows.row(std::int64_t{1}, std::int64_t{7}, std::vector<std::int32_t>{});
    const Ref<Order> loaded{session->attach<Order>(rows)};
    CHECK_THROWS_MATCHES(loaded->user.get(), corm::NotLoadedError,
                         MessageMatches(Equals(std::string{"Order.user"} + not_loaded)));
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
    CHECK_THROWS_MATCHES(half.orders.size(), corm::NotLoadedError,
                         MessageMatches(Equals(std::string{"this relation"} + not_loaded)));
}

TEST_CASE("assignment replaces the content and keeps the owner", "[orm][unit]") {
    const auto session = Session::create();
    const Ref<User> user{session->user(7)};
    const corm::mapping::Relation* const relation = user->orders.relation();
    user.edit().orders = {order(1)};
    CHECK(user->orders.is_loaded());
    CHECK(user->orders.size() == 1);
    CHECK(user->orders.relation() == relation);
    user.edit() = User{.id = 7, .name = "Ada", .orders = {order(2), order(3)}};
    CHECK(user->orders.size() == 2);
    CHECK(user->orders.relation() == relation);

    // A value that was never loaded knows nothing, so it changes nothing.
    const Ref<User> other{session->user(8)};
    user.edit().orders = other->orders;
    CHECK(user->orders.is_loaded());
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

TEST_CASE("an owner knows its children, a child its parent weakly", "[orm][unit]") {
    std::weak_ptr<Instance> parent;
    std::weak_ptr<Instance> child;
    Ref<Order> kept;
    {
        const Ref<User> user{make(User{.id = 7})};
        const Ref<Order> first = order(1);
        user.edit().orders = {first};
        first.edit().user = One<User>{user};
        CHECK(first->user.get() == user);
        CHECK(user->orders[0]->user.get() == user);
        parent = user.instance();
        child = first.instance();
        kept = first;
    }
    // No cycle: the parent went with its last handle, the child stays for its own.
    CHECK(parent.expired());
    CHECK_FALSE(kept->user.get());
    CHECK(kept->user.is_loaded());
    kept = {};
    CHECK(child.expired());
}

TEST_CASE("one side: copies and assignment", "[orm][unit]") {
    const Ref<User> ada{make(User{.id = 1})};
    const Ref<User> bob{make(User{.id = 2})};
    One<User> one{ada};
    One<User> copy = one;
    CHECK(copy.get() == ada);
    copy = bob;
    CHECK(copy.get() == bob);
    CHECK(one.get() == ada);
    one = Ref<User>{};
    CHECK_FALSE(one.get());
    const corm::mapping::Relation& relation = corm::mapping::mapper_of<Order>()->relations()[0];
    One<User> unloaded;
    unloaded.bind_unloaded(relation);
    copy = unloaded;
    CHECK(copy.get() == bob);
    unloaded = copy;
    CHECK(unloaded.get() == bob);
    CHECK(unloaded.relation() == &relation);
}

TEST_CASE("an index out of range throws", "[orm][unit]") {
    const User user{.orders = {order(1)}};
    CHECK(user.orders[0]->id == 1);
    CHECK_THROWS_AS(user.orders[1], std::out_of_range);
}
