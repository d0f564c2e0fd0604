// What the server's messages about missing rows become.
#include "support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace uow_test;
using Catch::Matchers::ContainsSubstring;
using Keys = std::vector<std::string>;

namespace {

/// The keys of the StaleDataError that a message becomes; none if it becomes no such error.
std::optional<Keys> stale_keys(const FlushStatement& statement, std::string_view message) {
    const std::exception_ptr error = corm::uow::stale_rows(statement, message, {});
    if (error == nullptr)
        return {};
    try {
        std::rethrow_exception(error);
    } catch (const corm::StaleDataError& stale) {
        CHECK(stale.entity() == statement.mapper->entity());
        return stale.keys();
    }
}

/// An update of the lines (7, 1), (7, 2) and (7, 3).
struct Update {
    std::shared_ptr<Session> session = Session::create();
    std::vector<Handle> lines;
    FlushPlan plan;

    Update() {
        for (std::int16_t n = 1; n <= 3; ++n) {
            lines.push_back(session->attach<Line>(one_line(7, n, "nail", 1)));
            edit<Line>(lines.back()).quantity = 2;
        }
        plan = session->uow.plan();
    }
    /// The one behind the lock.
    [[nodiscard]] const FlushStatement& statement() const { return plan.statements.at(1); }
};

} // namespace

TEST_CASE("stale rows are named by their keys", "[uow][unit]") {
    const Update update;
    REQUIRE(update.statement().rows.size() == 3);
    CHECK(stale_keys(update.statement(), R"(invalid input syntax for type integer: "corm found 3,1")") ==
          Keys{"(7, 2)"});
    CHECK(stale_keys(update.statement(), R"(invalid input syntax for type integer: "corm found 2,")") ==
          Keys{"(7, 1)", "(7, 3)"});
    try {
        std::rethrow_exception(corm::uow::stale_rows(update.statement(), R"("corm found 2")", {}));
    } catch (const corm::StaleDataError& error) {
        CHECK(std::string{error.what()} == "Line with key (7, 1), (7, 3) was changed or deleted by another transaction "
                                           "since it was loaded; roll back, read it again and repeat the change");
    }
}

TEST_CASE("rows that were hit twice are not stale", "[uow][unit]") {
    const Update update;
    try {
        std::rethrow_exception(corm::uow::stale_rows(update.statement(), R"("corm found 1,2,3,2")", {}));
    } catch (const corm::StaleDataError& error) {
        CHECK(error.keys().empty());
        CHECK_THAT(error.what(), ContainsSubstring("Line: more rows were hit than objects were flushed"));
    }
}

TEST_CASE("the language of the server does not matter", "[uow][unit]") {
    const Update update;
    CHECK(stale_keys(update.statement(), "ungültige Eingabesyntax für Typ integer: »corm found 1,2«") ==
          Keys{"(7, 3)"});
    CHECK(stale_keys(update.statement(), "型integerの入力構文が不正です: \"corm found \"") ==
          Keys{"(7, 1)", "(7, 2)", "(7, 3)"});
}

TEST_CASE("messages that are not about stale rows stay what they are", "[uow][unit]") {
    const Update update;
    CHECK_FALSE(stale_keys(update.statement(), ""));
    CHECK_FALSE(stale_keys(update.statement(), R"(invalid input syntax for type integer: "x")"));
    CHECK_FALSE(stale_keys(update.statement(), R"(invalid input value for enum mood: "corm")"));
    CHECK_FALSE(stale_keys(update.statement(), "corm found"));
}

TEST_CASE("hostile text names no rows that are not there", "[uow][unit]") {
    const Update update;
    const Keys all{"(7, 1)", "(7, 2)", "(7, 3)"};
    for (const char* text :
         {"corm found ", "corm found ,", "corm found x", "corm found 0", "corm found 4", "corm found -1",
          "corm found 99999999999999999999999999", "corm found 18446744073709551615", "corm found  1"}) {
        CAPTURE(text);
        CHECK(stale_keys(update.statement(), text) == all);
    }
    CHECK(stale_keys(update.statement(), "corm found 2x3") == Keys{"(7, 1)", "(7, 3)"});
    CHECK(stale_keys(update.statement(), "corm found 1,,2") == Keys{"(7, 2)", "(7, 3)"});
    const std::string repeated = [] {
        std::string text = "corm found ";
        for (int i = 0; i < 1'000; ++i)
            text += "4,";
        return text + "1";
    }();
    CHECK(stale_keys(update.statement(), repeated) == Keys{"(7, 2)", "(7, 3)"});
}

TEST_CASE("rows that an insert lost are reported without keys", "[uow][unit]") {
    const auto session = Session::create();
    session->add(User{.name = "a"});
    session->add(User{.name = "b"});
    const FlushPlan plan = session->uow.plan();
    const auto error =
        corm::uow::stale_rows(plan.statements.at(0), R"(invalid input syntax for type integer: "corm missing 1")", {});
    REQUIRE(error != nullptr);
    try {
        std::rethrow_exception(error);
    } catch (const corm::StaleDataError& stale) {
        CHECK(stale.keys().empty());
        CHECK_THAT(stale.what(), ContainsSubstring("User: fewer rows were inserted than were added"));
    }
}

TEST_CASE("statements of a flush say what they do", "[uow]") {
    const Update s;
    REQUIRE(s.plan.statements.size() == 2);
    CHECK(describe(s.plan.statements[0]) == "locking rows of Line");
    CHECK(describe(s.plan.statements[1]) == "updating Line");
}
