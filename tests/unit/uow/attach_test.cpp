// From rows to objects.
#include "support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace uow_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Equals;
using Catch::Matchers::MessageMatches;
using corm::uow::ExpireOnCommit;

TEST_CASE("a row becomes the one object of its identity", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->attach<User>(one_user(7, "Ada", 36, 2, "ada@example.org"));
    CHECK(user->state == ObjectState::persistent);
    CHECK(user->freshness == Freshness::fresh);
    CHECK(user->scope.lock() == session);
    CHECK(read<User>(user).name == "Ada");
    CHECK(read<User>(user).email == "ada@example.org");
    CHECK(read<User>(user).version == 2);
    CHECK_FALSE(read<User>(user).orders.is_loaded());
    CHECK_FALSE(user->sent());
    CHECK(session->attach<User>(one_user(7, "Ada", 36)) == user);
    CHECK(session->attach<User>(one_user(8, "Bob", 36)) != user);
    CHECK(session->find<User>(std::int64_t{7}) == user);
    CHECK(Session::create()->attach<User>(one_user(7, "Ada", 36)) != user);
}

TEST_CASE("columns are taken from where they start", "[uow][unit]") {
    const auto session = Session::create();
    EncodedRows rows{{{"n", oids::int4}, {"id", oids::int8}}};
    rows.row(std::int32_t{1}, std::int64_t{10}).row(std::int32_t{2}, std::int64_t{20});
    const Handle tick = session->attach<Tick>(rows, Populate::fill, 1, 1);
    CHECK(read<Tick>(tick).id == 20);
}

TEST_CASE("the identity is the value of the key, whatever the type of the column", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(7);
    EncodedRows narrow{
        {{"id", oids::int4}, {"name", oids::text}, {"email", oids::text}, {"age", oids::int4}, {"v", oids::int4}}};
    narrow.row(std::int32_t{7}, std::string{}, std::optional<std::string>{}, 0, 0);
    CHECK(session->attach<User>(narrow) == user);
    const Handle line = session->attach<Line>(one_line(7, 2, "nail", 1));
    CHECK(session->find<Line>(std::int32_t{7}, std::int16_t{2}) == line);
    CHECK(session->attach<Line>(one_line(7, 2, "nail", 1)) == line);
    CHECK(session->attach<Line>(one_line(2, 7, "nail", 1)) != line);
}

TEST_CASE("a fresh object is not touched by a second row", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(7, "Ada", 30);
    session->attach<User>(one_user(7, "changed", 99, 5));
    CHECK(read<User>(user).name == "Ada");
    CHECK(read<User>(user).age == 30);
}

TEST_CASE("stale and expired objects are filled, edits kept", "[uow][unit]") {
    const auto policy = GENERATE(ExpireOnCommit::stale, ExpireOnCommit::expire);
    const auto session = Session::create();
    const Handle plain = session->user(1, "Ada", 30);
    const Handle edited = session->user(2, "Bob", 40);
    edit<User>(edited);
    session->uow.committed(policy);
    if (policy == ExpireOnCommit::stale)
        edit<User>(edited).age = 41;
    session->attach<User>(one_user(1, "Ada L.", 31));
    session->attach<User>(one_user(2, "Bob B.", 40));
    CHECK(plain->freshness == Freshness::fresh);
    CHECK(read<User>(plain).name == "Ada L.");
    CHECK(read<User>(plain).age == 31);
    CHECK(edited->freshness == Freshness::fresh);
    CHECK(read<User>(edited).name == "Bob B.");
    CHECK(read<User>(edited).age == (policy == ExpireOnCommit::stale ? 41 : 40));
    CHECK(edited->is_modified() == (policy == ExpireOnCommit::stale));
    CHECK_FALSE(edited->is_changed(edited->mapper().column(1)));
}

