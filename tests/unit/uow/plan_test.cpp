// From changes to statements: which, in what order, with which parameters.
#include "support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace uow_test;
using Catch::Matchers::Equals;
using Catch::Matchers::MessageMatches;

namespace {

using Int64s = std::vector<std::int64_t>;
using Int32s = std::vector<std::int32_t>;
using Int16s = std::vector<std::int16_t>;
using Texts = std::vector<std::string>;
using OptionalTexts = std::vector<std::optional<std::string>>;

std::string dump(const FlushPlan& plan, std::size_t statement) {
    return uow_test::dump(plan.statements.at(statement).parameters);
}
const corm::uow::StatementTexts& user_texts() {
    return corm::mapping::mapper_of<User>()->extension<corm::uow::StatementTexts>();
}

} // namespace

TEST_CASE("nothing to do is an empty plan", "[uow][unit]") {
    const auto session = Session::create();
    CHECK_FALSE(session->uow.has_changes());
    CHECK(session->uow.plan().empty());
    const Handle user = session->user(1);
    edit<User>(user).age = 31;
    CHECK(session->uow.has_changes());
    edit<User>(user).age = 30;
    CHECK_FALSE(session->uow.has_changes());
    CHECK(session->uow.plan().empty());
    // The version is the flush's own.
    edit<User>(user).version = 50;
    CHECK_FALSE(session->uow.has_changes());
    CHECK(session->uow.plan().empty());
}

TEST_CASE("parameters of an array are PostgreSQL's binary format, byte for byte", "[uow][unit]") {
    const auto session = Session::create();
    edit<Line>(session->attach<Line>(one_line(7, 1, "nail", 1))).quantity = 258;
    edit<Line>(session->attach<Line>(one_line(8, 2, "nail", 1))).quantity = -1;
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock lines", "update lines 2"});
    // One dimension, no NULLs, element type, two elements from 1 on, each with its length.
    CHECK(dump(plan, 1) == "1007 b 0000000100000000000000170000000200000001"
                           "00000004"
                           "00000007"
                           "00000004"
                           "00000008\n"
                           "1005 b 0000000100000000000000150000000200000001"
                           "00000002"
                           "0001"
                           "00000002"
                           "0002\n"
                           "1007 b 0000000100000000000000170000000200000001"
                           "00000004"
                           "00000102"
                           "00000004"
                           "ffffffff\n");
}

TEST_CASE("one insert leaves a default-constructed key to the server", "[uow][unit]") {
    const auto session = Session::create();
    session->add(User{.name = "Ada", .email = "a@b", .age = 3, .version = 1});
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"insert users 1"});
    CHECK(plan.statements[0].generated_keys);
    CHECK(plan.statements[0].text == user_texts().insert(columns_of<User>(true), false));
    CHECK(dump(plan, 0) == parameters(std::string{"Ada"}, std::string{"a@b"}, std::int32_t{3}, std::int32_t{1}));
}

TEST_CASE("many inserts are one statement of arrays, NULLs included", "[uow][unit]") {
    const auto session = Session::create();
    session->add(User{.name = "Ada", .email = "a@b", .age = 3});
    session->add(User{.name = "", .email = {}, .age = 4, .version = 2});
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"insert users 2"});
    CHECK(plan.statements[0].generated_keys);
    CHECK(plan.statements[0].text == user_texts().insert(columns_of<User>(true), true));
    CHECK(dump(plan, 0) ==
          parameters(Texts{"Ada", ""}, OptionalTexts{"a@b", std::nullopt}, Int32s{3, 4}, Int32s{0, 2}));
}

TEST_CASE("given and generated keys are inserted in runs, in the order of add", "[uow][unit]") {
    const auto session = Session::create();
    for (const std::int64_t id : {0, 0, 5, 6, 0})
        session->add(User{.id = id, .name = std::to_string(id)});
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"insert users 2", "insert users 2", "insert users 1"});
    CHECK_FALSE(plan.statements[1].generated_keys);
    CHECK(plan.statements[1].text == user_texts().insert(columns_of<User>(false), true));
    CHECK(dump(plan, 1) == parameters(Int64s{5, 6}, Texts{"5", "6"}, OptionalTexts{std::nullopt, std::nullopt},
                                      Int32s{0, 0}, Int32s{0, 0}));
}

TEST_CASE("keys that are assigned are written, zero too", "[uow][unit]") {
    const auto session = Session::create();
    session->add(Slot{.number = 0, .taken = 1});
    session->add(Slot{.number = 1, .taken = 0});
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"insert slots 2"});
    CHECK_FALSE(plan.statements[0].generated_keys);
    CHECK(dump(plan, 0) == parameters(Int32s{0, 1}, Int32s{1, 0}));
}

