// Merging without a connection: which object takes the values, what has to be read, what is copied.
#include "uow/merge.hpp"

#include "support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace uow_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::uow::ExpireOnCommit;
using corm::uow::Merge;

namespace {

User user(std::int64_t id, std::string name, std::int32_t version = 0) {
    return User{.id = id, .name = std::move(name), .age = 30, .version = version};
}

std::vector<Handle> merged(Session& session, std::vector<Handle> sources, bool check_version = true) {
    Merge merge{session.uow, std::move(sources)};
    CHECK(merge.unread().empty());
    return merge.finish(check_version, {});
}

} // namespace

TEST_CASE("only objects that are there and fresh need no reading", "[uow][unit]") {
    const auto session = Session::create();
    const Handle fresh = session->user(1);
    const Handle expired = session->user(3);
    session->uow.expire(expired, {});
    const Handle pending = session->add(user(4, "p"));
    const Merge merge{session->uow,
                      {make(user(5, "x")), make(user(1, "x")), make(user(3, "x")), make(user(4, "x")),
                       make(user(0, "new")), make(user(5, "y")), pending}};
    CHECK(merge.unread() ==
          std::vector{Session::identity<User>(std::int64_t{3}), Session::identity<User>(std::int64_t{5})});
}

TEST_CASE("a merge edits what differs, and nothing else", "[uow][unit]") {
    const auto session = Session::create();
    const Handle known = session->user(1, "Ada", 30);
    const Handle source = make(user(1, "Ada L."));
    CHECK(merged(*session, {source}) == std::vector{known});
    CHECK(read<User>(known).name == "Ada L.");
    CHECK(source->scope.expired());
    FlushPlan plan = session->uow.plan();
    CHECK(outline(plan) == Outline{"update users 1"});
    CHECK(plan.statements.front().sent.size() == 1);
    session->settle(plan);
    // Equal values are no edit.
    const User same = read<User>(known);
    merged(*session, {make(User{.id = 1, .name = same.name, .age = 30, .version = same.version})});
    CHECK(session->uow.dirty().empty());
}

TEST_CASE("objects of one key are one, and the last wins", "[uow][unit]") {
    const auto session = Session::create();
    const Handle known = session->user(1);
    const auto all = merged(*session, {make(user(1, "a")), make(user(0, "n")), make(user(0, "n")), make(user(1, "b"))});
    CHECK(all[0] == known);
    CHECK(all[3] == known);
    CHECK(read<User>(known).name == "b");
    CHECK(all[1] != all[2]);
    Merge missing{session->uow, {make(user(9, "first")), make(user(9, "last"))}};
    const auto added = missing.finish(true, {});
    CHECK(added[0] == added[1]);
    CHECK(read<User>(added[0]).name == "last");
    CHECK(session->uow.added().size() == 3);
    CHECK(merged(*session, {make(user(9, "again"))}) == std::vector{added[0]});
}

TEST_CASE("a version is compared with the one that was read, and not copied", "[uow][unit]") {
    const auto session = Session::create();
    const Handle known = session->attach<User>(one_user(1, "Ada", 30, 4));
    edit<User>(known).version = 99;
    CHECK_THROWS_MATCHES(merged(*session, {make(user(0, "new")), make(user(1, "x", 99))}), corm::StaleDataError,
                         MessageMatches(ContainsSubstring("User with key 1") && ContainsSubstring("check_version")));
    CHECK(session->uow.added().empty());
    CHECK(read<User>(known).name == "Ada");
    merged(*session, {make(user(1, "x", 4))});
    merged(*session, {make(user(1, "y", 3))}, false);
    CHECK(read<User>(known).name == "y");
    CHECK(dump(session->uow.plan().statements.front().parameters) ==
          parameters(std::int64_t{1}, std::string{"y"}, std::int32_t{4}));
}

TEST_CASE("what the server fills in is copied from objects with a row alone", "[uow][unit]") {
    const auto session = Session::create();
    EncodedRows rows{{{"id", oids::int4}, {"kind", oids::text}, {"revision", oids::int4}, {"shout", oids::text}}};
    rows.row(std::int32_t{1}, std::string{"kept"}, std::int32_t{3}, std::string{"KEPT"});
    const Handle known = session->attach<Stamped>(rows);
    merged(*session, {make(Stamped{.id = 1, .kind = "not given", .shout = "x"})});
    CHECK(read<Stamped>(known).kind == "kept");
    CHECK(read<Stamped>(known).shout == "KEPT");
    const Handle given = make(Stamped{.id = 1, .kind = "given"});
    given->given = 1;
    merged(*session, {given});
    CHECK(read<Stamped>(known).kind == "given");

    const auto other = Session::create();
    const Handle detached = other->attach<Stamped>(rows);
    other->uow.expunge(detached);
    edit<Stamped>(detached).kind = "edited";
    merged(*session, {detached});
    CHECK(read<Stamped>(known).kind == "edited");
    CHECK(read<Stamped>(known).shout == "KEPT");

    // A row that is gone is written with all that the object has.
    const auto empty = Session::create();
    Merge merge{empty->uow, {detached}};
    const Handle copy = merge.finish(true, {}).front();
    CHECK(copy->state == ObjectState::pending);
    CHECK(outline(empty->uow.plan()) == Outline{"insert stamped 1"});
    CHECK(empty->uow.plan().statements.front().returned == std::vector<corm::uow::ColumnIndex>{3});
}

TEST_CASE("an object of the session is its own copy, one that cannot be read is refused", "[uow][unit]") {
    const auto session = Session::create();
    const Handle known = session->user(1);
    const Handle pending = session->add(user(0, "p"));
    session->uow.expire(known, {});
    CHECK(merged(*session, {known, pending}) == std::vector{known, pending});
    session->uow.expunge(known);
    CHECK_THROWS_AS((Merge{session->uow, {known}}), corm::NotLoadedError);
}

TEST_CASE("without loading, a clean object is taken for its row", "[uow][unit]") {
    const auto other = Session::create();
    const Handle detached = other->user(1, "Ada", 30);
    other->uow.expunge(detached);
    const auto session = Session::create();
    const Handle copy = session->uow.merge_clean(*detached, {});
    CHECK(copy != detached);
    CHECK(copy->state == ObjectState::persistent);
    CHECK(session->find<User>(std::int64_t{1}) == copy);
    CHECK(read<User>(copy).name == "Ada");
    CHECK(session->uow.plan().empty());
    edit<User>(copy).age = 31;
    CHECK(outline(session->uow.plan()) == Outline{"update users 1"});
    const auto refuses = [&](const Handle& source, const std::string& why) {
        CHECK_THROWS_MATCHES(session->uow.merge_clean(*source, {}), corm::Error,
                             MessageMatches(ContainsSubstring(why)));
    };
    refuses(detached, "in this session as well");
    refuses(make(user(2, "no row")), "has no row");
    session->uow.expire(copy, {});
    CHECK(session->uow.merge_clean(*detached, {}) == copy);
    CHECK(read<User>(copy).age == 30);
    edit<User>(detached).age = 40;
    refuses(detached, "not flushed");
}
