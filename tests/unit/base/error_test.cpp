// Errors: what they say, and what they keep to themselves.
#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

using corm::ConversionError;
using corm::DatabaseError;
using corm::Diagnostics;
using corm::IntegrityError;
using corm::SqlState;

namespace {

Diagnostics unique_violation() {
    Diagnostics d;
    d.sqlstate = corm::sqlstate::unique_violation;
    d.message = "secret message";
    d.detail = "Key (email)=(secret@example.org) already exists.";
    d.hint = "secret hint";
    d.context = "secret context";
    d.schema = "app";
    d.table = "users";
    d.column = "email";
    d.constraint = "users_email_key";
    d.sql = "INSERT INTO users (email) VALUES ($1)";
    return d;
}

} // namespace

TEST_CASE("a database error names condition and place, never values", "[base][unit]") {
    const DatabaseError error{unique_violation()};
    CHECK(
        std::string{error.what()} ==
        "database error 23505 (unique violation) on app.users.email, constraint users_email_key, in: INSERT INTO users "
        "(email) VALUES ($1); diagnostics() holds the server's own words");
    CHECK(error.diagnostics().detail == "Key (email)=(secret@example.org) already exists.");
    CHECK(error.constraint() == "users_email_key");
    CHECK_FALSE(error.is_retryable());
    CHECK_FALSE(error.safe_to_retry());
    Diagnostics bare;
    bare.sql = std::string(500, 'x');
    CHECK(std::string{DatabaseError{bare}.what()} ==
          "database error, in: " + std::string(200, 'x') + "...; diagnostics() holds the server's own words");
}

TEST_CASE("class 23 is an IntegrityError", "[base][unit]") {
    const auto is_integrity = [](const char* code) {
        Diagnostics d;
        d.sqlstate = SqlState{code};
        try {
            std::rethrow_exception(corm::make_database_error(d));
        } catch (const IntegrityError&) {
            return true;
        } catch (const DatabaseError&) {
            return false;
        }
    };
    CHECK(is_integrity("23505"));
    CHECK(is_integrity("23P01"));
    CHECK_FALSE(is_integrity("22P02"));
    CHECK_FALSE(is_integrity(""));
}

TEST_CASE("SQLSTATE is a value", "[base][unit]") {
    CHECK(SqlState{"40001"}.is_retryable());
    CHECK(SqlState{"40P01"}.is_retryable());
    CHECK_FALSE(SqlState{"40003"}.is_retryable());
    CHECK(SqlState{"57P01"}.is_connection_failure());
    CHECK(SqlState{"08006"}.is_connection_failure());
    CHECK_FALSE(SqlState{"57014"}.is_connection_failure());
    CHECK(SqlState{"23505"}.condition_class() == "23");
    CHECK(SqlState{"235"}.empty());
    CHECK(SqlState{}.code().empty());
    CHECK(SqlState{}.condition_class().empty());
    CHECK(SqlState{"23505 and more"} == corm::sqlstate::unique_violation);
}

TEST_CASE("a conversion error gets its place in front", "[base][unit]") {
    const ConversionError inner{"NULL cannot be read"};
    const ConversionError placed{inner, "users", "age"};
    CHECK(std::string{placed.what()} == "users.age: NULL cannot be read");
    CHECK(placed.problem() == "NULL cannot be read");
    CHECK(placed.table() == "users");
    CHECK(placed.column() == "age");
    CHECK(std::string{ConversionError{inner, "", "age"}.what()} == "age: NULL cannot be read");
}

TEST_CASE("what is safe to run again", "[base][unit]") {
    CHECK(corm::TimeoutError("t", corm::Phase::acquire).safe_to_retry());
    CHECK(corm::TimeoutError("t", corm::Phase::connect).safe_to_retry());
    CHECK_FALSE(corm::TimeoutError("t", corm::Phase::execute).safe_to_retry());
    CHECK(corm::ConnectionError("c", {}, true).safe_to_retry());
    CHECK_FALSE(corm::CommitOutcomeUnknown("c").safe_to_retry());
}
