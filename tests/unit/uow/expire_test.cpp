// Objects whose values or whose place in the session are forgotten.
#include "support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace uow_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::uow::ExpireOnCommit;
using corm::uow::Freshness;

TEST_CASE("an expired object is not readable until its row is met again", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    session->uow.expire(user, {});
    CHECK(user->state == ObjectState::persistent);
    CHECK_THROWS_AS(user->readable(), corm::NotLoadedError);
    CHECK_THROWS_AS(Instance::editable(user), corm::NotLoadedError);
    CHECK(session->user(1, "Ada L.", 31) == user);
    CHECK(read<User>(user).name == "Ada L.");
    CHECK(read<User>(user).age == 31);
    CHECK_FALSE(user->is_modified());
}

TEST_CASE("expiring drops the edits, and what was open for writing is not watched", "[uow][unit]") {
    const auto session = Session::create();
    Handle user = session->user(1, "Ada", 30);
    User& open = edit<User>(user);
    open.age = 31;
    session->uow.expire(user, {});
    CHECK_FALSE(session->uow.has_changes());
    CHECK(session->uow.dirty().empty());
    open.age = 99;
    CHECK(session->uow.plan().empty());
    session->user(1, "Ada", 32);
    CHECK(open.age == 32);
    // Not kept alive for edits that are gone.
    const std::weak_ptr<Instance> weak = user;
    user.reset();
    CHECK(weak.expired());
}

TEST_CASE("an expired object is deleted by the key and version of its row", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->attach<User>(one_user(1, "Ada", 30, 4));
    User& open = edit<User>(user);
    open.id = 70;
    open.version = 80;
    session->uow.remove(user, {});
    session->uow.expire(user, {});
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"remove users 1"});
    CHECK(dump(plan.statements[0].parameters) == parameters(std::int64_t{1}, std::int32_t{4}));
}

TEST_CASE("a rollback after expiring gives back what an earlier flush had written", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    edit<User>(user).age = 31;
    session->flush();
    session->uow.expire(user, {});
    session->uow.rolled_back();
    CHECK(user->freshness == Freshness::expired);
    session->user(1, "Ada", 30);
    CHECK(read<User>(user).age == 30);
    CHECK_FALSE(session->uow.has_changes());
}

TEST_CASE("only objects with a row in this session can be expired", "[uow][unit]") {
    const auto session = Session::create();
    const Handle pending = session->add(User{.name = "new"});
    CHECK_THROWS_MATCHES(session->uow.expire(pending, {}), corm::Error,
                         MessageMatches(ContainsSubstring("User is pending")));
    const Handle detached = session->user(1);
    session->uow.expunge(detached);
    CHECK_THROWS_MATCHES(session->uow.expire(detached, {}), corm::Error,
                         MessageMatches(ContainsSubstring("User(1) is detached")));
    const auto other = Session::create();
    CHECK_THROWS_AS(session->uow.expire(other->user(2), {}), corm::Error);
}

TEST_CASE("all persistent objects are expired at once, pending ones stay as they are", "[uow][unit]") {
    const auto session = Session::create();
    const Handle clean = session->user(1);
    const Handle edited = session->user(2);
    edit<User>(edited).age = 31;
    const Handle pending = session->add(User{.name = "new"});
    edit<User>(pending).age = 5;
    session->uow.expire_all();
    CHECK(clean->freshness == Freshness::expired);
    CHECK(edited->freshness == Freshness::expired);
    CHECK(read<User>(pending).age == 5);
    CHECK(outline(session->uow.plan()) == Outline{"insert users 1"});
    session->flush();
    edit<User>(pending).age = 6;
    CHECK(outline(session->uow.plan()) == Outline{"update users 1"});
}

TEST_CASE("every object leaves at once", "[uow][unit]") {
    const auto session = Session::create();
    const Handle persistent = session->user(1);
    edit<User>(persistent).age = 31;
    const Handle pending = session->add(User{.name = "new"});
    const Handle doomed = session->user(2);
    session->uow.remove(doomed, {});
    const Handle deleted = session->user(3);
    session->uow.remove(deleted, {});
    session->uow.add(doomed, {});
    session->flush();
    session->uow.remove(doomed, {});
    const Handle added = session->add(User{.name = "newer"});
    session->uow.expunge_all();
    CHECK(persistent->state == ObjectState::detached);
    CHECK(pending->state == ObjectState::detached); // it was flushed
    CHECK(doomed->state == ObjectState::detached);
    CHECK(deleted->state == ObjectState::detached);
    CHECK(added->state == ObjectState::transient);
    CHECK(session->uow.identity_map().size() == 0);
    CHECK_FALSE(session->uow.has_changes());
    CHECK(session->uow.plan().empty());
    // The end of the transaction concerns none of them.
    session->uow.rolled_back();
    CHECK(read<User>(persistent).age == 31);
    CHECK(persistent->state == ObjectState::detached);
    CHECK(session->user(1) != persistent);
}

TEST_CASE("edited objects are dirty until they are flushed, changed or not", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    CHECK(session->uow.dirty().empty());
    User& open = edit<User>(user);
    CHECK(session->uow.dirty() == std::vector<Handle>{user});
    session->flush();
    CHECK(session->uow.dirty().empty());
    open.age = 31; // through the reference that was kept
    CHECK(session->uow.dirty() == std::vector<Handle>{user});
    session->uow.remove(user, {});
    CHECK(session->uow.dirty().empty());
}

TEST_CASE("a transient object has forgotten its row", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    edit<User>(user).age = 31;
    make_transient(user, {});
    CHECK(user->state == ObjectState::transient);
    CHECK(session->find<User>(std::int64_t{1}) == nullptr);
    CHECK_FALSE(session->uow.has_changes());
    CHECK(read<User>(user).id == 1);
    session->uow.add(user, {});
    CHECK(outline(session->uow.plan()) == Outline{"insert users 1"});
    session->uow.expunge(user);
    make_transient(user, {}); // already
    CHECK(user->state == ObjectState::transient);

    const Handle expired = session->user(2);
    session->uow.expire(expired, {});
    CHECK_THROWS_AS(make_transient(expired, {}), corm::NotLoadedError);
}

TEST_CASE("a transient object can be taken for one that has a row", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = make(User{.id = 7});
    make_transient_to_detached(user, {});
    CHECK(user->state == ObjectState::detached);
    CHECK_THROWS_AS(user->readable(), corm::NotLoadedError);
    session->uow.add(user, {});
    CHECK(user->state == ObjectState::persistent);
    CHECK(session->uow.plan().empty());
    CHECK(session->user(7, "Ada", 30) == user);
    CHECK(read<User>(user).name == "Ada");
    CHECK_THROWS_MATCHES(make_transient_to_detached(user, {}), corm::Error,
                         MessageMatches(ContainsSubstring("User(7) is persistent")));
}
