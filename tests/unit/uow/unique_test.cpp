// Unique values are freed before they are taken.
#include "unique_entities.hpp"
#include "unique_support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>

using namespace unique_test;
using namespace uow_test;
using Catch::Matchers::Equals;
using Catch::Matchers::MessageMatches;

namespace {

Handle badge(Session& session, std::int32_t id, const std::optional<std::string>& code) {
    return loaded<Badge>(session, id, code, std::int32_t{0});
}
Handle place(Session& session, std::int32_t id, std::int32_t position, std::int32_t list = 1) {
    return loaded<Place>(session, id, list, position, std::int32_t{0});
}
Handle desk(Session& session, std::int32_t id, std::int32_t number) {
    return loaded<Desk>(session, id, number, std::int32_t{7});
}

} // namespace

TEST_CASE("unique values that nobody else has share a statement", "[uow][unit]") {
    const auto session = Session::create();
    for (std::int64_t id = 1; id <= 3; ++id)
        edit<User>(session->user(id)).email = std::to_string(id);
    CHECK(outline(session->uow.plan()) == Outline{"lock users", "update users 3"});
    // NULL is in nobody's way.
    const auto nulls = Session::create();
    edit<Badge>(badge(*nulls, 1, "a")).code = std::nullopt;
    edit<Badge>(badge(*nulls, 2, std::nullopt)).code = "b";
    edit<Badge>(badge(*nulls, 3, "c")).code = std::nullopt;
    CHECK(outline(nulls->uow.plan()) == Outline{"lock badges", "update badges 3"});
}

TEST_CASE("a chain is written from its free end, whatever the order of the keys", "[uow][unit]") {
    const auto session = Session::create();
    const bool ascending = GENERATE(true, false);
    const std::int32_t ids[] = {ascending ? 1 : 3, 2, ascending ? 3 : 1};
    edit<Badge>(badge(*session, ids[0], "a")).code = "b";
    edit<Badge>(badge(*session, ids[1], "b")).code = "c";
    edit<Badge>(badge(*session, ids[2], "c")).code = "d";
    // In nobody's way: one of them writes another set of columns.
    edit<Badge>(badge(*session, 8, "x")).code = "y";
    edit<Badge>(badge(*session, 9, "z")).note = 1;
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) ==
            Outline{"lock badges", "update badges 1", "update badges 2", "update badges 1", "update badges 1"});
    CHECK(rows_of(plan, 1) == "9");
    CHECK(rows_of(plan, 2) == std::to_string(ids[2]) + ",8");
    CHECK(rows_of(plan, 3) == "2");
    CHECK(rows_of(plan, 4) == std::to_string(ids[0]));
}

TEST_CASE("an exchange that was not declared is refused, and both rows are named", "[uow][unit]") {
    const auto session = Session::create();
    const Handle a = badge(*session, 1, "a");
    const Handle b = badge(*session, 2, "b");
    edit<Badge>(a).code = "b";
    edit<Badge>(b).code = "a";
    CHECK_THROWS_MATCHES(
        session->uow.plan(), corm::MappingError,
        MessageMatches(Equals("Badge(1) and Badge(2) exchange their values of (code), which are unique and checked row "
                              "by row; where the constraint is DEFERRABLE, say so with "
                              ".unique<...>(corm::deferrable), or declare a value that they can pass through, "
                              ".unique<...>(corm::temporary(value)), or flush in between")));
    // Nothing is lost.
    CHECK(session->uow.has_changes());
    edit<Badge>(b).code = "c";
    CHECK(outline(session->uow.plan()) == Outline{"lock badges", "update badges 1", "update badges 1"});
    // A long circle does not fill the log.
    for (std::int32_t id = 3; id <= 9; ++id)
        edit<Badge>(badge(*session, id, "b" + std::to_string(id))).code = "b" + std::to_string(id == 9 ? 3 : id + 1);
    try {
        static_cast<void>(session->uow.plan());
        FAIL("a circle was planned");
    } catch (const corm::MappingError& error) {
        CHECK(std::string{error.what()}.starts_with("Badge(3), Badge(4), Badge(5), Badge(6) and 3 more exchange"));
    }
}

TEST_CASE("an exchange passes through the temporary value", "[uow][unit]") {
    const auto session = Session::create();
    edit<Desk>(desk(*session, 1, 10)).number = 20;
    edit<Desk>(desk(*session, 2, 20)).number = 10;
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock desks", "rearrange desks 1", "update desks 1", "update desks 1"});
    // The version is checked each time and counted once.
    CHECK(plan.statements[1].text == texts<Desk>().rearrange(Columns{1}, false));
    CHECK(rows_of(plan, 1) == "2");
    CHECK(dump(plan, 1) == parameters(std::int32_t{2}, std::int32_t{-1}, std::int32_t{7}));
    CHECK(dump(plan, 2) == parameters(std::int32_t{1}, std::int32_t{20}, std::int32_t{7}));
    CHECK(dump(plan, 3) == parameters(std::int32_t{2}, std::int32_t{10}, std::int32_t{7}));
}

