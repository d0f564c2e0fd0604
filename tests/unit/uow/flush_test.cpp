// What a flush, a commit and a rollback leave in objects and identity map.
#include "support.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace uow_test;
using corm::uow::ExpireOnCommit;

namespace {

std::int32_t sent_age(const Handle& user) {
    return *static_cast<const std::int32_t*>(user->sent().at(user->mapper().column(3)));
}

} // namespace

TEST_CASE("inserted objects get their keys in the order they were added", "[uow][unit]") {
    const auto session = Session::create();
    const Handle first = session->add(User{.name = "a"});
    const Handle given = session->add(User{.id = 7, .name = "b"});
    const Handle edited = session->add(User{.name = "c"});
    edit<User>(edited).name = "d";
    session->flush();
    CHECK(read<User>(first).id == 100);
    CHECK(read<User>(given).id == 7);
    CHECK(read<User>(edited).id == 101);
    for (const Handle& handle : {first, given, edited}) {
        CHECK(handle->state == ObjectState::persistent);
        CHECK(session->find<User>(read<User>(handle).id) == handle);
        CHECK_FALSE(handle->is_modified());
    }
    CHECK(session->uow.plan().empty());
    CHECK(session->attach<User>(one_user(100, "other", 1)) == first);
}

TEST_CASE("a versioned update counts the version in object and copy", "[uow][unit]") {
    const auto session = Session::create();
    const std::int32_t version = GENERATE(0, 254, 255, 65'535, -1, 2'147'483'646);
    const Handle user = session->attach<User>(one_user(1, "Ada", 30, version));
    edit<User>(user).age = 31;
    edit<User>(user).version = 12'345;
    session->flush();
    CHECK(read<User>(user).version == version + 1);
    CHECK_FALSE(user->is_modified());
    edit<User>(user).age = 32;
    CHECK(dump(session->uow.plan().statements.at(0).parameters) ==
          parameters(std::int64_t{1}, std::int32_t{32}, version + 1));
}

TEST_CASE("a change made while a flush is under way is written by the next", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    User& open = edit<User>(user);
    open.age = 31;
    FlushPlan plan = session->uow.plan();
    open.age = 32;
    open.name = "Ada L.";
    session->settle(plan);
    CHECK(sent_age(user) == 31);
    plan = session->uow.plan();
    CHECK(dump(plan.statements.at(0).parameters) ==
          parameters(std::int64_t{1}, std::string{"Ada L."}, std::int32_t{32}, std::int32_t{1}));
}

TEST_CASE("so is one of an object that is being inserted, its key included", "[uow][unit]") {
    const auto session = Session::create();
    const Handle slot = session->add(Slot{.number = 1, .taken = 0});
    Slot& open = edit<Slot>(slot);
    FlushPlan plan = session->uow.plan();
    open.number = 2;
    session->settle(plan);
    CHECK(session->find<Slot>(std::int32_t{1}) == slot);
    CHECK(session->find<Slot>(std::int32_t{2}) == nullptr);
    plan = session->uow.plan();
    CHECK(dump(plan.statements.at(0).parameters) == parameters(std::int32_t{1}, std::int32_t{2}));
    session->settle(plan);
    CHECK(session->find<Slot>(std::int32_t{2}) == slot);
    CHECK(session->find<Slot>(std::int32_t{1}) == nullptr);
}

TEST_CASE("a reference kept across flushes and commits loses no change", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    User& open = edit<User>(user);
    for (std::int32_t age = 31; age < 36; ++age) {
        open.age = age;
        CHECK(outline(session->uow.plan()) == Outline{"update users 1"});
        session->flush();
        CHECK(session->uow.plan().empty());
        if (age % 2 == 0)
            session->uow.committed(ExpireOnCommit::stale);
    }
    CHECK(read<User>(user).version == 5);
}

