// The states of an object, and every move between them.
#include "support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <stdexcept>

using namespace uow_test;
using Catch::Matchers::Equals;
using Catch::Matchers::MessageMatches;
using corm::uow::ExpireOnCommit;

namespace {

enum class Call { add, remove, expunge, flush, commit, rollback };

/// An object in the given state, and the session that brought it there.
struct Subject {
    std::shared_ptr<Session> session = Session::create();
    Handle user;

    explicit Subject(ObjectState state) {
        switch (state) {
        case ObjectState::transient: user = make(User{.name = "Ada"}); break;
        case ObjectState::pending: user = session->add(User{.name = "Ada"}); break;
        case ObjectState::persistent: user = session->user(7); break;
        case ObjectState::deleted:
            user = session->user(7);
            session->uow.remove(user, {});
            session->flush();
            break;
        case ObjectState::detached:
            user = session->user(7);
            session->uow.expunge(user);
            break;
        }
        if (user->state != state)
            throw std::logic_error("the state was not reached");
    }

    void call(Call what) const {
        switch (what) {
        case Call::add: session->uow.add(user, {}); break;
        case Call::remove: session->uow.remove(user, {}); break;
        case Call::expunge: session->uow.expunge(user); break;
        case Call::flush: session->flush(); break;
        case Call::commit:
            session->flush();
            session->uow.committed(ExpireOnCommit::stale);
            break;
        case Call::rollback: session->uow.rolled_back(); break;
        }
    }
    [[nodiscard]] bool found() const { return session->find<User>(read<User>(user).id) == user; }
};

} // namespace

TEST_CASE("every call in every state", "[uow][unit]") {
    struct Move {
        ObjectState from;
        Call call;
        ObjectState to;
        const char* error; ///< empty: the call is legal
    };
    using enum ObjectState;
    static constexpr const char* foreign =
        "User is not in this session, so it cannot be removed through it; get it first";
    static constexpr const char* gone = "User(7) was deleted in this transaction; roll back, or add a copy of it";
    static constexpr Move moves[] = {
        {transient, Call::add, pending, ""},        {transient, Call::remove, transient, foreign},
        {transient, Call::expunge, transient, ""},  {transient, Call::flush, transient, ""},
        {transient, Call::commit, transient, ""},   {transient, Call::rollback, transient, ""},

        {pending, Call::add, pending, ""},          {pending, Call::remove, transient, ""},
        {pending, Call::expunge, transient, ""},    {pending, Call::flush, persistent, ""},
        {pending, Call::commit, persistent, ""},    {pending, Call::rollback, transient, ""},

        {persistent, Call::add, persistent, ""},    {persistent, Call::remove, persistent, ""},
        {persistent, Call::expunge, detached, ""},  {persistent, Call::flush, persistent, ""},
        {persistent, Call::commit, persistent, ""}, {persistent, Call::rollback, persistent, ""},

        {deleted, Call::add, deleted, gone},        {deleted, Call::remove, deleted, ""},
        {deleted, Call::expunge, detached, ""},     {deleted, Call::flush, deleted, ""},
        {deleted, Call::commit, detached, ""},      {deleted, Call::rollback, persistent, ""},

        {detached, Call::add, persistent, ""},      {detached, Call::remove, persistent, ""},
        {detached, Call::expunge, detached, ""},    {detached, Call::flush, detached, ""},
        {detached, Call::commit, detached, ""},     {detached, Call::rollback, detached, ""},
    };
    for (const Move& move : moves) {
        CAPTURE(to_string(move.from), static_cast<int>(move.call));
        const Subject subject{move.from};
        if (*move.error != '\0')
            CHECK_THROWS_MATCHES(subject.call(move.call), corm::Error, MessageMatches(Equals(move.error)));
        else
            CHECK_NOTHROW(subject.call(move.call));
        CHECK(to_string(subject.user->state) == to_string(move.to));
        const bool in_session = move.to == pending || move.to == persistent || move.to == deleted;
        CHECK((subject.user->scope.lock() == subject.session) == in_session);
        CHECK(subject.found() == (move.to == persistent));
        CHECK(subject.user->key.has_value() != (move.to == transient || move.to == pending));
        CHECK(read<User>(subject.user).name == "Ada");
    }
}

