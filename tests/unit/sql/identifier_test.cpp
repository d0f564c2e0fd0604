#include <corm/sql/identifier.hpp>

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::sql::quote_identifier;

namespace {

void refused(const std::string& name, const std::string& why) {
    CAPTURE(name.size());
    CHECK_THROWS_MATCHES(quote_identifier(name), corm::MappingError, MessageMatches(ContainsSubstring(why)));
}

} // namespace

TEST_CASE("identifiers are always quoted", "[sql][unit]") {
    CHECK(quote_identifier("users") == "\"users\"");
    CHECK(quote_identifier("Users") == "\"Users\"");
    CHECK(quote_identifier("select") == "\"select\"");
    CHECK(quote_identifier("a.b") == "\"a.b\"");
    CHECK(quote_identifier("1; drop table x; --") == "\"1; drop table x; --\"");
    CHECK(quote_identifier("$1") == "\"$1\"");
    CHECK(quote_identifier("\\") == "\"\\\"");
    CHECK(quote_identifier("pr\xC3\xA9nom \xF0\x9F\x90\x98") == "\"pr\xC3\xA9nom \xF0\x9F\x90\x98\"");
}

TEST_CASE("quotes inside an identifier are doubled", "[sql][unit]") {
    CHECK(quote_identifier("\"") == "\"\"\"\"");
    CHECK(quote_identifier("a\"b") == "\"a\"\"b\"");
    CHECK(quote_identifier("\"\"; drop table x; --") == "\"\"\"\"\"; drop table x; --\"");
    CHECK(quote_identifier("'") == "\"'\"");
}

TEST_CASE("identifiers have 1 to 63 bytes", "[sql][unit]") {
    CHECK(quote_identifier(std::string(63, 'x')).size() == 65);
    CHECK(quote_identifier(std::string(63, '"')).size() == 128);
    refused("", "is empty");
    refused(std::string(64, 'x'), "63 bytes");
    refused(std::string(61, 'x') + "\xE2\x82\xAC", "63 bytes"); // 62 characters, 64 bytes
    refused(std::string(10'000, 'x'), "63 bytes");
}

TEST_CASE("identifiers are UTF-8 without NUL", "[sql][unit]") {
    refused(std::string{"a\0b", 3}, "NUL");
    refused("\xC0\x27", "UTF-8");
    refused("\xBF\x5C", "UTF-8");
    refused("\xC0\xA7", "UTF-8");         // overlong '
    refused("\xED\xA0\x80", "UTF-8");     // surrogate
    refused("\xF4\x90\x80\x80", "UTF-8"); // above U+10FFFF
    refused("caf\xC3", "UTF-8");          // truncated
}

TEST_CASE("a refused identifier is shown bounded and printable", "[sql][unit]") {
    CHECK_THROWS_MATCHES(quote_identifier("a\xFF\n"), corm::MappingError,
                         MessageMatches(ContainsSubstring("identifier \"a\\xff\\x0a\"")));
    try {
        static_cast<void>(quote_identifier(std::string(9'999, '\xC3')));
        FAIL("accepted");
    } catch (const corm::MappingError& error) {
        CHECK(std::string_view{error.what()}.size() < 500);
    }
    std::string long_name;
    while (long_name.size() < 200)
        long_name += "\xE2\x82\xAC";
    // 80 is no multiple of 3: the cut falls between characters.
    CHECK_THROWS_MATCHES(quote_identifier(long_name), corm::MappingError,
                         MessageMatches(ContainsSubstring(long_name.substr(0, 78) + "...\"")));
}

TEST_CASE("a refused identifier leaves the text as it was", "[sql][unit]") {
    std::string out = "SELECT ";
    CHECK_THROWS_AS(corm::sql::append_identifier(out, ""), corm::MappingError);
    CHECK(out == "SELECT ");
}