TEST_CASE("a flush that ends the transaction leaves nothing to undo", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    User& open = edit<User>(user);
    open.age = 31;
    FlushPlan plan = session->uow.plan();
    open.name = "Ada L."; // while the commit is under way
    session->settle(plan, true);
    CHECK_FALSE(user->at_begin());
    session->uow.committed(ExpireOnCommit::keep);
    CHECK(sent_age(user) == 31);
    CHECK(read<User>(user).version == 1);
    plan = session->uow.plan();
    CHECK(dump(plan.statements.at(0).parameters) ==
          parameters(std::int64_t{1}, std::string{"Ada L."}, std::int32_t{1}));
    session->settle(plan);
    session->uow.rolled_back();
    CHECK(read<User>(user).name == "Ada");
    CHECK(read<User>(user).age == 31);
}

TEST_CASE("edits keep their object alive until they are flushed", "[uow][unit]") {
    const auto session = Session::create();
    Handle user = session->user(1, "Ada", 30);
    const std::weak_ptr<Instance> weak = user;
    edit<User>(user).age = 31;
    user.reset();
    CHECK_FALSE(weak.expired());
    CHECK(outline(session->uow.plan()) == Outline{"update users 1"});
    session->flush();
    CHECK(weak.expired());
    CHECK(session->uow.plan().empty());

    Handle added = session->add(User{.name = "new"});
    const std::weak_ptr<Instance> pending = added;
    added.reset();
    CHECK_FALSE(pending.expired());
    session->flush();
    CHECK(pending.expired());
    // What a rollback would restore is gone; it must not stumble over that.
    session->uow.rolled_back();
    CHECK(session->find<User>(std::int64_t{1}) == nullptr);
}

TEST_CASE("a changed key changes the identity, and a rollback takes it back", "[uow][unit]") {
    const auto session = Session::create();
    const Handle line = session->attach<Line>(one_line(7, 1, "nail", 1));
    edit<Line>(line).line_no = 2;
    session->flush();
    CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{1}) == nullptr);
    CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{2}) == line);
    edit<Line>(line).line_no = 3;
    session->flush();
    CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{3}) == line);

    SECTION("rollback after two changes") {
        session->uow.rolled_back();
        CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{1}) == line);
        CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{3}) == nullptr);
        CHECK(read<Line>(line).line_no == 1);
    }
    SECTION("back to the first key") {
        edit<Line>(line).line_no = 1;
        session->flush();
        CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{1}) == line);
        CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{3}) == nullptr);
        session->uow.rolled_back();
        CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{1}) == line);
    }
    SECTION("another object took the old key") {
        const Handle newcomer = session->add(Line{.order_no = 7, .line_no = 1, .article = "screw", .quantity = 5});
        session->flush();
        CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{1}) == newcomer);
        session->uow.rolled_back();
        CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{1}) == line);
        CHECK(newcomer->state == ObjectState::transient);
        CHECK_FALSE(newcomer->key.has_value());
    }
    SECTION("commit makes it the identity") {
        session->uow.committed(ExpireOnCommit::stale);
        session->uow.rolled_back();
        CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{3}) == line);
        CHECK(read<Line>(line).line_no == 3);
    }
}

TEST_CASE("objects hand a key on within one transaction", "[uow][unit]") {
    const auto session = Session::create();
    const Handle first = session->attach<Line>(one_line(7, 1, "nail", 1));
    const Handle second = session->attach<Line>(one_line(7, 2, "screw", 1));
    edit<Line>(second).line_no = 3;
    session->flush();
    edit<Line>(first).line_no = 2;
    session->flush();
    CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{2}) == first);
    CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{3}) == second);
    session->uow.rolled_back();
    CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{1}) == first);
    CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{2}) == second);
    CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{3}) == nullptr);
}

TEST_CASE("an object inserted by this transaction may change its key", "[uow][unit]") {
    const auto session = Session::create();
    const Handle slot = session->add(Slot{.number = 1, .taken = 0});
    session->flush();
    edit<Slot>(slot).number = 2;
    session->flush();
    CHECK(session->find<Slot>(std::int32_t{2}) == slot);
    CHECK(session->find<Slot>(std::int32_t{1}) == nullptr);
    session->uow.rolled_back();
    CHECK(slot->state == ObjectState::transient);
    CHECK(session->find<Slot>(std::int32_t{2}) == nullptr);
}

