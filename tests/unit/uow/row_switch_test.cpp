// An object that is added under the key of one that is removed in the same flush takes its row over.
#include "support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace uow_test;
using corm::uow::ExpireOnCommit;

namespace {

using Int64s = std::vector<std::int64_t>;
using Int32s = std::vector<std::int32_t>;
using Texts = std::vector<std::string>;
using OptionalTexts = std::vector<std::optional<std::string>>;

std::string dump(const FlushPlan& plan, std::size_t statement) {
    return uow_test::dump(plan.statements.at(statement).parameters);
}

/// User 1 is removed and another one is added under its key.
struct Switched {
    std::shared_ptr<Session> session = Session::create();
    Handle old = session->attach<User>(one_user(1, "old", 30, 4));
    Handle fresh{};

    void change() {
        session->uow.remove(old, {});
        fresh = session->add(User{.id = 1, .name = "new", .age = 3, .version = 50});
    }
};

} // namespace

TEST_CASE("the row of a removed object gets every value of the new one, at the version that was loaded",
          "[uow][unit]") {
    Switched s;
    s.change();
    const FlushPlan plan = s.session->uow.plan();
    REQUIRE(outline(plan) == Outline{"switch users 1"});
    static constexpr corm::uow::ColumnIndex written[] = {1, 2, 3};
    CHECK(plan.statements[0].text ==
          corm::mapping::mapper_of<User>()->extension<corm::uow::StatementTexts>().switch_rows(written, false));
    CHECK(dump(plan, 0) == parameters(std::int64_t{1}, std::string{"new"}, std::optional<std::string>{},
                                      std::int32_t{3}, std::int32_t{4}));
}

TEST_CASE("row switches share a statement, in the order of keys; the rest is inserted and deleted", "[uow][unit]") {
    const auto session = Session::create();
    for (const std::int64_t id : {0, 2, 9, 1, 2})
        session->add(User{.id = id, .name = "new " + std::to_string(id)});
    for (const std::int64_t id : {2, 3, 1})
        session->uow.remove(session->user(id), {});
    const FlushPlan plan = session->uow.plan();
    // The second object with key 2 is the server's to refuse.
    REQUIRE(outline(plan) ==
            Outline{"lock users", "switch users 2", "insert users 1", "insert users 2", "remove users 1"});
    CHECK(dump(plan, 0) == parameters(Int64s{1, 2, 3}));
    CHECK(dump(plan, 1) ==
          parameters(Int64s{1, 2}, Texts{"new 1", "new 2"}, OptionalTexts{{}, {}}, Int32s{0, 0}, Int32s{0, 0}));
}

TEST_CASE("the objects of a row switch change places", "[uow][unit]") {
    Switched s;
    s.change();
    const bool edited = GENERATE(true, false);
    if (edited)
        edit<User>(s.fresh).age = 4;
    FlushPlan plan = s.session->uow.plan();
    if (edited)
        edit<User>(s.fresh).age = 5; // while it is under way
    s.session->settle(plan);
    CHECK(s.old->state == ObjectState::deleted);
    CHECK(s.fresh->state == ObjectState::persistent);
    CHECK(s.session->find<User>(std::int64_t{1}) == s.fresh);
    CHECK(read<User>(s.fresh).version == 5);
    CHECK(s.fresh->is_modified() == edited);
    edit<User>(s.fresh).age = 6;
    CHECK(dump(s.session->uow.plan(), 0) == parameters(std::int64_t{1}, std::int32_t{6}, std::int32_t{5}));
    s.session->flush();
    s.session->uow.committed(ExpireOnCommit::stale);
    CHECK(s.old->state == ObjectState::detached);
    CHECK(s.old->row_deleted);
    CHECK(s.fresh->freshness == Freshness::stale);
    CHECK(s.session->find<User>(std::int64_t{1}) == s.fresh);
}

TEST_CASE("a rollback undoes a row switch", "[uow][unit]") {
    Switched s;
    const bool in_scope = GENERATE(true, false);
    const bool flushed = GENERATE(true, false);
    edit<User>(s.old).name = "edited before";
    s.session->flush();
    if (in_scope)
        s.session->uow.begin_scope();
    s.change();
    if (flushed)
        s.session->flush();
    if (in_scope)
        s.session->uow.rollback_scope(0);
    else
        s.session->uow.rolled_back();
    CHECK(s.fresh->state == ObjectState::transient);
    CHECK_FALSE(s.fresh->key.has_value());
    CHECK(s.old->state == ObjectState::persistent);
    CHECK_FALSE(s.old->doomed);
    CHECK(s.session->find<User>(std::int64_t{1}) == s.old);
    CHECK(read<User>(s.old).name == (in_scope ? "edited before" : "old"));
    CHECK(s.session->uow.plan().empty());
    // And again: the same objects, the other way round.
    s.session->uow.remove(s.old, {});
    s.session->uow.add(s.fresh, {});
    CHECK(outline(s.session->uow.plan()) == Outline{"switch users 1"});
}

