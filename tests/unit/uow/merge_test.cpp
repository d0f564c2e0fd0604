// Merging without a connection: which object takes the values, what has to be read, what is copied.
#include "uow/merge.hpp"

#include "support.hpp"

#include <corm/base/error.hpp>
#include <corm/type/numeric.hpp>

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
    if (check_version)
        merge.check_versions({});
    return merge.finish({});
}

/// The keys of the rows of one table that are to be read.
std::vector<corm::mapping::EncodedKey> unread(const Merge& merge) {
    const std::vector<Merge::Keys> tables = merge.unread();
    REQUIRE(tables.size() == 1);
    return tables.front().keys;
}

std::vector<Handle> clean(Session& session, const std::vector<Handle>& sources) {
    return Merge{session.uow, sources}.take({});
}

Handle detached_user(std::int64_t id, const std::string& name) {
    const auto other = Session::create();
    Handle detached = other->user(id, name);
    other->uow.expunge(detached);
    return detached;
}

int encoded = 0;

/// Counts what is encoded of it.
const corm::types::ValueType& counted() {
    static const corm::types::ValueType type = [] {
        corm::types::ValueType made = corm::types::value_type<std::int32_t>;
        made.encode = [](const void* value, std::string& out) {
            ++encoded;
            corm::types::value_type<std::int32_t>.encode(value, out);
        };
        return made;
    }();
    return type;
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
    CHECK(unread(merge) ==
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
    const auto added = missing.finish({});
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
    given->make_given() = 1;
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
    const Handle copy = merge.finish({}).front();
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
    const Handle copy = clean(*session, {detached}).front();
    CHECK(copy != detached);
    CHECK(copy->state == ObjectState::persistent);
    CHECK(session->find<User>(std::int64_t{1}) == copy);
    CHECK(read<User>(copy).name == "Ada");
    CHECK(session->uow.plan().empty());
    edit<User>(copy).age = 31;
    CHECK(outline(session->uow.plan()) == Outline{"update users 1"});
    const auto refuses = [&](const Handle& source, const std::string& why) {
        CHECK_THROWS_MATCHES(clean(*session, {source}), corm::Error, MessageMatches(ContainsSubstring(why)));
    };
    refuses(detached, "in this session as well");
    refuses(make(user(2, "no row")), "has no row");
    session->uow.expire(copy, {});
    CHECK(clean(*session, {detached}).front() == copy);
    CHECK(read<User>(copy).age == 30);
    edit<User>(detached).age = 40;
    refuses(detached, "not flushed");
}

TEST_CASE("without loading, every source is checked before one is copied", "[uow][unit]") {
    const Handle first = detached_user(1, "first");
    const Handle second = detached_user(2, "second");
    edit<User>(second).age = 40;
    const auto session = Session::create();
    const Handle known = session->user(1, "Ada");
    CHECK_THROWS_MATCHES(clean(*session, {first, second}), corm::Error,
                         MessageMatches(ContainsSubstring("User(2)") && ContainsSubstring("not flushed")));
    CHECK(read<User>(known).name == "Ada");
    CHECK(clean(*session, {first, known}) == std::vector{known, known});
    CHECK(read<User>(known).name == "first");
}

TEST_CASE("a merge takes a removal back", "[uow][unit]") {
    const auto session = Session::create();
    const Handle known = session->user(1, "Ada");
    session->uow.remove(known, {});
    SECTION("of what it merges into") {
        merged(*session, {make(user(1, "kept"))});
        CHECK(outline(session->uow.plan()) == Outline{"update users 1"});
    }
    SECTION("of the object itself") {
        CHECK(merged(*session, {known}) == std::vector{known});
        CHECK(session->uow.plan().empty());
    }
    SECTION("without loading") {
        clean(*session, {detached_user(1, "kept")});
        CHECK(read<User>(known).name == "kept");
        CHECK(session->uow.plan().empty());
    }
    SECTION("without loading, of the object itself") {
        CHECK(clean(*session, {known}) == std::vector{known});
        CHECK(session->uow.plan().empty());
    }
    CHECK(session->uow.removed().empty());
    CHECK_FALSE(known->doomed);
}

TEST_CASE("a removal stays if its row was given to a new object, or if the merge is refused", "[uow][unit]") {
    const auto session = Session::create();
    const Handle known = session->user(1, "Ada");
    session->uow.remove(known, {});
    CHECK_THROWS_AS(merged(*session, {make(user(1, "x", 7))}), corm::StaleDataError);
    CHECK(known->doomed);
    const Handle pending = session->add(user(1, "new"));
    CHECK(merged(*session, {make(user(1, "newer"))}) == std::vector{pending});
    CHECK(read<User>(pending).name == "newer");
    CHECK(known->doomed);
    CHECK(outline(session->uow.plan()) == Outline{"switch users 1"});
}

TEST_CASE("a row is found by the key that it was read by, whatever form it holds it in", "[uow][unit]") {
    using corm::types::Numeric;
    const auto session = Session::create();
    Merge merge{session->uow, {make(Price{.amount = Numeric{"1.5"}, .label = "new"})}};
    REQUIRE(unread(merge) == std::vector{Session::identity<Price>(Numeric{"1.5"})});
    EncodedRows rows{{{"amount", oids::numeric}, {"label", oids::text}}};
    rows.row(Numeric{"1.50"}, std::string{"old"});
    const Handle row = session->attach<Price>(rows);
    merge.add_row(row->mapper(), Session::identity<Price>(Numeric{"1.5"}), row);
    CHECK(merge.finish({}) == std::vector{row});
    CHECK(session->uow.added().empty());
    CHECK(read<Price>(row).label == "new");
    // The row keeps its key.
    CHECK(read<Price>(row).amount.scale() == 2);
    const FlushPlan plan = session->uow.plan();
    CHECK(outline(plan) == Outline{"update prices 1"});
    CHECK(plan.statements.front().sent.size() == 1);
}

TEST_CASE("pending objects are looked through for new keys alone", "[uow][unit]") {
    const auto mapper =
        corm::mapping::define("counted").column("number", counted()).primary_key({"number"}, true).build();
    const auto numbered = [&mapper](std::int32_t number) {
        Handle handle = Instance::create(mapper);
        *static_cast<std::int32_t*>(mapper->column(0).in(handle->values())) = number;
        return handle;
    };
    const auto session = Session::create();
    EncodedRows rows{{{"number", oids::int4}}};
    rows.row(std::int32_t{1});
    const Handle known = session->uow.attach(mapper, rows, 0, 0, Populate::fill, {});
    for (std::int32_t number = 10; number < 110; ++number)
        session->uow.add(numbered(number), {});
    encoded = 0;
    CHECK(merged(*session, {numbered(1)}) == std::vector{known});
    CHECK(encoded == 1);
    CHECK(merged(*session, {numbered(10)}).front() == session->uow.added().front());
}