TEST_CASE("circles that share a temporary value are dissolved one after the other", "[uow][unit]") {
    const auto session = Session::create();
    constexpr std::int32_t rows = 6;
    for (std::int32_t id = 0; id < rows; ++id)
        edit<Desk>(desk(*session, id + 1, 10 * id)).number = 10 * (id ^ 1);
    const FlushPlan plan = session->uow.plan();
    REQUIRE(plan.statements.size() == 1 + 3 * rows / 2);
    for (std::size_t i = 1; i < plan.statements.size(); i += 3) {
        CHECK(plan.statements[i].kind == FlushStatement::Kind::rearrange);
        CHECK(rows_of(plan, i) == rows_of(plan, i + 2));
    }
}

TEST_CASE("a deferrable set needs no order inside of a statement", "[uow][unit]") {
    const auto session = Session::create();
    for (std::int32_t id = 1; id <= 4; ++id)
        edit<Place>(place(*session, id, id)).position = id % 4 + 1;
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock places", "update places 4"});
    CHECK(dump(plan, 1) == parameters(Int32s{1, 2, 3, 4}, Int32s{2, 3, 4, 1}));
}

TEST_CASE("rows of a deferrable set that write different columns take their values ahead", "[uow][unit]") {
    const auto session = Session::create();
    const Handle first = place(*session, 1, 10);
    edit<Place>(first).position = 20;
    edit<Place>(first).note = 5;
    edit<Place>(place(*session, 2, 20)).position = 10;
    edit<Place>(place(*session, 3, 30)).position = 40;
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock places", "rearrange places 2", "update places 2", "update places 1"});
    CHECK(plan.statements[1].text == texts<Place>().rearrange(Columns{1, 2}, true));
    CHECK(dump(plan, 1) == parameters(Int32s{2, 1}, Int32s{1, 1}, Int32s{10, 20}));
    CHECK(rows_of(plan, 2) == "2,3");
}

TEST_CASE("a part of a unique set is not the whole of it", "[uow][unit]") {
    const auto session = Session::create();
    edit<Place>(place(*session, 1, 10, 1)).position = 20;
    edit<Place>(place(*session, 2, 20, 2)).note = 1;
    edit<Place>(place(*session, 3, 20, 3)).position = 10;
    CHECK(outline(session->uow.plan()) == Outline{"lock places", "update places 2", "update places 1"});
}

TEST_CASE("a value that a deleted row leaves is free before it is taken", "[uow][unit]") {
    const auto session = Session::create();
    const bool taken_by_update = GENERATE(true, false);
    session->uow.remove(badge(*session, 1, "a"), {});
    // Leaves a reference to the removed row, perhaps: it goes first.
    edit<Badge>(badge(*session, 2, "b")).note = 1;
    edit<Badge>(badge(*session, 3, "c")).code = "free";
    if (taken_by_update)
        edit<Badge>(badge(*session, 4, "d")).code = "a";
    else
        session->add(Badge{.id = 0, .code = "a"});
    const FlushPlan plan = session->uow.plan();
    CHECK(outline(plan) == Outline{"lock badges", "update badges 1", "update badges 1", "remove badges 1",
                                   taken_by_update ? "update badges 1" : "insert badges 1"});
    CHECK(plan.statements[0].text == texts<Badge>().lock_rows(true));
}

TEST_CASE("deletes stay behind the saves where no value is waited for", "[uow][unit]") {
    const auto session = Session::create();
    session->uow.remove(badge(*session, 1, "a"), {});
    session->add(Badge{.code = "b"});
    session->add(Badge{.code = {}});
    edit<Badge>(badge(*session, 2, "b")).code = "c";
    CHECK(outline(session->uow.plan()) ==
          Outline{"lock badges", "update badges 1", "insert badges 2", "remove badges 1"});
}

TEST_CASE("rows that refer to a row that goes first go before it", "[uow][unit]") {
    const auto session = Session::create();
    EncodedRows order_rows{{{"id", oids::int8}, {"user_id", oids::int8}, {"tags", oids::int4_array}}};
    for (const std::int64_t id : {1, 2, 3})
        order_rows.row(id, std::int64_t{id / 3 + 1}, Int32s{});
    const Handle old = session->attach<User>(one_user(1, "Ada", 30, 0, "a@x"));
    session->uow.remove(old, {});
    session->uow.remove(session->attach<Order>(order_rows, Populate::fill, 0), {});
    session->uow.remove(session->attach<Order>(order_rows, Populate::fill, 1), {});
    edit<Order>(session->attach<Order>(order_rows, Populate::fill, 2)).user_id = 5;
    session->uow.remove(loaded<Slot>(*session, std::int32_t{1}, std::int32_t{1}), {}); // of a table apart
    session->add(User{.id = 5, .name = "new", .email = "a@x"});
    CHECK(outline(session->uow.plan()) == Outline{"lock orders", "remove orders 2", "remove users 1", "insert users 1",
                                                  "update orders 1", "remove slots 1"});
}

