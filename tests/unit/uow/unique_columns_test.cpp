// Unique values that are freed by more than one way: of several columns, of the key, of rows that are deleted.
#include "unique_entities.hpp"
#include "unique_support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace unique_test;
using namespace uow_test;
using Catch::Matchers::Equals;
using Catch::Matchers::MessageMatches;

namespace {

Handle order(Session& session, std::int64_t id, std::int64_t user_id) {
    return loaded<Order>(session, id, user_id, Int32s{});
}

} // namespace

TEST_CASE("a temporary value does not stay in a column that was not edited", "[uow][unit]") {
    const auto session = Session::create();
    edit<Seat>(loaded<Seat>(*session, 1, 1, 7)).list = 2;
    edit<Seat>(loaded<Seat>(*session, 2, 2, 7)).list = 1;
    edit<Seat>(loaded<Seat>(*session, 3, 3, 7)).list = 4; // in nobody's way
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) ==
            Outline{"lock seats", "update seats 1", "rearrange seats 1", "update seats 1", "update seats 1"});
    CHECK(dump(plan, 2) == parameters(std::int32_t{2}, -1));
    CHECK(dump(plan, 3) == parameters(std::int32_t{1}, 2));
    CHECK(plan.statements[4].text == texts<Seat>().update(Columns{1, 2}, false));
    CHECK(dump(plan, 4) == parameters(std::int32_t{2}, 1, 7));
}

TEST_CASE("a temporary value does not stay in a part of the key that was not edited", "[uow][unit]") {
    const auto session = Session::create();
    edit<Cell>(loaded<Cell>(*session, 1, 7, 0)).row = 2;
    edit<Cell>(loaded<Cell>(*session, 2, 7, 0)).row = 1;
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock cells", "rearrange cells 1", "update cells 1", "update cells 1"});
    CHECK(dump(plan, 1) == parameters(2, 7, -1));
    CHECK(dump(plan, 2) == parameters(1, 7, 2));
    CHECK(plan.statements[3].text == texts<Cell>().update(Columns{0, 1}, false));
    CHECK(dump(plan, 3) == parameters(2, -1, 1, 7));
}

TEST_CASE("a row whose key was moved by another unique set is found where it is", "[uow][unit]") {
    const auto session = Session::create();
    edit<Rental>(loaded<Rental>(*session, 1, 1, 5, 0)).tenant = 2;
    const Handle other = loaded<Rental>(*session, 2, 2, 5, 0);
    edit<Rental>(other).tenant = 1;
    edit<Rental>(other).note = 9;
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock rentals", "rearrange rentals 2", "update rentals 1", "update rentals 1"});
    CHECK(dump(plan, 1) == parameters(Int32s{1, 2}, Int32s{1, 2}, Int32s{2, 1}, Int32s{5, 5}));
    CHECK(dump(plan, 2) == parameters(2, 1, 2));
    CHECK(dump(plan, 3) == parameters(1, 2, 1, 9));
}

TEST_CASE("values are not exchanged ahead if a key is taken too early by that", "[uow][unit]") {
    const auto session = Session::create();
    const Handle other = loaded<Rental>(*session, 2, 1, 6, 0);
    edit<Rental>(loaded<Rental>(*session, 1, 1, 5, 0)) = {.tenant = 2, .id = 1, .slot = 6};
    edit<Rental>(other) = {.tenant = 3, .id = 1, .slot = 5, .note = 9};
    CHECK_THROWS_MATCHES(session->uow.plan(), corm::MappingError,
                         MessageMatches(Equals("Rental((1, 1)) takes (tenant, id) from Rental((2, 1)) and values of "
                                               "(tenant, slot) are exchanged, which have a column in common; flush in "
                                               "between")));
}

TEST_CASE("no two rows hold the same temporary value", "[uow][unit]") {
    const auto session = Session::create();
    // The first two wait for the others, which are freed first.
    edit<Pair>(loaded<Pair>(*session, 1, 10, 1)) = {.id = 1, .a = 20, .b = 3};
    edit<Pair>(loaded<Pair>(*session, 2, 20, 2)).a = 10;
    edit<Pair>(loaded<Pair>(*session, 3, 30, 3)) = {.id = 3, .a = 40, .b = 9};
    const Handle last = loaded<Pair>(*session, 4, 40, 4);
    edit<Pair>(last).a = 30;
    const FlushPlan plan = session->uow.plan();
    std::string parked;
    for (std::size_t i = 1; i < plan.statements.size(); ++i) {
        for (const auto& row : plan.statements[i].rows) {
            const std::string key = row.instance->mapper().key_text(row.instance->key);
            if (plan.statements[i].kind == FlushStatement::Kind::rearrange) {
                CHECK(std::exchange(parked, key).empty());
            } else if (parked == key) {
                parked.clear();
            }
        }
    }
    CHECK(plan.statements.size() == 7);
    // Now each pair waits for the other one.
    edit<Pair>(last).b = 2;
    edit<Pair>(session->find<Pair>(2)).b = 8;
    CHECK_THROWS_MATCHES(session->uow.plan(), corm::MappingError,
                         MessageMatches(Catch::Matchers::EndsWith(
                             " exchange their values while another row holds the temporary value of (a); flush in "
                             "between, or use NULL for it, where that may be")));
}

