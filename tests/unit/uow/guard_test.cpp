// Guarded flushes: updates of rows without a version expect what was loaded.
#include "guard_entities.hpp"
#include "unique_support.hpp"

#include <corm/base/error.hpp>
#include <corm/type/json.hpp>

#include <catch2/catch_test_macros.hpp>

#include <boost/json/value.hpp>

#include <algorithm>

using namespace guard_test;
using namespace uow_test;

namespace {

using Texts = std::vector<std::string>;
using OptionalTexts = std::vector<std::optional<std::string>>;

Handle line(Session& session, std::int32_t order_no, const std::string& article, std::int32_t quantity) {
    return session.attach<Line>(one_line(order_no, 1, article, quantity));
}

FlushPlan guarded(Session& session) {
    return session.uow.plan({.guarded = true});
}

/// How a single literal looks as a parameter.
std::string literal(const std::string& text) {
    corm::types::Parameters parameters;
    parameters.add_encoded(oids::text, corm::types::Format::text, text);
    return dump(parameters);
}
std::string null_literal() {
    corm::types::Parameters parameters;
    parameters.add_null(oids::text);
    return dump(parameters);
}

} // namespace

TEST_CASE("a guard compares by what the column makes of the old value", "[uow][unit]") {
    CHECK(
        *texts<Line>().update(Columns{3}, false, true) ==
        R"(WITH u AS (UPDATE "lines" t SET "quantity" = $3 WHERE t."order_no" = $1 AND t."line_no" = $2 AND )"
        R"(ROW(t."quantity") = json_populate_record(ROW(t."quantity"), json_object('{f1}', ARRAY[$4])) RETURNING 1) )"
        R"(SELECT CASE WHEN count(*) = 1 THEN 0 ELSE ('corm found ' || repeat('1,', count(*)::int4))::int4 END FROM u)");
    CHECK(*texts<Line>().update(Columns{2, 3}, true, true) ==
          R"(WITH u AS (UPDATE "lines" t SET "article" = x.c1, "quantity" = x.c2 FROM unnest($1::int4[], $2::int2[], )"
          R"($3::text[], $4::int4[], $5::text[], $6::text[]) WITH ORDINALITY x(k1, k2, c1, c2, o1, o2, ord) WHERE )"
          R"(t."order_no" = x.k1 AND t."line_no" = x.k2 AND ROW(t."quantity") = json_populate_record()"
          R"(ROW(t."quantity"), json_object('{f1}', ARRAY[x.o2])) AND ROW(t."article")::text = json_populate_record()"
          R"(ROW(t."article"), json_object('{f1}', ARRAY[x.o1]))::text RETURNING x.ord) SELECT CASE WHEN count(*) = )"
          R"(cardinality($1) THEN 0 ELSE ('corm found ' || coalesce(array_to_string(array_agg(ord), ','), ''))::int4 )"
          R"(END FROM u)");
    // Documents have no equality but as jsonb, numbers compare by value, everything else by its text.
    CHECK(texts<Thing>()
              .update(Columns{1, 2, 3, 4, 5, 6}, false, true)
              ->find(R"(WHERE t."id" = $1 AND jsonb_strip_nulls(t."data"::jsonb) IS NOT DISTINCT FROM )"
                     R"(jsonb_strip_nulls($11::jsonb) AND jsonb_strip_nulls(t."text"::jsonb) IS NOT DISTINCT FROM )"
                     R"(jsonb_strip_nulls($12::jsonb) AND ROW(t."weight", t."price") = json_populate_record()"
                     R"(ROW(t."weight", t."price"), json_object('{f1,f2}', ARRAY[$8, $9])) AND ROW(t."label", )"
                     R"(t."tags")::text = json_populate_record(ROW(t."label", t."tags"), json_object('{f1,f2}', )"
                     R"(ARRAY[$10, $13]))::text RETURNING 1)") != std::string::npos);
    CHECK(texts<Seat>()
              .rearrange(Columns{1}, false, true)
              ->find(R"(SET "number" = $2 WHERE t."id" = $1 AND ROW(t."number") = json_populate_record()"
                     R"(ROW(t."number"), json_object('{f1}', ARRAY[$3])))") != std::string::npos);
}