TEST_CASE("a key that a deleted row leaves may be taken by another row", "[uow][unit]") {
    const auto session = Session::create();
    session->uow.remove(loaded<Slot>(*session, std::int32_t{1}, std::int32_t{1}), {});
    edit<Slot>(loaded<Slot>(*session, std::int32_t{2}, std::int32_t{2})).number = 1;
    edit<Slot>(loaded<Slot>(*session, std::int32_t{3}, std::int32_t{3})).number = 2;
    FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock slots", "remove slots 1", "update slots 1", "update slots 1"});
    CHECK(rows_of(plan, 2) == "2");
    session->settle(plan);
    CHECK(read<Slot>(session->find<Slot>(std::int32_t{1})).taken == 2);
    CHECK(read<Slot>(session->find<Slot>(std::int32_t{2})).taken == 3);
    CHECK(session->find<Slot>(std::int32_t{3}) == nullptr);
}

TEST_CASE("a row whose key is moved ahead is found where it is", "[uow][unit]") {
    const auto parked = Session::create();
    const Handle one = loaded<Chair>(*parked, std::int32_t{1}, std::int32_t{0});
    const Handle two = loaded<Chair>(*parked, std::int32_t{2}, std::int32_t{0});
    edit<Chair>(one).number = 2;
    edit<Chair>(two).number = 1;
    FlushPlan plan = parked->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock chairs", "rearrange chairs 1", "update chairs 1", "update chairs 1"});
    CHECK(dump(plan, 1) == parameters(std::int32_t{2}, std::int32_t{-1}));
    CHECK(dump(plan, 2) == parameters(std::int32_t{1}, std::int32_t{2}));
    CHECK(dump(plan, 3) == parameters(std::int32_t{-1}, std::int32_t{1}));
    parked->settle(plan);
    CHECK(parked->find<Chair>(std::int32_t{1}) == two);
    CHECK(parked->find<Chair>(std::int32_t{2}) == one);
    parked->uow.rolled_back();
    CHECK(parked->find<Chair>(std::int32_t{1}) == one);
    CHECK(parked->find<Chair>(std::int32_t{2}) == two);

    const auto claimed = Session::create();
    edit<Stool>(loaded<Stool>(*claimed, std::int32_t{1}, std::int32_t{0})) = {.number = 2, .note = 9};
    edit<Stool>(loaded<Stool>(*claimed, std::int32_t{2}, std::int32_t{0})).number = 1;
    plan = claimed->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock stools", "rearrange stools 2", "update stools 1", "update stools 1"});
    CHECK(dump(plan, 1) == parameters(Int32s{2, 1}, Int32s{1, 2}));
    CHECK(dump(plan, 2) == parameters(std::int32_t{1}, std::int32_t{1}));
    CHECK(dump(plan, 3) == parameters(std::int32_t{2}, std::int32_t{2}, std::int32_t{9}));
}

// Applies the statements one row after the other, as the server does, and fails where two rows have a value in common.
TEST_CASE("any permutation of temporary values can be written", "[uow][unit]") {
    const auto session = Session::create();
    const unsigned seed = GENERATE(1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U);
    constexpr std::int32_t rows = 24;
    Int32s target(rows);
    for (std::int32_t i = 0; i < rows; ++i)
        target[static_cast<std::size_t>(i)] = i;
    unsigned state = seed;
    for (std::size_t i = target.size(); i-- > 1;) {
        state = state * 1'664'525U + 1'013'904'223U;
        std::swap(target[i], target[(state >> 8) % (i + 1)]);
    }
    target[seed % rows] = 1000; // one circle is open
    Int32s table(rows);
    for (std::int32_t id = 0; id < rows; ++id) {
        edit<Desk>(desk(*session, id + 1, id)).number = target[static_cast<std::size_t>(id)];
        table[static_cast<std::size_t>(id)] = id;
    }
    for (const FlushStatement& statement : session->uow.plan().statements) {
        for (const auto& row : statement.rows) {
            const Desk& object = read<Desk>(row.instance);
            const std::int32_t value = statement.kind == FlushStatement::Kind::rearrange ? -1 : object.number;
            REQUIRE(std::count(table.begin(), table.end(), value) == 0);
            table[static_cast<std::size_t>(object.id - 1)] = value;
        }
    }
    CHECK(table == target);
}

TEST_CASE("long chains are ordered in time that grows with their length", "[uow][unit]") {
    const auto session = Session::create();
    constexpr std::int32_t rows = 5'000;
    for (std::int32_t id = 1; id <= rows; ++id)
        edit<Badge>(badge(*session, id, std::to_string(id))).code = std::to_string(id + 1);
    const FlushPlan plan = session->uow.plan();
    REQUIRE(plan.statements.size() == rows + 1);
    CHECK(rows_of(plan, 1) == std::to_string(rows));
    CHECK(rows_of(plan, rows) == "1");
}
