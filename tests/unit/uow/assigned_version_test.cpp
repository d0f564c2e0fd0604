// Versions that the program counts: checked, and written like any other column.
#include "unique_support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace uow_test;

namespace {

Handle page(Session& session, std::int32_t id, const std::string& text, std::int32_t version) {
    return loaded<Page>(session, id, text, version);
}

} // namespace

TEST_CASE("an assigned version is checked and not counted up", "[uow][unit]") {
    CHECK(texts<Page>()
              .update(Columns{1}, false)
              ->find(R"(SET "text" = $2 WHERE t."id" = $1 AND t."version" = $3 RETURNING 1)") != std::string::npos);
    CHECK(
        texts<Page>()
            .update(Columns{1, 2}, true)
            ->find(
                R"(SET "text" = x.c1, "version" = x.c2 FROM unnest($1::int4[], $2::text[], $3::int4[], $4::int4[]) WITH )"
                R"(ORDINALITY x(k1, c1, c2, v, ord) WHERE t."id" = x.k1 AND t."version" = x.v)") != std::string::npos);
    CHECK(texts<Page>().remove(false)->find(R"(WHERE t."id" = $1 AND t."version" = $2)") != std::string::npos);
}

TEST_CASE("the version that was set is written over the one that was read", "[uow][unit]") {
    const auto session = Session::create();
    const Handle handle = page(*session, 1, "a", 4);
    edit<Page>(handle).text = "b";
    CHECK(dump(session->uow.plan(), 0) == parameters(std::int32_t{1}, std::string{"b"}, std::int32_t{4}));
    edit<Page>(handle).version = 9;
    CHECK(handle->is_changed(handle->mapper().column(2)));
    CHECK(dump(session->uow.plan(), 0) ==
          parameters(std::int32_t{1}, std::string{"b"}, std::int32_t{9}, std::int32_t{4}));
    session->flush();
    CHECK(read<Page>(handle).version == 9);
    CHECK_FALSE(session->uow.has_changes());
    // The next one starts from there; a version alone is a change.
    edit<Page>(handle).version = 2;
    CHECK(dump(session->uow.plan(), 0) == parameters(std::int32_t{1}, std::int32_t{2}, std::int32_t{9}));
    session->uow.remove(handle, {});
    CHECK(dump(session->uow.plan(), 0) == parameters(std::int32_t{1}, std::int32_t{9}));
    session->uow.rolled_back();
    CHECK(read<Page>(handle).version == 4);
}

TEST_CASE("a guard is not for rows with an assigned version either", "[uow][unit]") {
    const auto session = Session::create();
    edit<Page>(page(*session, 1, "a", 4)).text = "b";
    CHECK(session->uow.plan({.guarded = true}).statements.at(0).text == texts<Page>().update(Columns{1}, false));
}

TEST_CASE("a row switch writes the version of the added object", "[uow][unit]") {
    const auto session = Session::create();
    const Handle old = page(*session, 1, "a", 4);
    session->uow.remove(old, {});
    const Handle fresh = session->add(Page{.id = 1, .text = "b", .version = 7});
    FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"switch pages 1"});
    CHECK(plan.statements[0].text->find(R"(SET "text" = $2, "version" = $3 WHERE t."id" = $1 AND t."version" = $4)") !=
          std::string::npos);
    CHECK(dump(plan, 0) == parameters(std::int32_t{1}, std::string{"b"}, std::int32_t{7}, std::int32_t{4}));
    session->settle(plan);
    CHECK(read<Page>(fresh).version == 7);
}

TEST_CASE("an upsert writes an assigned version as it is given", "[uow][unit]") {
    corm::uow::UpsertShape shape;
    shape.columns = {0, 1, 2};
    shape.action = corm::uow::UpsertShape::Action::update;
    shape.target = {0};
    shape.updated = {1, 2};
    CHECK(texts<Page>()
              .upsert(shape, false)
              ->ends_with(R"(DO UPDATE SET "text" = excluded."text", "version" = excluded."version")"));
}

TEST_CASE("an edit with a version of its own does not join a version that somebody else has set", "[uow][unit]") {
    const auto session = Session::create();
    const Handle handle = page(*session, 1, "a", 4);
    edit<Page>(handle).version = 5;
    session->uow.committed(corm::uow::ExpireOnCommit::stale); // as if nothing had been flushed
    edit<Page>(handle).version = 5;
    // Read again, while somebody else has been there: the flush must find out.
    EncodedRows rows{{{"id", oids::int4}, {"text", oids::text}, {"version", oids::int4}}};
    rows.row(std::int32_t{1}, std::string{"theirs"}, std::int32_t{5});
    CHECK(session->attach<Page>(rows) == handle);
    CHECK(read<Page>(handle).text == "theirs");
    CHECK(dump(session->uow.plan(), 0) == parameters(std::int32_t{1}, std::int32_t{5}, std::int32_t{4}));
    CHECK_THROWS_AS(session->attach<Page>(rows, Populate::locked), corm::StaleDataError);
}

TEST_CASE("an assigned version may be of any type that compares", "[uow][unit]") {
    const auto uuid = corm::types::Uuid::from_string("00112233-4455-6677-8899-aabbccddeeff");
    const auto mapper = corm::mapping::define("t")
                            .column<std::int32_t>("id")
                            .column<std::string>("body")
                            .column<corm::types::Uuid>("stamp")
                            .primary_key({"id"})
                            .version("stamp", true)
                            .build();
    const auto session = Session::create();
    EncodedRows rows{{{"id", oids::int4}, {"body", oids::text}, {"stamp", oids::uuid}}};
    rows.row(std::int32_t{1}, std::string{"a"}, uuid);
    const Handle handle = session->uow.attach(mapper, rows, 0, 0, Populate::fill, {});
    edit<corm::mapping::Record>(handle).set<std::string>("body", "b");
    CHECK(dump(session->uow.plan(), 0) == parameters(std::int32_t{1}, std::string{"b"}, uuid));
    session->flush();
    CHECK(read<corm::mapping::Record>(handle).get<corm::types::Uuid>("stamp") == uuid);
    const auto refused = [](bool assigned) {
        try {
            static_cast<void>(
                corm::mapping::define("t").column<std::optional<std::int32_t>>("v").version("v", assigned).build());
        } catch (const corm::MappingError& error) {
            return std::string{error.what()};
        }
        return std::string{"nothing"};
    };
    CHECK(refused(true) == "t.v cannot be the version column; use one NOT NULL member that is not in the key");
    CHECK(refused(false) == "t.v cannot be the version column; use one NOT NULL integer member that is not in the key");
}