TEST_CASE("committed objects of the policy keep count as fresh", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada");
    session->uow.committed(ExpireOnCommit::keep);
    session->attach<User>(one_user(1, "changed", 31));
    CHECK(read<User>(user).name == "Ada");
}

TEST_CASE("an edit that was overtaken keeps the version it was made on", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->attach<User>(one_user(1, "Ada", 30, 4));
    session->uow.committed(ExpireOnCommit::stale);
    edit<User>(user).age += 1;
    // Somebody else set the age to 50: without the guard the flush would set it back to 31, unseen.
    session->attach<User>(one_user(1, "Ada L.", 50, 5));
    CHECK(read<User>(user).age == 31);
    CHECK(read<User>(user).name == "Ada L.");
    const FlushPlan plan = session->uow.plan();
    REQUIRE(plan.statements.size() == 1);
    CHECK(dump(plan.statements[0].parameters) == parameters(std::int64_t{1}, std::int32_t{31}, std::int32_t{4}));
}

TEST_CASE("an edit of another column goes on with the new version", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->attach<User>(one_user(1, "Ada", 30, 4));
    session->uow.committed(ExpireOnCommit::stale);
    edit<User>(user).age = 31;
    session->attach<User>(one_user(1, "Ada L.", 30, 5));
    const FlushPlan plan = session->uow.plan();
    REQUIRE(plan.statements.size() == 1);
    CHECK(dump(plan.statements[0].parameters) == parameters(std::int64_t{1}, std::int32_t{31}, std::int32_t{5}));
}

TEST_CASE("a locked row refreshes every attribute that is not edited", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->attach<User>(one_user(1, "Ada", 30, 4));
    CHECK(session->attach<User>(one_user(1, "Ada L.", 31, 5), Populate::locked) == user);
    CHECK(read<User>(user).name == "Ada L.");
    edit<User>(user).age = 99;
    session->attach<User>(one_user(1, "Ada M.", 31, 6), Populate::locked);
    CHECK(read<User>(user).name == "Ada M.");
    CHECK(read<User>(user).age == 99);
    CHECK(read<User>(user).version == 6);
}

TEST_CASE("a locked row that changed under an edit is stale data, and changes nothing", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->attach<User>(one_user(1, "Ada", 30, 4));
    edit<User>(user).age = 99;
    try {
        session->attach<User>(one_user(1, "Ada L.", 50, 5), Populate::locked);
        FAIL("took a row over an edit");
    } catch (const corm::StaleDataError& error) {
        CHECK(error.entity() == "User");
        CHECK(error.keys() == std::vector<std::string>{"1"});
        CHECK(std::string{error.what()} ==
              "User(1).age was edited here and changed by another transaction; lock before editing, or refresh the "
              "object to take the other value");
    }
    CHECK(user->freshness == Freshness::fresh);
    CHECK(read<User>(user).name == "Ada");
    CHECK(read<User>(user).version == 4);
    CHECK(read<User>(user).age == 99);
    // The same value from both sides is no conflict of data; the version tells.
    session->attach<User>(one_user(1, "Ada L.", 30, 5), Populate::locked);
    CHECK(read<User>(user).name == "Ada L.");
}

TEST_CASE("overwriting takes the row whole", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    edit<User>(user).age = 99;
    CHECK(session->attach<User>(one_user(1, "Ada L.", 50), Populate::overwrite) == user);
    CHECK(read<User>(user).age == 50);
    CHECK_FALSE(user->is_modified());
    // Still watched: a reference kept from before is compared at the flush.
    edit<User>(user).age = 51;
    CHECK(user->is_modified());
}