TEST_CASE("UUIDs that the server makes have no order, so such rows go one by one", "[uow][unit]") {
    const auto session = Session::create();
    const auto given = corm::types::Uuid::from_string("00112233-4455-6677-8899-aabbccddeeff");
    session->add(Token{.id = {}, .label = "a"});
    session->add(Token{.id = {}, .label = "b"});
    session->add(Token{.id = given, .label = "c"});
    session->add(Token{.id = given, .label = "d"});
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"insert tokens 1", "insert tokens 1", "insert tokens 2"});
    CHECK(plan.statements[0].generated_keys);
    CHECK(dump(plan, 1) == parameters(std::string{"b"}));
    CHECK(dump(plan, 2) == parameters(std::vector{given, given}, Texts{"c", "d"}));
}

TEST_CASE("rows of nothing but a generated key are DEFAULT VALUES", "[uow][unit]") {
    const auto session = Session::create();
    session->add(Tick{});
    session->add(Tick{});
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"insert ticks 1", "insert ticks 1"});
    CHECK(plan.statements[0].text->find("DEFAULT VALUES") != std::string::npos);
    CHECK(plan.statements[0].parameters.empty());
}

TEST_CASE("columns of array type are literals in bulk, arrays alone", "[uow][unit]") {
    const auto session = Session::create();
    session->add(Order{.user_id = 1, .tags = {1, 2}});
    CHECK(dump(session->uow.plan(), 0) == parameters(std::int64_t{1}, Int32s{1, 2}));
    session->add(Order{.user_id = 2, .tags = {}});
    CHECK(dump(session->uow.plan(), 0) == parameters(Int64s{1, 2}, Texts{"{1,2}", "{}"}));
}

TEST_CASE("updates write the changed columns, guarded by key and version as loaded", "[uow][unit]") {
    const auto session = Session::create();
    const Handle user = session->attach<User>(one_user(7, "Ada", 36, 4));
    edit<User>(user).age = 37;
    edit<User>(user).version = 99;
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"update users 1"});
    static constexpr corm::uow::ColumnIndex age[] = {3};
    CHECK(plan.statements[0].text == user_texts().update(age, false));
    CHECK(dump(plan, 0) == parameters(std::int64_t{7}, std::int32_t{37}, std::int32_t{4}));
}

TEST_CASE("updates of the same columns are one statement, sorted by key", "[uow][unit]") {
    const auto session = Session::create();
    const Handle third = session->attach<User>(one_user(3, "Cyd", 30, 6));
    const Handle second = session->attach<User>(one_user(2, "Bob", 30, 5));
    const Handle first = session->attach<User>(one_user(1, "Ada", 30, 4));
    edit<User>(second).age = 42;
    edit<User>(first).age = 41;
    edit<User>(third).age = 43;
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock users", "update users 3"});
    CHECK(plan.statements[0].text == user_texts().lock_rows(false));
    CHECK(dump(plan, 0) == parameters(Int64s{1, 2, 3}));
    CHECK(dump(plan, 1) == parameters(Int64s{1, 2, 3}, Int32s{41, 42, 43}, Int32s{4, 5, 6}));
    CHECK(plan.statements[1].rows[0].instance == first);
}

TEST_CASE("two rows are locked by their updates, in the order of the server", "[uow][unit]") {
    static constexpr corm::uow::ColumnIndex age[] = {3};
    const auto session = Session::create();
    const Handle positive = session->attach<User>(one_user(2, "Bob", 30, 5));
    const Handle negative = session->attach<User>(one_user(-1, "Ada", 30, 4));
    edit<User>(positive).age = 42;
    edit<User>(negative).age = 41;
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"update users 1", "update users 1"});
    CHECK(plan.statements[0].text == user_texts().update(age, false));
    CHECK(plan.statements[1].text == plan.statements[0].text);
    CHECK(dump(plan, 0) == parameters(std::int64_t{-1}, std::int32_t{41}, std::int32_t{4}));
    CHECK(dump(plan, 1) == parameters(std::int64_t{2}, std::int32_t{42}, std::int32_t{5}));
    // Rows of two statements would be locked in the order of these.
    edit<User>(negative).name = "Ada L.";
    CHECK(outline(session->uow.plan()) == Outline{"lock users", "update users 1", "update users 1"});
}

TEST_CASE("several sets of columns lock all their rows first, in key order", "[uow][unit]") {
    const auto session = Session::create();
    const Handle third = session->user(3, "Cyd", 30);
    const Handle first = session->user(1, "Ada", 30);
    const Handle second = session->user(2, "Bob", 30);
    edit<User>(third).age = 1;
    edit<User>(first).name = "Ada L.";
    edit<User>(second).age = 1;
    FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock users", "update users 1", "update users 2"});
    CHECK(plan.statements[0].text == user_texts().lock_rows(false));
    CHECK(dump(plan, 0) == parameters(Int64s{1, 2, 3}));

    session->uow.remove(second, {});
    plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock users", "update users 1", "update users 1", "remove users 1"});
    CHECK(plan.statements[0].text == user_texts().lock_rows(true));
}