TEST_CASE("rollback restores the values of the start of the transaction", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->attach<User>(one_user(1, "Ada", 30, 4));
    const int flushes = GENERATE(0, 1, 2, 3);
    User& open = edit<User>(user);
    open.name = "edited";
    for (int i = 0; i < flushes; ++i) {
        open.age = 50 + i;
        session->flush();
    }
    open.age = 99;
    session->uow.rolled_back();
    CHECK(open.name == "Ada");
    CHECK(open.age == 30);
    CHECK(open.version == 4);
    CHECK(user->state == ObjectState::persistent);
    CHECK(user->freshness == Freshness::stale);
    CHECK_FALSE(session->uow.has_changes());
    // It is still watched.
    open.age = 31;
    CHECK(dump(session->uow.plan().statements.at(0).parameters) ==
          parameters(std::int64_t{1}, std::int32_t{31}, std::int32_t{4}));
}

TEST_CASE("rollback goes back to the last commit, not further", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    edit<User>(user).age = 31;
    session->flush();
    session->uow.committed(ExpireOnCommit::keep);
    edit<User>(user).age = 32;
    session->flush();
    session->uow.rolled_back();
    CHECK(read<User>(user).age == 31);
    CHECK(read<User>(user).version == 1);
}

TEST_CASE("rollback gives inserted, deleted and pending objects their states back", "[uow][unit]") {
    const auto session = Session::create();
    const Handle inserted = session->add(User{.name = "inserted"});
    const Handle edited_new = session->add(User{.name = "edited"});
    const Handle deleted = session->user(1);
    const Handle untouched = session->user(2);
    session->uow.remove(deleted, {});
    session->flush();
    edit<User>(edited_new).name = "edited again";
    session->flush();
    const Handle pending = session->add(User{.name = "pending"});
    CHECK(deleted->state == ObjectState::deleted);
    CHECK(session->find<User>(std::int64_t{1}) == nullptr);
    session->uow.rolled_back();

    CHECK(inserted->state == ObjectState::transient);
    CHECK(read<User>(inserted).id == 100); // the number was used up
    CHECK(session->find<User>(std::int64_t{100}) == nullptr);
    CHECK(read<User>(edited_new).name == "edited again");
    CHECK_FALSE(edited_new->watched);
    CHECK(deleted->state == ObjectState::persistent);
    CHECK(session->find<User>(std::int64_t{1}) == deleted);
    CHECK(untouched->freshness == Freshness::stale);
    CHECK(pending->state == ObjectState::transient);
    CHECK_FALSE(session->uow.has_changes());

    // And all of them may be used again.
    session->uow.add(pending, {});
    session->uow.remove(deleted, {});
    CHECK(outline(session->uow.plan()) == Outline{"insert users 1", "remove users 1"});
}

TEST_CASE("a second object of a deleted row's key gives way to the first on rollback", "[uow][unit]") {
    const auto session = Session::create();
    const Handle line = session->attach<Line>(one_line(7, 1, "nail", 1));
    session->uow.remove(line, {});
    session->flush();
    const Handle successor = session->add(Line{.order_no = 7, .line_no = 1, .article = "screw"});
    session->flush();
    CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{1}) == successor);
    session->uow.rolled_back();
    CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{1}) == line);
    CHECK(line->state == ObjectState::persistent);
}

TEST_CASE("an object that was read under a deleted one's key leaves on rollback", "[uow][unit]") {
    const auto session = Session::create();
    const Handle line = session->attach<Line>(one_line(7, 1, "nail", 1));
    edit<Line>(line).line_no = 2;
    session->flush();
    session->uow.remove(line, {});
    session->flush();
    const Handle read_meanwhile = session->attach<Line>(one_line(7, 1, "screw", 9));
    session->uow.rolled_back();
    CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{1}) == line);
    CHECK(read<Line>(line).line_no == 1);
    CHECK(read_meanwhile->state == ObjectState::detached);
    CHECK(read_meanwhile->scope.expired());
}