TEST_CASE("states have names", "[uow][unit]") {
    CHECK(to_string(ObjectState::transient) == "transient");
    CHECK(to_string(ObjectState::detached) == "detached");
}

TEST_CASE("a removal is only a mark until the flush", "[uow][unit]") {
    const Subject subject{ObjectState::persistent};
    subject.call(Call::remove);
    CHECK(subject.user->doomed);
    CHECK(subject.found());
    CHECK(subject.session->uow.has_changes());
    SECTION("twice is once") {
        subject.call(Call::remove);
        CHECK(outline(subject.session->uow.plan()) == Outline{"remove users 1"});
    }
    SECTION("add takes it back") {
        subject.call(Call::add);
        CHECK_FALSE(subject.user->doomed);
        CHECK(subject.session->uow.plan().empty());
    }
    SECTION("rollback takes it back") {
        subject.call(Call::rollback);
        CHECK_FALSE(subject.user->doomed);
        CHECK_FALSE(subject.session->uow.has_changes());
    }
    SECTION("expunge takes it back") {
        subject.call(Call::expunge);
        CHECK(subject.session->uow.plan().empty());
    }
    SECTION("it is deleted although no handle is left") {
        Subject last{ObjectState::persistent};
        last.call(Call::remove);
        last.user.reset();
        CHECK(outline(last.session->uow.plan()) == Outline{"remove users 1"});
    }
}

TEST_CASE("an object belongs to one session", "[uow][unit]") {
    const Subject subject{ObjectState::persistent};
    const auto other = Session::create();
    CHECK_THROWS_MATCHES(other->uow.add(subject.user, {}), corm::Error,
                         MessageMatches(Equals("User(7) belongs to another session; expunge it there before it is "
                                               "added here")));
    CHECK_THROWS_AS(other->uow.remove(subject.user, {}), corm::Error);
    other->uow.expunge(subject.user);
    CHECK(subject.user->state == ObjectState::persistent);
    CHECK(subject.found());

    subject.call(Call::expunge);
    other->uow.add(subject.user, {});
    CHECK(other->find<User>(std::int64_t{7}) == subject.user);
    // What the first session ends does not reach it any more.
    subject.call(Call::rollback);
    CHECK(subject.user->state == ObjectState::persistent);
}

TEST_CASE("the end of one session leaves alone what has moved to another", "[uow][unit]") {
    const auto first = Session::create();
    const auto second = Session::create();
    const Handle inserted = first->add(User{.name = "new"});
    const Handle deleted = first->user(7);
    first->uow.remove(deleted, {});
    first->flush();
    first->uow.expunge(inserted);
    first->uow.expunge(deleted);
    second->uow.add(inserted, {});
    const bool commit = GENERATE(true, false);
    if (commit)
        first->uow.committed(ExpireOnCommit::expire);
    else
        first->uow.rolled_back();
    CHECK(inserted->state == ObjectState::persistent);
    CHECK(inserted->scope.lock() == second);
    CHECK(inserted->freshness == Freshness::stale);
    CHECK(second->find<User>(read<User>(inserted).id) == inserted);
    CHECK(deleted->state == ObjectState::detached);
    CHECK(deleted->scope.expired());
}

TEST_CASE("an object whose row was deleted can only be added as a new one", "[uow][unit]") {
    const bool expunged = GENERATE(false, true);
    const Subject subject{ObjectState::deleted};
    if (expunged)
        subject.session->uow.expunge(subject.user);
    else
        subject.session->uow.committed(ExpireOnCommit::stale);
    REQUIRE(subject.user->state == ObjectState::detached);
    const auto refused = MessageMatches(
        Equals("User(7) was deleted; make_transient(ref) makes it a new object, which add() inserts again"));
    CHECK_THROWS_MATCHES(subject.session->uow.add(subject.user, {}), corm::Error, refused);
    CHECK_THROWS_MATCHES(subject.session->uow.remove(subject.user, {}), corm::Error, refused);
    corm::uow::make_transient(subject.user, {});
    subject.session->uow.add(subject.user, {});
    CHECK(subject.user->state == ObjectState::pending);
}