TEST_CASE("a row switch in a scope that was released is undone with the transaction", "[uow][unit]") {
    Switched s;
    s.session->uow.begin_scope();
    s.change();
    s.session->flush();
    s.session->uow.release_scope(0);
    CHECK(s.session->find<User>(std::int64_t{1}) == s.fresh);
    // The new object is replaced in its turn.
    s.session->uow.remove(s.fresh, {});
    const Handle third = s.session->add(User{.id = 1, .name = "third"});
    s.session->flush();
    CHECK(read<User>(third).version == 6);
    s.session->uow.rolled_back();
    CHECK(s.fresh->state == ObjectState::transient);
    CHECK(third->state == ObjectState::transient);
    CHECK(s.session->find<User>(std::int64_t{1}) == s.old);
    CHECK(read<User>(s.old).version == 4);
}

TEST_CASE("the key is that of the row, whatever was done to the removed object", "[uow][unit]") {
    Switched s;
    edit<User>(s.old).id = 7;
    s.session->uow.remove(s.old, {});
    s.session->add(User{.id = 7, .name = "no relation"});
    s.fresh = s.session->add(User{.id = 1, .name = "new"});
    const FlushPlan plan = s.session->uow.plan();
    REQUIRE(outline(plan) == Outline{"switch users 1", "insert users 1"});
    CHECK(plan.statements[0].rows[0].instance == s.fresh);
}

TEST_CASE("what an insert leaves to the server, a row switch sets to its default and reads back", "[uow][unit]") {
    const auto session = Session::create();
    EncodedRows old{{{"id", oids::int4}, {"kind", oids::text}, {"revision", oids::int4}, {"shout", oids::text}}};
    old.row(std::int32_t{1}, std::string{"k"}, std::int32_t{5}, std::string{"K"});
    session->uow.remove(session->attach<Stamped>(old), {});
    const Handle fresh = session->add(Stamped{.id = 1, .revision = 2});
    FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"switch stamped 1"});
    CHECK(dump(plan, 0) == parameters(std::int32_t{1}, std::int32_t{2}));
    CHECK(*plan.statements[0].text ==
          R"(WITH u AS (UPDATE "stamped" t SET "revision" = $2, "kind" = DEFAULT WHERE t."id" = $1 RETURNING 1, )"
          R"(t."kind" AS r1, t."revision" AS r2, t."shout" AS r3), a AS (SELECT CASE WHEN count(*) = 1 THEN 0 ELSE )"
          R"(('corm found ' || repeat('1,', count(*)::int4))::int4 END AS missing FROM u) SELECT a.missing, u.r1, )"
          R"(u.r2, u.r3 FROM a LEFT JOIN u ON true)");
    EncodedRows back{{{"missing", oids::int4}, {"r1", oids::text}, {"r2", oids::int4}, {"r3", oids::text}}};
    back.row(std::int32_t{0}, std::string{"default"}, std::int32_t{6}, std::string{"DEFAULT"});
    session->uow.flushed(plan, {&back}, false);
    CHECK(read<Stamped>(fresh).kind == "default");
    CHECK(read<Stamped>(fresh).revision == 6);
    CHECK(fresh->freshness == Freshness::fresh);
}

TEST_CASE("a table of nothing but its key switches as well", "[uow][unit]") {
    const auto session = Session::create();
    EncodedRows tick{{{"id", oids::int8}}};
    tick.row(std::int64_t{3});
    session->uow.remove(session->attach<Tick>(tick), {});
    session->add(Tick{.id = 3});
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"switch ticks 1"});
    CHECK(plan.statements[0].text->find(R"(UPDATE "ticks" t SET "id" = $2 WHERE t."id" = $1)") != std::string::npos);
}

TEST_CASE("unique values of a row switch take their place in the order", "[uow][unit]") {
    Switched s;
    s.old = s.session->attach<User>(one_user(2, "old", 30, 4, "old@x"));
    s.session->uow.remove(s.old, {});
    s.session->add(User{.id = 2, .name = "new", .email = "new@x"});
    edit<User>(s.session->attach<User>(one_user(3, "taker", 1, 0, "t@x"))).email = "old@x";
    edit<User>(s.session->attach<User>(one_user(4, "leaver", 1, 0, "new@x"))).email = "l@x";
    CHECK(outline(s.session->uow.plan()) ==
          Outline{"lock users", "update users 1", "switch users 1", "update users 1"});
}

TEST_CASE("a row that another has changed is named by the key of the removed object", "[uow][unit]") {
    Switched s;
    s.change();
    const FlushPlan plan = s.session->uow.plan();
    try {
        std::rethrow_exception(corm::uow::stale_rows(plan.statements.at(0), R"("corm found ")", {}));
    } catch (const corm::StaleDataError& error) {
        CHECK(error.keys() == Texts{"1"});
    }
}