TEST_CASE("a row that may be missing is not taken over", "[uow][unit]") {
    const auto session = Session::create();
    const Handle old = loaded<Visit>(*session, 1, std::string{"old"}, std::string{"OLD"});
    session->uow.remove(old, {});
    const Handle fresh = session->add(Visit{.id = 1, .note = "new"});
    FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"remove visits 1", "insert visits 1"});
    EncodedRows none{{{"missing", oids::int4}}};
    EncodedRows seen{{{"missing", oids::int4}, {"seen", oids::text}}};
    seen.row(std::int32_t{0}, std::string{"NEW"});
    session->uow.flushed(plan, {&none, &seen}, false);
    CHECK(session->find<Visit>(1) == fresh);
    CHECK(read<Visit>(fresh).seen == "NEW");
    session->uow.rolled_back();
    CHECK(session->find<Visit>(1) == old);
    CHECK(fresh->state == ObjectState::transient);
    // Updates of versioned rows are confirmed.
    session->uow.remove(loaded<Ticket>(*session, 1, std::string{}, 0), {});
    session->add(Ticket{.id = 1});
    CHECK(outline(session->uow.plan()) == Outline{"switch tickets 1"});
}

TEST_CASE("deletes that come first do not overtake the locks of tables in between", "[uow][unit]") {
    const auto session = Session::create();
    session->uow.remove(session->attach<User>(one_user(1, "Ada", 30, 0, "a@x")), {});
    session->add(User{.id = 5, .name = "new", .email = "a@x"});
    for (const std::int64_t id : {2, 1})
        edit<Order>(order(*session, id, 2)).tags = {1};
    for (const std::int64_t id : {1, 2})
        session->uow.remove(loaded<Parcel>(*session, id, std::int64_t{1}), {});
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock orders", "lock parcels", "remove parcels 2", "remove users 1",
                                     "insert users 1", "update orders 2"});
    CHECK(dump(plan, 0) == parameters(std::vector<std::int64_t>{1, 2}));
    CHECK(dump(plan, 5).starts_with(dump(plan, 0))); // the keys as they were locked
}

TEST_CASE("rows that move away from one that goes first are written ahead of it", "[uow][unit]") {
    const auto session = Session::create();
    session->uow.remove(session->attach<User>(one_user(1, "Ada", 30, 0, "a@x")), {});
    session->add(User{.id = 5, .name = "new", .email = "a@x"});
    const Handle moved = order(*session, 3, 1);
    edit<Order>(moved).user_id = 2;
    edit<Order>(order(*session, 4, 1)).user_id = 2;
    const Handle other = order(*session, 5, 2);
    edit<Order>(other).tags = {1};
    FlushPlan plan = session->uow.plan();
    CHECK(outline(plan) ==
          Outline{"lock orders", "update orders 2", "remove users 1", "insert users 1", "update orders 1"});
    CHECK(rows_of(plan, 1) == "3,4");
    session->uow.expunge(other);
    plan = session->uow.plan(); // the keys of the update are those of the lock
    REQUIRE(outline(plan) == Outline{"lock orders", "update orders 2", "remove users 1", "insert users 1"});
    CHECK(dump(plan, 1).starts_with(dump(plan, 0)));
    // The row that it moves to is not there yet.
    edit<Order>(moved).user_id = 5;
    CHECK_THROWS_MATCHES(
        session->uow.plan(), corm::MappingError,
        MessageMatches(Equals("Order(3) moves away from User(1) by its user_id, and that row has to be deleted ahead, "
                              "because another row takes a unique value of it or of one that it refers to; flush the "
                              "move first")));
    CHECK(session->uow.has_changes());
}

TEST_CASE("where the foreign key is not named, every update may be a move away", "[uow][unit]") {
    const auto session = Session::create();
    session->uow.remove(session->attach<User>(one_user(1, "Ada", 30, 0, "a@x")), {});
    session->add(User{.id = 5, .name = "new", .email = "a@x"});
    const Handle letter = loaded<Letter>(*session, 3, std::int16_t{1}, 0);
    SECTION("which comes first") {
        edit<Letter>(letter).to = 2;
        CHECK(outline(session->uow.plan()) == Outline{"update letters 1", "remove users 1", "insert users 1"});
        // Also if it may be none.
        edit<Letter>(letter).to = 1;
        edit<Letter>(letter).stamps = 1;
        CHECK(outline(session->uow.plan()) == Outline{"update letters 1", "remove users 1", "insert users 1"});
    }
    SECTION("unless it may refer to what is yet to come") {
        edit<Letter>(letter).to = 5;
        CHECK(outline(session->uow.plan()) == Outline{"remove users 1", "insert users 1", "update letters 1"});
    }
}