TEST_CASE("commit makes objects stale, expired or neither", "[uow][unit]") {
    const auto policy = GENERATE(ExpireOnCommit::keep, ExpireOnCommit::stale, ExpireOnCommit::expire);
    const auto session = Session::create();
    const Handle loaded = session->user(1);
    const Handle added = session->add(User{.name = "new"});
    const Handle removed = session->user(2);
    session->uow.remove(removed, {});
    session->flush();
    session->uow.committed(policy);
    const Freshness expected = policy == ExpireOnCommit::keep    ? Freshness::fresh
                               : policy == ExpireOnCommit::stale ? Freshness::stale
                                                                 : Freshness::expired;
    CHECK(loaded->freshness == expected);
    CHECK(added->freshness == expected);
    CHECK_FALSE(added->inserted_now);
    // Deleted objects are out of the session and stay readable.
    CHECK(removed->state == ObjectState::detached);
    CHECK(removed->freshness == Freshness::fresh);
    // A rollback of the next transaction does not undo the committed one.
    session->uow.rolled_back();
    CHECK(added->state == ObjectState::persistent);
    CHECK(removed->state == ObjectState::detached);
}

TEST_CASE("an expired object stays expired when a later commit finds it", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1);
    session->uow.committed(ExpireOnCommit::expire);
    session->uow.committed(ExpireOnCommit::stale);
    CHECK(user->freshness == Freshness::expired);
}

TEST_CASE("an expunged object is forgotten, with its edits, and may come back", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    edit<User>(user).age = 31;
    session->uow.expunge(user);
    CHECK(session->uow.plan().empty());
    CHECK(session->find<User>(std::int64_t{1}) == nullptr);
    session->uow.rolled_back();
    CHECK(read<User>(user).age == 31);
    session->uow.add(user, {});
    CHECK(outline(session->uow.plan()) == Outline{"update users 1"});
    session->flush();
    CHECK(read<User>(user).version == 1);
    session->uow.rolled_back();
    CHECK(read<User>(user).age == 30);
}

TEST_CASE("objects dropped at any time leave no trace", "[uow][unit]") {
    const auto session = Session::create();
    for (std::int64_t id = 1; id <= 1'000; ++id) {
        Handle user = session->user(id);
        if (id % 2 == 0)
            edit<User>(user).age = 99;
        if (id % 3 == 0)
            session->uow.remove(user, {});
    }
    CHECK(session->uow.plan().statements.size() == 3);
    session->flush();
    session->uow.committed(ExpireOnCommit::stale);
    int living = 0;
    session->uow.identity_map().for_each([&living](const Handle&) { ++living; });
    CHECK(living == 0);
    CHECK_FALSE(session->uow.has_changes());
}

TEST_CASE("an object that left edited and came back is flushed once", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(7);
    session->uow.remove(user, {});
    session->flush();
    // Its row is gone, but it may be written to until the commit.
    edit<User>(user).age = 31;
    session->uow.committed(ExpireOnCommit::keep);
    CHECK(user->state == ObjectState::detached);

    corm::uow::make_transient(user, {});
    session->uow.add(user, {});
    session->flush();
    edit<User>(user).age = 32;
    const auto plan = session->uow.plan();
    REQUIRE(plan.statements.size() == 1);
    CHECK(plan.statements.front().rows.size() == 1);
}

TEST_CASE("an object that was edited in vain is not kept alive after the commit", "[uow][unit]") {
    const auto session = Session::create();
    Handle user = session->user(7, "Ada", 30);
    edit<User>(user).age = 31;
    edit<User>(user).age = 30;
    CHECK(session->uow.plan().empty());
    session->uow.committed(ExpireOnCommit::keep);
    const std::weak_ptr<Instance> held = user;
    user.reset();
    CHECK(held.expired());
}