TEST_CASE("F67: a value that does not fit names table and column", "[uow][unit][F67]") {
    const auto session = Session::create();
    EncodedRows null = user_rows();
    null.row(std::int64_t{1}, std::optional<std::string>{}, std::optional<std::string>{}, 0, 0);
    CHECK_THROWS_MATCHES(session->attach<User>(null), corm::ConversionError,
                         MessageMatches(ContainsSubstring("users.name: NULL")));
    CHECK(session->find<User>(std::int64_t{1}) == nullptr);

    EncodedRows key = user_rows();
    key.row(std::optional<std::int64_t>{}, std::string{}, std::optional<std::string>{}, 0, 0);
    CHECK_THROWS_MATCHES(session->attach<User>(key), corm::ConversionError,
                         MessageMatches(ContainsSubstring("users.id: NULL")));
}

TEST_CASE("an object that was half read is expired, and whole again after the next row", "[uow][unit]") {
    const bool edited = GENERATE(false, true);
    const auto populate = GENERATE(Populate::fill, Populate::locked, Populate::overwrite);
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    if (edited)
        edit<User>(user).version = 0; // watched, not changed
    session->uow.committed(ExpireOnCommit::stale);
    EncodedRows wide{
        {{"id", oids::int8}, {"name", oids::text}, {"email", oids::text}, {"age", oids::int8}, {"v", oids::int4}}};
    wide.row(std::int64_t{1}, std::string{"half"}, std::optional<std::string>{}, std::int64_t{1} << 40, 0);
    try {
        session->attach<User>(wide, populate);
        FAIL("read a number that does not fit");
    } catch (const corm::ConversionError& error) {
        CHECK(error.table() == "users");
        CHECK(error.column() == "age");
    }
    CHECK(user->freshness == Freshness::expired);
    CHECK_THROWS_AS(user->readable(), corm::NotLoadedError);
    CHECK(session->uow.plan().empty());

    CHECK(session->attach<User>(one_user(1, "whole", 32)) == user);
    CHECK(read<User>(user).name == "whole");
    CHECK(read<User>(user).age == 32);
    CHECK_FALSE(user->is_modified());
    CHECK(session->uow.plan().empty());
}

TEST_CASE("a vanished row leaves the session like a deleted one", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada");
    session->uow.remove(user, {});
    session->uow.vanished(user);
    CHECK(user->state == ObjectState::deleted);
    CHECK(session->find<User>(std::int64_t{1}) == nullptr);
    CHECK_THROWS_AS(user->readable(), corm::NotLoadedError);
    CHECK(session->uow.plan().empty());

    SECTION("a rollback brings it back") {
        session->uow.rolled_back();
        CHECK(user->state == ObjectState::persistent);
        CHECK(session->find<User>(std::int64_t{1}) == user);
        CHECK(user->freshness == Freshness::expired);
    }
    SECTION("a commit lets it go") {
        session->uow.committed(ExpireOnCommit::stale);
        CHECK(user->state == ObjectState::detached);
        CHECK(user->scope.expired());
    }
}

TEST_CASE("rows of records take the same path", "[uow][unit]") {
    const auto mapper = corm::mapping::define("tags")
                            .column<std::int32_t>("id")
                            .column<std::string>("label")
                            .primary_key({"id"})
                            .build();
    const auto session = Session::create();
    EncodedRows rows{{{"id", oids::int4}, {"label", oids::text}}};
    rows.row(std::int32_t{3}, std::string{"red"});
    const Handle tag = session->uow.attach(mapper, rows, 0, 0, Populate::fill, {});
    CHECK(read<corm::mapping::Record>(tag).get<std::string>("label") == "red");
    CHECK(session->uow.attach(mapper, rows, 0, 0, Populate::fill, {}) == tag);
    edit<corm::mapping::Record>(tag).set<std::string>("label", "blue");
    const FlushPlan plan = session->uow.plan();
    REQUIRE(plan.statements.size() == 1);
    CHECK(plan.statements[0].text->find(R"(UPDATE "tags" t SET "label" = $2 WHERE t."id" = $1)") != std::string::npos);
    CHECK(dump(plan.statements[0].parameters) == parameters(std::int32_t{3}, std::string{"blue"}));
}
