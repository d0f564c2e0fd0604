#include "pipeline_fixture.hpp"

#include "wire/diagnostics.hpp"

using namespace corm;
using namespace corm::test;

TEST_CASE("the SQLSTATE is found in verbose texts only", "[wire][unit]") {
    CHECK(wire::find_sqlstate("FATAL:  28P01: x").code() == "28P01");
    CHECK(wire::find_sqlstate("a:  b: c: FATAL:  3D000: x").code() == "3D000");
    CHECK(wire::find_sqlstate("FATAL:  password authentication failed").empty());
    CHECK(wire::find_sqlstate("FATAL:  abcde: x").empty());
    CHECK(wire::find_sqlstate("FATAL:  28P01").empty());
    CHECK(wire::find_sqlstate("").empty());
}

TEST_CASE("a lost connection names its reason", "[wire][unit]") {
    Diagnostics cause;
    cause.sqlstate = sqlstate::idle_in_transaction_timeout;
    cause.message = "SECRET";
    const auto error = caught<ConnectionError>(
        wire::make_connection_lost({.cause = cause, .safe_to_retry = true, .doing = "while executing", .where = {}}));
    CHECK(std::string{error.what()} == "the connection to the server was lost while executing: 25P03 "
                                       "(idle_in_transaction_session_timeout of the server)");
    CHECK(error.diagnostics().message == "SECRET");
    CHECK(error.safe_to_retry());
}

TEST_CASE("reasons with which sessions end", "[wire][unit]") {
    for (const char* code : {"57P01", "57P02", "57P05", "25P03", "25P04", "08006"})
        CHECK(wire::is_reason_of_loss(SqlState{code}));
    for (const char* code : {"01000", "57014", "25P02", "23505"})
        CHECK_FALSE(wire::is_reason_of_loss(SqlState{code}));
}