TEST_CASE("foreign keys may be narrower than what they refer to", "[uow][unit]") {
    const auto session = Session::create();
    session->uow.remove(loaded<Country>(*session, std::int64_t{-7}, std::string{"x"}), {});
    session->add(Country{.id = 9, .code = "x"});
    const Handle town = loaded<Town>(*session, 3, std::int16_t{-7});
    edit<Town>(town).country_id = 2;
    CHECK(outline(session->uow.plan()) == Outline{"update towns 1", "remove countries 1", "insert countries 1"});
    edit<Town>(town).country_id = 9;
    CHECK_THROWS_MATCHES(session->uow.plan(), corm::MappingError,
                         MessageMatches(Catch::Matchers::StartsWith("Town(3) moves away from Country(-7)")));
}

TEST_CASE("a row that moves away from one whose unique value it takes is refused", "[uow][unit]") {
    const auto tree = Session::create();
    using Parent = std::optional<std::int32_t>;
    tree->uow.remove(loaded<Node>(*tree, 1, Parent{}, std::string{"root"}), {});
    edit<Node>(loaded<Node>(*tree, 2, Parent{1}, std::string{"other"})).parent_id = Parent{}; // is written ahead
    const Handle child = loaded<Node>(*tree, 3, Parent{1}, std::string{"child"});
    edit<Node>(child).name = "root";
    CHECK(outline(tree->uow.plan()) == Outline{"lock nodes", "update nodes 1", "remove nodes 1", "update nodes 1"});
    edit<Node>(child).parent_id = Parent{};
    CHECK_THROWS_MATCHES(
        tree->uow.plan(), corm::MappingError,
        MessageMatches(Catch::Matchers::StartsWith("Node(3) moves away from Node(1) by its parent_id")));
}

TEST_CASE("a row that is taken over leaves a unique value that becomes the default", "[uow][unit]") {
    const auto session = Session::create();
    session->uow.remove(loaded<Coupon>(*session, 2, std::string{"a"}, 0), {});
    session->add(Coupon{.id = 2, .note = 1});
    const Handle taker = loaded<Coupon>(*session, 1, std::string{"b"}, 0);
    edit<Coupon>(taker).note = 1;
    CHECK(session->uow.plan().statements.at(0).text == texts<Coupon>().lock_rows(true));
    edit<Coupon>(taker).code = "a";
    CHECK(outline(session->uow.plan()) == Outline{"lock coupons", "switch coupons 1", "update coupons 1"});
}

TEST_CASE("a row whose value becomes the default claims none in a deferrable set", "[uow][unit]") {
    const auto session = Session::create();
    const auto voucher = [&](std::int32_t id, const char* code) {
        return loaded<Voucher>(*session, id, std::string{code}, 10 * id);
    };
    session->uow.remove(voucher(1, "a"), {});
    session->add(Voucher{.id = 1, .note = 1});
    edit<Voucher>(voucher(2, "b")).code = "a";
    // Those that exchange their values get them ahead, as before.
    edit<Voucher>(voucher(3, "c")).code = "d";
    const Handle last = voucher(4, "d");
    edit<Voucher>(last).code = "c";
    edit<Voucher>(last).note = 2;
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock vouchers", "switch vouchers 1", "rearrange vouchers 2", "update vouchers 2",
                                     "update vouchers 1"});
    CHECK(rows_of(plan, 2) == "3,4");
    CHECK(rows_of(plan, 3) == "2,3");
}

TEST_CASE("a row whose value becomes the default waits for what it takes of another set", "[uow][unit]") {
    const bool removed = GENERATE(false, true);
    const auto session = Session::create();
    const auto voucher = [&](std::int32_t id, const char* code) {
        return loaded<Voucher>(*session, id, std::string{code}, 10 * id);
    };
    session->uow.remove(voucher(1, "a"), {});
    session->add(Voucher{.id = 1, .note = 30});
    edit<Voucher>(voucher(2, "b")).code = "a";
    const Handle third = voucher(3, "c");
    if (removed)
        session->uow.remove(third, {});
    else
        edit<Voucher>(third).note = 1;
    CHECK(outline(session->uow.plan()) == Outline{"lock vouchers", removed ? "remove vouchers 1" : "update vouchers 1",
                                                  "switch vouchers 1", "update vouchers 1"});
}

TEST_CASE("a value that was loaded twice is free when all have left it", "[uow][unit]") {
    const auto session = Session::create();
    using Parent = std::optional<std::int32_t>;
    const auto node = [&](std::int32_t id, const char* name) {
        return loaded<Node>(*session, id, Parent{}, std::string{name});
    };
    edit<Node>(node(1, "a")).name = "x";
    edit<Node>(node(2, "a")).name = "c"; // waits for the last one
    edit<Node>(node(3, "b")).name = "a";
    edit<Node>(node(4, "c")).name = "d";
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock nodes", "update nodes 2", "update nodes 1", "update nodes 1"});
    CHECK(rows_of(plan, 1) == "1,4");
    CHECK(rows_of(plan, 2) == "2");
    CHECK(rows_of(plan, 3) == "3");
    session->uow.remove(node(5, "a"), {});
    CHECK(outline(session->uow.plan()) ==
          Outline{"lock nodes", "update nodes 2", "update nodes 1", "remove nodes 1", "update nodes 1"});
}