TEST_CASE("the lock of rows that write a unique column keeps references out", "[uow][unit]") {
    const auto session = Session::create();
    for (std::int64_t id = 1; id <= 3; ++id)
        edit<User>(session->user(id)).email = std::to_string(id);
    CHECK(session->uow.plan().statements.at(0).text == user_texts().lock_rows(true));
    // One row alone needs no lock of its own.
    const auto single = Session::create();
    edit<User>(single->user(1)).email = "x";
    CHECK(outline(single->uow.plan()) == Outline{"update users 1"});
}

TEST_CASE("a changed key is found by the old one", "[uow][unit]") {
    const auto session = Session::create();
    const Handle line = session->attach<Line>(one_line(7, 1, "nail", 1));
    edit<Line>(line).line_no = 9;
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"update lines 1"});
    CHECK(dump(plan, 0) == parameters(std::int32_t{7}, std::int16_t{1}, std::int16_t{9}));
}

TEST_CASE("deletes name key and version as loaded", "[uow][unit]") {
    const auto session = Session::create();
    const Handle second = session->attach<User>(one_user(2, "Bob", 30, 5));
    const Handle first = session->attach<User>(one_user(1, "Ada", 30, 4));
    edit<User>(first).id = 50;
    edit<User>(first).version = 60;
    session->uow.remove(second, {});
    CHECK(dump(session->uow.plan(), 1) == parameters(std::int64_t{1}, std::int64_t{50}, std::int32_t{4}));
    session->uow.remove(first, {});
    const FlushPlan plan = session->uow.plan();
    REQUIRE(outline(plan) == Outline{"lock users", "remove users 2"});
    CHECK(plan.statements[0].text == user_texts().lock_rows(true));
    CHECK(dump(plan, 0) == parameters(Int64s{1, 2}));
    CHECK(plan.statements[1].text == user_texts().remove(true));
    CHECK(dump(plan, 1) == parameters(Int64s{1, 2}, Int32s{4, 5}));
}

TEST_CASE("parents are saved first and deleted last, updates come before inserts", "[uow][unit]") {
    const auto session = Session::create();
    const Handle old_user = session->user(1);
    EncodedRows order_rows{{{"id", oids::int8}, {"user_id", oids::int8}, {"tags", oids::int4_array}}};
    order_rows.row(std::int64_t{1}, std::int64_t{1}, Int32s{});
    order_rows.row(std::int64_t{2}, std::int64_t{1}, Int32s{});
    session->uow.remove(old_user, {});
    session->uow.remove(session->attach<Order>(order_rows), {});
    const Handle kept = session->attach<Order>(order_rows, Populate::fill, 1);
    edit<Order>(kept).user_id = 5;
    session->add(Order{.user_id = 5});
    session->add(User{.id = 5, .name = "new"});
    const FlushPlan plan = session->uow.plan();
    // "orders" sorts before "users" by name, so the order is the relation's.
    CHECK(outline(plan) == Outline{"insert users 1", "lock orders", "update orders 1", "insert orders 1",
                                   "remove orders 1", "remove users 1"});
}

TEST_CASE("tables without relations are written by name, those in a circle behind them", "[uow][unit]") {
    const auto session = Session::create();
    session->add(Tick{});
    session->add(Token{.id = {}, .label = "t"});
    session->add(Right{.left_id = 1});
    session->add(Line{.order_no = 1, .line_no = 1, .article = "a"});
    session->add(Left{.right_id = 1});
    CHECK(outline(session->uow.plan()) ==
          Outline{"insert lines 1", "insert ticks 1", "insert tokens 1", "insert left 1", "insert right 1"});
}

TEST_CASE("the object that is about to be locked is left out", "[uow][unit]") {
    const auto session = Session::create();
    const Handle first = session->user(1);
    const Handle second = session->user(2);
    edit<User>(first).age = 1;
    edit<User>(second).age = 1;
    const FlushPlan plan = session->uow.plan({.except = first.get()});
    REQUIRE(outline(plan) == Outline{"update users 1"});
    CHECK(plan.statements[0].rows[0].instance == second);
}

TEST_CASE("a value that cannot be sent names table and column, and plans nothing", "[uow][unit]") {
    const auto session = Session::create();
    session->add(User{.name = std::string{"a\0b", 3}});
    try {
        static_cast<void>(session->uow.plan());
        FAIL("planned a NUL");
    } catch (const corm::ConversionError& error) {
        CHECK(error.table() == "users");
        CHECK(error.column() == "name");
    }
    session->add(User{.name = "fine"});
    CHECK_THROWS_AS(session->uow.plan(), corm::ConversionError);
    CHECK(session->uow.has_changes());
}

TEST_CASE("the plan keeps its objects, and the values as they were sent", "[uow][unit]") {
    const auto session = Session::create();
    Handle user = session->user(1);
    edit<User>(user).age = 31;
    const FlushPlan plan = session->uow.plan();
    static_cast<User*>(user->object())->age = 99;
    CHECK(*static_cast<const std::int32_t*>(plan.statements.at(0).sent.at(0).at(0)) == 31);
    const std::weak_ptr<Instance> weak = user;
    user.reset();
    CHECK_FALSE(weak.expired());
}