TEST_CASE("guarded texts are texts of their own", "[uow][unit]") {
    CHECK(texts<Line>().update(Columns{3}, false, true) == texts<Line>().update(Columns{3}, false, true));
    CHECK(texts<Line>().update(Columns{3}, false, true) != texts<Line>().update(Columns{3}, false));
    CHECK(texts<Line>().update(Columns{3}, true, true) != texts<Line>().update(Columns{3}, false, true));
    CHECK(texts<Line>().update(Columns{3}, false, false) == texts<Line>().update(Columns{3}, false));
    CHECK(texts<Line>().update(Columns{3}, false)->find("json_populate_record") == std::string::npos);
}

TEST_CASE("a guarded flush sends what was loaded behind what is written", "[uow][unit]") {
    const auto session = Session::create();
    edit<Line>(line(*session, 7, "nail", 10)).quantity = 11;
    const FlushPlan plan = guarded(*session);
    REQUIRE(outline(plan) == Outline{"update lines 1"});
    CHECK(plan.statements[0].text == texts<Line>().update(Columns{3}, false, true));
    CHECK(dump(plan, 0) == parameters(std::int32_t{7}, std::int16_t{1}, std::int32_t{11}) + literal("10"));
    // Any other flush is as it always was.
    const FlushPlan ordinary = session->uow.plan();
    CHECK(ordinary.statements[0].text == texts<Line>().update(Columns{3}, false));
    CHECK(dump(ordinary, 0) == parameters(std::int32_t{7}, std::int16_t{1}, std::int32_t{11}));
}

TEST_CASE("old values of many rows travel as arrays of literals, NULLs included", "[uow][unit]") {
    const auto session = Session::create();
    std::vector<Handle> orders;
    for (std::int64_t id = 1; id <= 3; ++id) {
        orders.push_back(session->add(Order{.id = id, .user_id = 1, .tags = {1, 2}}));
        session->flush();
    }
    edit<Order>(orders[0]).tags = {3};
    edit<Order>(orders[1]).tags = {};
    edit<Order>(orders[2]).tags = {4};
    const FlushPlan plan = guarded(*session);
    REQUIRE(outline(plan) == Outline{"lock orders", "update orders 3"});
    CHECK(dump(plan, 1) ==
          parameters(std::vector<std::int64_t>{1, 2, 3}, Texts{"{3}", "{}", "{4}"}, Texts{"{1,2}", "{1,2}", "{1,2}"}));

    const auto things = Session::create();
    Handle empty = things->add(Thing{.id = 1, .label = std::nullopt});
    Handle full = things->add(Thing{.id = 2, .label = "NULL"});
    Handle third = things->add(Thing{.id = 3, .label = "l"});
    things->flush();
    edit<Thing>(empty).label = "a";
    edit<Thing>(full).label = "b";
    edit<Thing>(third).label = "c";
    CHECK(dump(guarded(*things), 1) ==
          parameters(Int32s{1, 2, 3}, OptionalTexts{"a", "b", "c"}, OptionalTexts{std::nullopt, "NULL", "l"}));
    things->uow.expunge(full);
    CHECK(dump(guarded(*things), 0) == parameters(std::int32_t{1}, std::string{"a"}) + null_literal());
}

TEST_CASE("the guard of a row is what was last sent or loaded", "[uow][unit]") {
    const auto session = Session::create();
    const Handle handle = line(*session, 7, "nail", 10);
    edit<Line>(handle).quantity = 11;
    session->flush();
    edit<Line>(handle).quantity = 12;
    CHECK(dump(guarded(*session), 0) == parameters(std::int32_t{7}, std::int16_t{1}, std::int32_t{12}) + literal("11"));
}