TEST_CASE("a detached object joins the session that removes it", "[uow][unit]") {
    const Subject subject{ObjectState::detached};
    const auto other = subject.session->user(7);
    CHECK_THROWS_AS(subject.session->uow.remove(subject.user, {}), corm::Error); // the row has its object
    subject.session->uow.expunge(other);
    subject.session->uow.remove(subject.user, {});
    CHECK(subject.session->uow.removed().size() == 1);
    subject.session->flush();
    CHECK(subject.user->state == ObjectState::deleted);
}

TEST_CASE("a second object of an identity is refused", "[uow][unit]") {
    const Subject subject{ObjectState::detached};
    const Handle present = subject.session->user(7);
    CHECK_THROWS_MATCHES(subject.call(Call::add), corm::Error,
                         MessageMatches(Equals("User(7) is in this session already as another object; use that one")));
    CHECK(subject.session->find<User>(std::int64_t{7}) == present);
    CHECK(subject.user->state == ObjectState::detached);
}

TEST_CASE("objects of a session that is gone join another", "[uow][unit]") {
    Handle pending;
    Handle inserted;
    Handle persistent;
    Handle flushed;
    Handle deleted;
    {
        const auto gone = Session::create();
        inserted = gone->add(User{.name = "inserted"});
        persistent = gone->user(1);
        flushed = gone->user(2, "Bob", 40);
        deleted = gone->user(3);
        edit<User>(flushed).age = 41;
        gone->uow.remove(deleted, {});
        gone->flush();
        pending = gone->add(User{.name = "pending"});
    }
    const auto session = Session::create();
    for (const Handle& handle : {pending, inserted, persistent, flushed, deleted})
        session->uow.add(handle, {});
    CHECK(pending->state == ObjectState::pending);
    CHECK(inserted->state == ObjectState::pending);
    CHECK(persistent->state == ObjectState::persistent);
    CHECK(deleted->state == ObjectState::persistent);
    CHECK(session->find<User>(std::int64_t{1}) == persistent);
    // The old transaction never ended, so its update is one of this session.
    const FlushPlan plan = session->uow.plan();
    CHECK(outline(plan) == Outline{"update users 1", "insert users 1", "insert users 1"});
    CHECK(dump(plan.statements[0].parameters) == parameters(std::int64_t{2}, std::int32_t{41}, std::int32_t{0}));
}

TEST_CASE("what was edited while detached is written after it was added", "[uow][unit]") {
    const Subject subject{ObjectState::detached};
    edit<User>(subject.user).age = 77;
    subject.call(Call::add);
    CHECK(subject.user->freshness == Freshness::stale);
    const FlushPlan plan = subject.session->uow.plan();
    REQUIRE(outline(plan) == Outline{"update users 1"});
    CHECK(dump(plan.statements[0].parameters) == parameters(std::int64_t{7}, std::int32_t{77}, std::int32_t{0}));
}

TEST_CASE("clearing a session detaches what is in it", "[uow][unit]") {
    const auto session = Session::create();
    const Handle pending = session->add(User{.name = "new"});
    const Handle edited = session->user(1, "Ada", 30);
    edit<User>(edited).age = 31;
    const Handle removed = session->user(2);
    session->uow.remove(removed, {});
    session->uow.clear();
    CHECK(pending->state == ObjectState::transient);
    CHECK(edited->state == ObjectState::detached);
    CHECK(read<User>(edited).age == 30);
    CHECK(removed->state == ObjectState::detached);
    CHECK_FALSE(removed->doomed);
    CHECK(session->uow.identity_map().size() == 0);
    CHECK_FALSE(session->uow.has_changes());
    CHECK(session->user(1) != edited);
}
