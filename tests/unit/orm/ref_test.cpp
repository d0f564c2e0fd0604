// Handles without an engine.
#include "unit/uow/support.hpp"

#include <corm/base/error.hpp>
#include <corm/orm/inspect.hpp>
#include <corm/orm/ref.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <type_traits>
#include <unordered_set>

using namespace uow_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::orm::inspect;
using corm::orm::Ref;

TEST_CASE("handles are equal when they are of one object", "[orm][unit]") {
    const Ref<User> ada{make(User{.name = "Ada"})};
    const Ref<User> twin{make(User{.name = "Ada"})};
    const Ref<User> copy = ada;
    CHECK(ada == copy);
    CHECK(ada != twin);
    CHECK(Ref<User>{} == Ref<User>{});
    CHECK(ada != Ref<User>{});
    CHECK(std::hash<Ref<User>>{}(ada) == std::hash<Ref<User>>{}(copy));
    const std::unordered_set<Ref<User>> set{ada, twin, copy, {}};
    CHECK(set.size() == 3);
    CHECK(static_cast<bool>(ada));
    CHECK_FALSE(static_cast<bool>(Ref<User>{}));
}

TEST_CASE("reading is const, writing goes through edit", "[orm][unit]") {
    STATIC_CHECK(std::is_same_v<decltype(*std::declval<const Ref<User>&>()), const User&>);
    STATIC_CHECK(std::is_same_v<decltype(std::declval<const Ref<User>&>().edit()), User&>);
    STATIC_CHECK(std::is_same_v<decltype(std::declval<Ref<User>>().edit()), corm::orm::Edit<User>>);
    STATIC_CHECK_FALSE(std::is_convertible_v<Ref<User>, bool>);
    const Ref<User> user{make(User{.name = "Ada", .age = 36})};
    user.edit().age += 1;
    user.set<&User::name>("Ada L.");
    CHECK(user->age == 37);
    CHECK((*user).name == "Ada L.");
}

TEST_CASE("an empty handle says what was asked of it", "[orm][unit]") {
    const Ref<User> empty;
    CHECK_THROWS_MATCHES(empty->name, corm::Error,
                         MessageMatches(ContainsSubstring("->") && ContainsSubstring("empty")));
    CHECK_THROWS_MATCHES(*empty, corm::Error, MessageMatches(ContainsSubstring("*") && ContainsSubstring("empty")));
    CHECK_THROWS_MATCHES(empty.edit(), corm::Error, MessageMatches(ContainsSubstring("edit()")));
    CHECK_THROWS_MATCHES(Ref<User>{}.edit(), corm::Error, MessageMatches(ContainsSubstring("edit()")));
    CHECK_THROWS_AS(empty.set<&User::age>(1), corm::Error);
    CHECK_THROWS_MATCHES(inspect(empty), corm::Error, MessageMatches(ContainsSubstring("inspect()")));
}

TEST_CASE("an edit of a temporary owns the object", "[orm][unit]") {
    const auto session = Session::create();
    auto edited = Ref<User>{session->user(7, "Ada", 30)}.edit();
    const std::weak_ptr<Instance> weak = edited.ref().instance();
    session->uow.clear();
    edited->age = 31;
    User& user = edited;
    CHECK(user.age == 31);
    CHECK((*edited).age == 31);
    CHECK_FALSE(weak.expired());
    edited = User{.id = 7, .name = "Bob"};
    CHECK(edited->name == "Bob");
    CHECK(edited->age == 0);
}

TEST_CASE("assignment through edit is found by comparison", "[orm][unit]") {
    const auto session = Session::create();
    const Ref<User> user{session->user(7, "Ada", 30)};
    user.edit() = User{.id = 7, .name = "Ada", .age = 31};
    CHECK(inspect(user).is_modified());
    CHECK(inspect(user).history<&User::name>().unchanged == "Ada");
    const auto age = inspect(user).history<&User::age>();
    CHECK(age.added == 31);
    CHECK(age.deleted == 30);
    CHECK_FALSE(age.unchanged);
    CHECK_FALSE(user->orders.is_loaded()); // the value said nothing of it
    CHECK(outline(session->uow.plan()) == Outline{"update users 1"});
}

TEST_CASE("history and state of every kind of object", "[orm][unit]") {
    const auto session = Session::create();
    const Ref<User> transient{make(User{.name = "new"})};
    CHECK(inspect(transient).state() == ObjectState::transient);
    CHECK(inspect(transient).history<&User::name>().added == "new");
    CHECK(inspect(transient).identity().empty());
    CHECK_FALSE(inspect(transient).is_modified());
    CHECK_FALSE(inspect(transient).has_session());

    session->uow.add(transient.instance(), {});
    CHECK(inspect(transient).state() == ObjectState::pending);
    CHECK(inspect(transient).is_modified());
    CHECK(inspect(transient).has_session());

    const auto a_null = std::make_optional(std::optional<std::string>{});
    const Ref<User> user{session->user(7)};
    CHECK(inspect(user).identity() == "7");
    CHECK(inspect(user).history<&User::email>().unchanged == a_null);
    user.edit().email = "a@b";
    CHECK(inspect(user).history<&User::email>().deleted == a_null);
    session->uow.remove(user.instance(), {});
    CHECK(inspect(user).is_doomed());

    session->uow.rolled_back();
    session->uow.committed(corm::uow::ExpireOnCommit::expire);
    const auto nothing = inspect(user).history<&User::name>();
    CHECK(inspect(user).freshness() == Freshness::expired);
    CHECK_FALSE((nothing.added || nothing.unchanged || nothing.deleted));
}