TEST_CASE("nothing is guarded that has a version, or whose rows need not be hit", "[uow][unit]") {
    const auto session = Session::create();
    edit<User>(session->user(1)).age = 31;
    FlushPlan plan = guarded(*session);
    CHECK(plan.statements.at(0).text == texts<User>().update(Columns{3}, false));
    CHECK(dump(plan, 0) == parameters(std::int64_t{1}, std::int32_t{31}, std::int32_t{0}));

    const auto other = Session::create();
    edit<Guest>(loaded<Guest>(*other, std::int64_t{1}, std::string{"a"})).name = "b";
    plan = guarded(*other);
    CHECK(plan.statements.at(0).text == texts<Guest>().update(Columns{1}, false));
}

TEST_CASE("the key finds its row, and is not compared once more", "[uow][unit]") {
    const auto session = Session::create();
    const Handle slot = loaded<Slot>(*session, std::int32_t{1}, std::int32_t{0});
    edit<Slot>(slot).number = 2;
    CHECK(guarded(*session).statements.at(0).text == texts<Slot>().update(Columns{0}, false));
    edit<Slot>(slot).taken = 5;
    const FlushPlan plan = guarded(*session);
    CHECK(plan.statements.at(0).text == texts<Slot>().update(Columns{0, 1}, false, true));
    CHECK(dump(plan, 0) == parameters(std::int32_t{1}, std::int32_t{2}, std::int32_t{5}) + literal("0"));
}

TEST_CASE("inserts, deletes and row switches have no guard", "[uow][unit]") {
    const auto session = Session::create();
    const Handle gone = line(*session, 7, "nail", 10);
    const Handle switched = line(*session, 8, "nail", 10);
    session->uow.remove(gone, {});
    session->uow.remove(switched, {});
    session->add(Line{.order_no = 8, .line_no = 1, .article = "bolt", .quantity = 1});
    session->add(Line{.order_no = 9, .line_no = 1, .article = "bolt", .quantity = 1});
    const FlushPlan plan = guarded(*session);
    const FlushPlan ordinary = session->uow.plan();
    REQUIRE(outline(plan) == outline(ordinary));
    for (std::size_t i = 0; i < plan.statements.size(); ++i) {
        CHECK(plan.statements[i].text == ordinary.statements[i].text);
        CHECK(dump(plan, i) == dump(ordinary, i));
    }
}

TEST_CASE("a row that passes through a temporary value is expected to hold it", "[uow][unit]") {
    const auto session = Session::create();
    edit<Seat>(loaded<Seat>(*session, std::int32_t{1}, std::int32_t{10}, std::int32_t{0})).number = 20;
    edit<Seat>(loaded<Seat>(*session, std::int32_t{2}, std::int32_t{20}, std::int32_t{0})).number = 10;
    const FlushPlan plan = guarded(*session);
    REQUIRE(outline(plan) == Outline{"lock seats", "rearrange seats 1", "update seats 1", "update seats 1"});
    const bool first_parks = rows_of(plan, 1) == "1";
    const std::int32_t parked = first_parks ? 1 : 2;
    const std::int32_t other = first_parks ? 2 : 1;
    CHECK(plan.statements[1].text == texts<Seat>().rearrange(Columns{1}, false, true));
    CHECK(dump(plan, 1) == parameters(parked, std::int32_t{-1}) + literal(first_parks ? "10" : "20"));
    CHECK(rows_of(plan, 2) == std::to_string(other));
    CHECK(dump(plan, 2) == parameters(other, std::int32_t{first_parks ? 10 : 20}) + literal(first_parks ? "20" : "10"));
    CHECK(dump(plan, 3) == parameters(parked, std::int32_t{first_parks ? 20 : 10}) + literal("-1"));
}
