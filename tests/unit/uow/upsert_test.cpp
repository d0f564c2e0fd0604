// Inserts that may meet a conflict: their SQL, and what the rows they wrote do to objects.
#include "support.hpp"

#include "uow/statement_texts.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace uow_test;
using corm::uow::ExpireOnCommit;
using corm::uow::StatementTexts;
using corm::uow::UpsertShape;
using Action = corm::uow::UpsertShape::Action;

namespace {

template <class T>
std::string text(const UpsertShape& shape, bool returned = false) {
    return *corm::mapping::mapper_of<T>()->template extension<StatementTexts>().upsert(shape, returned);
}

Handle write(Session& session, const corm::types::Rows& rows, bool fresh_row, bool final = false) {
    return session.uow.attach_written(corm::mapping::mapper_of<User>(), rows, 0, 0, fresh_row, final, {});
}

} // namespace

TEST_CASE("rows are met in the order of what conflicts", "[uow][unit]") {
    CHECK(text<User>({{1, 2, 4}, Action::update, {2}, {}, {1}}, true) ==
          R"(INSERT INTO "app"."users" AS t ("name", "email", "version") SELECT x.c1, x.c2, x.c3 FROM )"
          R"(unnest($1::text[], $2::text[], $3::int4[]) WITH ORDINALITY x(c1, c2, c3, ord) ORDER BY x.c2, x.ord )"
          R"(ON CONFLICT ("email") DO UPDATE SET "name" = excluded."name", "version" = t."version" + 1 )"
          R"(RETURNING t."id", t."name", t."email", t."age", t."version")");
    CHECK(text<Line>({{0, 1, 2, 3}, Action::nothing, {0, 1}, {}, {}}) ==
          R"(INSERT INTO "lines" AS t ("order_no", "line_no", "article", "quantity") SELECT x.c1, x.c2, x.c3, x.c4 )"
          R"(FROM unnest($1::int4[], $2::int2[], $3::text[], $4::int4[]) WITH ORDINALITY x(c1, c2, c3, c4, ord) )"
          R"(ORDER BY x.c1, x.c2, x.ord ON CONFLICT ("order_no", "line_no") DO NOTHING)");
    CHECK(text<Order>({{1, 2}, Action::update, {}, "one \"order\"", {2}}) ==
          R"(INSERT INTO "orders" AS t ("user_id", "tags") SELECT x.c1, x.c2::int4[] FROM )"
          R"(unnest($1::int8[], $2::text[]) WITH ORDINALITY x(c1, c2, ord) ORDER BY x.ord )"
          R"(ON CONFLICT ON CONSTRAINT "one ""order""" DO UPDATE SET "tags" = excluded."tags")");
    CHECK(text<Order>({{1}, Action::nothing, {}, {}, {}}).ends_with(" ON CONFLICT DO NOTHING"));
    CHECK(text<Order>({{1}, Action::fail, {}, {}, {}}).ends_with(" ORDER BY x.ord"));
}

TEST_CASE("texts of inserts are kept apart by all that makes them", "[uow][unit]") {
    const auto& texts = corm::mapping::mapper_of<User>()->extension<StatementTexts>();
    const UpsertShape shape{{1, 2}, Action::update, {2}, {}, {1}};
    CHECK(texts.upsert(shape, true) == texts.upsert(shape, true));
    std::vector<std::string> made{*texts.upsert(shape, true), *texts.upsert(shape, false)};
    for (UpsertShape other :
         {UpsertShape{{1, 2, 3}, Action::update, {2}, {}, {1}}, UpsertShape{{1, 2}, Action::nothing, {2}, {}, {}},
          UpsertShape{{1, 2}, Action::update, {1}, {}, {2}}, UpsertShape{{1, 2}, Action::update, {}, "c", {1}},
          UpsertShape{{1, 2}, Action::update, {2}, {}, {1, 2}}})
        made.push_back(*texts.upsert(other, true));
    std::sort(made.begin(), made.end());
    CHECK(std::adjacent_find(made.begin(), made.end()) == made.end());
}

TEST_CASE("selects of several keys", "[uow][unit]") {
    CHECK(*corm::mapping::mapper_of<Token>()->extension<StatementTexts>().select_by_keys() ==
          R"(SELECT t."id", t."label", x.ord FROM "tokens" t JOIN )"
          R"(unnest($1::uuid[]) WITH ORDINALITY x(k1, ord) ON t."id" = x.k1)");
    CHECK(
        *corm::mapping::mapper_of<Line>()->extension<StatementTexts>().select_by_keys() ==
        R"(SELECT t."order_no", t."line_no", t."article", t."quantity", x.ord FROM "lines" t JOIN )"
        R"(unnest($1::int4[], $2::int2[]) WITH ORDINALITY x(k1, k2, ord) ON t."order_no" = x.k1 AND t."line_no" = x.k2)");
}

TEST_CASE("a row that was written goes over everything but edits", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    edit<User>(user).age = 31;
    CHECK(write(*session, one_user(1, "Ada L.", 40, 1), false) == user);
    CHECK(read<User>(user).name == "Ada L.");
    CHECK(read<User>(user).age == 31);
    CHECK(read<User>(user).version == 1);
    FlushPlan plan = session->uow.plan();
    // The edit is one of the row as it is now, at its version.
    CHECK(dump(plan.statements.front().parameters) == parameters(std::int64_t{1}, std::int32_t{31}, std::int32_t{1}));
    session->settle(plan);
    session->uow.rolled_back();
    CHECK(read<User>(user).name == "Ada");
    CHECK(read<User>(user).age == 30);
    CHECK(user->freshness == Freshness::stale);
}

TEST_CASE("an object that was not edited gets its values back as well", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    session->uow.begin_scope();
    write(*session, one_user(1, "inner", 30, 1), false);
    write(*session, one_user(1, "inner too", 30, 2), false);
    session->uow.rollback_scope(0);
    CHECK(read<User>(user).name == "Ada");
    CHECK(read<User>(user).version == 0);
    session->uow.release_scope(0);
    write(*session, one_user(1, "outer", 30, 1), false);
    CHECK_FALSE(user->is_modified());
    session->uow.rolled_back();
    CHECK(read<User>(user).name == "Ada");
    write(*session, one_user(1, "kept", 30, 1), false);
    session->uow.committed(ExpireOnCommit::stale);
    session->uow.rolled_back();
    CHECK(read<User>(user).name == "kept");
    CHECK(session->uow.plan().empty());
}

TEST_CASE("an inserted row leaves with the transaction, unless it was final", "[uow][unit]") {
    const auto session = Session::create();
    const Handle inserted = write(*session, one_user(1, "new", 30), true);
    const Handle updated = write(*session, one_user(2, "there", 30), false);
    const Handle final = write(*session, one_user(3, "final", 30), true, true);
    CHECK(inserted->state == ObjectState::persistent);
    session->uow.rolled_back();
    CHECK(inserted->state == ObjectState::transient);
    CHECK(session->find<User>(std::int64_t{1}) == nullptr);
    CHECK(updated->state == ObjectState::persistent);
    CHECK(updated->freshness == Freshness::stale);
    CHECK(final->state == ObjectState::persistent);
    write(*session, one_user(3, "final too", 30), false, true);
    session->uow.rolled_back();
    CHECK(read<User>(final).name == "final too");
}

TEST_CASE("an expired object is filled by what was written", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    session->uow.expire(user, {});
    write(*session, one_user(1, "written", 31), false);
    CHECK(read<User>(user).name == "written");
    CHECK(session->uow.holds(user->mapper()));
    CHECK_FALSE(session->uow.holds(*corm::mapping::mapper_of<Line>()));
}

TEST_CASE("an object that was expired is expired again by a rollback", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    SECTION("of the transaction") {
        session->uow.expire(user, {});
        write(*session, one_user(1, "written", 31, 1), false);
        write(*session, one_user(1, "written too", 31, 2), false);
        session->uow.rolled_back();
    }
    SECTION("of the transaction, behind one to a savepoint") {
        session->uow.begin_scope();
        session->uow.expire(user, {});
        write(*session, one_user(1, "written", 31, 1), false);
        session->uow.rollback_scope(0);
        session->uow.rolled_back();
    }
    SECTION("to a savepoint") {
        session->uow.expire(user, {});
        session->uow.begin_scope();
        write(*session, one_user(1, "written", 31, 1), false);
        edit<User>(user).age = 32;
        session->uow.rollback_scope(0);
    }
    SECTION("with an edit") {
        session->uow.expire(user, {});
        write(*session, one_user(1, "written", 31, 1), false);
        edit<User>(user).age = 32;
        session->uow.rolled_back();
    }
    CHECK(user->freshness == Freshness::expired);
    CHECK_THROWS_AS(user->readable(), corm::NotLoadedError);
    CHECK(session->uow.plan().empty());
    // A removal goes by the version that the row has.
    session->uow.remove(user, {});
    CHECK(dump(session->uow.plan().statements.front().parameters) == parameters(std::int64_t{1}, std::int32_t{0}));
    session->uow.add(user, {});
    session->attach<User>(one_user(1, "Ada", 30));
    CHECK(read<User>(user).name == "Ada");
}

TEST_CASE("a commit keeps what was written over an expired object", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->user(1, "Ada", 30);
    session->uow.expire(user, {});
    write(*session, one_user(1, "written", 31, 1), false);
    session->uow.committed(ExpireOnCommit::stale);
    session->uow.rolled_back();
    CHECK(read<User>(user).name == "written");
}

TEST_CASE("a session holds its pending objects as well", "[uow][unit]") {
    const auto session = Session::create();
    CHECK_FALSE(session->uow.holds(*corm::mapping::mapper_of<User>()));
    session->add(User{.name = "new"});
    CHECK(session->uow.holds(*corm::mapping::mapper_of<User>()));
    CHECK_FALSE(session->uow.holds(*corm::mapping::mapper_of<Line>()));
}
