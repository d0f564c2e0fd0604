#include <corm/type/json.hpp>

#include "unit/type/support.hpp"

#include <boost/json.hpp>

#include <limits>
#include <random>

using namespace corm;
using namespace corm::types;
using namespace corm::test;
namespace json = boost::json;

namespace {

json::value nested(int depth) {
    json::value value = 1;
    for (int i = 0; i < depth; ++i)
        value = i % 2 == 0 ? json::value(json::array{value}) : json::value(json::object{{"k", value}});
    return value;
}

json::value read(const std::string& text) {
    return decoded<json::value>("\1" + text, oids::jsonb);
}

std::string read_problem(const std::string& text) {
    return decode_problem<json::value>("\1" + text, oids::jsonb);
}

} // namespace

TEST_CASE("JSON survives with its kinds", "[type][unit]") {
    for (const json::value& value :
         {json::value(), json::value(true), json::value(-5), json::value(std::numeric_limits<std::uint64_t>::max()),
          json::value(std::numeric_limits<std::int64_t>::min()), json::value(0.1), json::value(5.0), json::value(1e19),
          json::value(-1.7976931348623157e308), json::value(5e-324), json::value(""), json::value("a\"b\\c/\n\t\x01 ☃"),
          json::value(json::array()), json::value(json::object()),
          json::value(json::array({"k", 1, nullptr, json::array({2.5, "x"})})),
          json::value(json::object({{"a", 1}, {"b", json::object({{"c", json::array({1, 2})}})}}))}) {
        CAPTURE(json::serialize(value));
        CHECK(survives(value));
        const json::value back = read(literal(value));
        CHECK(back == value); // kinds as well
        CHECK(decoded<json::value>(literal(value), oids::json) == value);
        CHECK(decoded<json::value>(literal(value), oids::jsonb, Format::text) == value);
    }
    CHECK(encoded(json::value(json::object{{"a", json::array{1, 2.0, "x"}}})) == "\1{\"a\":[1,2.0,\"x\"]}");
}

TEST_CASE("random doubles in JSON survive exactly", "[type][unit]") {
    std::mt19937_64 random{8};
    for (int i = 0; i < 5000; ++i) {
        const auto value = std::bit_cast<double>(random());
        if (!std::isfinite(value))
            continue;
        REQUIRE(read(literal(json::value(value))).get_double() == value);
    }
}

TEST_CASE("large JSON integers are read when a double holds them", "[type][unit]") {
    CHECK(read("18446744073709551615").get_uint64() == 18446744073709551615U);
    CHECK(read("100000000000000000000").get_double() == 1e20);
    CHECK(read("1" + std::string(300, '0')).get_double() == 1e300);
    CHECK(read("-1" + std::string(300, '0')).get_double() == -1e300);
    CHECK(read("0.1000000000000000055511151231257827").get_double() == 0.1);
    CHECK(contains(read_problem("100000000000000000001"), "fits neither 64 bits nor a double"));
    CHECK(contains(read_problem("[18446744073709551616123]"), "fits neither 64 bits nor a double"));
    CHECK(contains(read_problem("1" + std::string(400, '0')), "beyond the range of double"));
    CHECK(contains(read_problem("1e400"), "beyond the range of double"));
}

TEST_CASE("JSON that PostgreSQL cannot hold is refused before it is sent", "[type][unit]") {
    const std::string nul("a\0b", 3);
    CHECK(contains(problem_of([&] { encoded(json::value(nul)); }), "text holds a NUL at byte 1"));
    CHECK(contains(problem_of([&] { literal(json::value(json::object{{nul, 1}})); }), "text holds a NUL at byte 1"));
    CHECK(contains(problem_of([&] { encoded(json::value("\xed\xa0\x80")); }), "not valid UTF-8"));
    CHECK(contains(problem_of([&] { encoded(json::value(json::array{{"\xff", 1}})); }), "not valid UTF-8"));
    for (const double bad : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
        CHECK(problem_of([&] { encoded(json::value(bad)); }) == "JSON has no NaN and no infinity; use null");
}

TEST_CASE("the depth of JSON is bounded, both ways alike", "[type][unit]") {
    CHECK(survives(nested(json_depth_limit)));
    CHECK(problem_of([] { encoded(nested(json_depth_limit + 1)); }) == "JSON value nested deeper than 256 levels");
    json::value empty = json::array();
    for (int i = 1; i < json_depth_limit; ++i)
        empty = json::array{empty};
    CHECK(survives(empty));
    CHECK(contains(problem_of([&] { encoded(json::value(json::array{empty})); }), "nested deeper than 256"));
    CHECK(read_problem(std::string(json_depth_limit + 1, '[') + std::string(json_depth_limit + 1, ']')) ==
          "JSON value nested deeper than 256 levels");
    CHECK(contains(read_problem(std::string(1'000'000, '[')), "nested deeper"));
}

TEST_CASE("malformed JSON is refused", "[type][unit]") {
    for (const std::string text :
         {"", " ", "{", "[1,]", "{\"a\":}", "tru", "1 2", "nul", "\"\xff\"", "'a'", "01", "[1] x", "// c\n1"}) {
        CAPTURE(text);
        CHECK(contains(read_problem(text), "malformed jsonb"));
        CHECK(contains(decode_problem<json::value>(text, oids::json), "malformed json"));
    }
    CHECK(contains(decode_problem<json::value>("\2{}", oids::jsonb), "unknown version"));
    CHECK(contains(decode_problem<json::value>("", oids::jsonb), "unknown version"));
    CHECK(contains(decode_problem<json::value>("{}", oids::text), "OID 25"));
    CHECK(decoded<json::value>(" [ 1 , 2 ] \n", oids::json) == json::value({1, 2}));
}

TEST_CASE("JSON compares by structure, numbers by value", "[type][unit]") {
    const auto same = [](const json::value& a, const json::value& b) {
        CHECK(Codec<json::value>::same(a, b) == Codec<json::value>::same(b, a));
        return Codec<json::value>::same(a, b);
    };
    CHECK(same(5, 5.0));
    CHECK(same(5U, 5));
    CHECK(same(1e19, 10000000000000000000U));
    CHECK(same(0.0, -0.0));
    CHECK_FALSE(same(9007199254740993, 9007199254740992.0));
    CHECK_FALSE(same(5, "5"));
    CHECK_FALSE(same(nullptr, false));
    CHECK(same(json::object{{"a", 1}, {"b", 2.0}}, json::object{{"b", 2}, {"a", 1}}));
    CHECK_FALSE(same(json::object{{"a", 1}}, json::object{{"b", 1}}));
    CHECK_FALSE(same(json::object{{"a", 1}}, json::object{{"a", 1}, {"b", 1}}));
    CHECK(same(json::array{1, json::array{2.0}}, json::array{1.0, json::array{2}}));
    CHECK_FALSE(same(json::array{1, 2}, json::array{2, 1}));
    CHECK_FALSE(same(json::array{1}, json::array{1, 1}));
    CHECK(same(std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()));
}

TEST_CASE("JSON is read into the memory of its target", "[type][unit]") {
    json::monotonic_resource memory;
    json::value target(json::storage_ptr{&memory});
    Codec<json::value>::decode(field("\1[1,\"two\"]", oids::jsonb), target);
    CHECK(target.storage().get() == &memory);
    CHECK(target.at(1).get_string() == "two");
}

TEST_CASE("the text of a JSON document stays as it is", "[type][unit]") {
    const JsonText document{"{ \"b\" : 1.10, \"a\":2, \"a\": 12345678901234567890123 }"};
    CHECK(survives(document));
    CHECK(encoded(document) == document.text);
    CHECK(literal(document) == document.text);
    CHECK(decoded<JsonText>("\1[1]", oids::jsonb).text == "[1]");
    CHECK(decoded<JsonText>("[1]", oids::jsonb, Format::text).text == "[1]");
    CHECK(JsonText{}.text == "null");
    CHECK_FALSE(Codec<JsonText>::same(JsonText{"1"}, JsonText{"1.0"}));
    CHECK(contains(problem_of([] { encoded(JsonText{std::string("\"\0\"", 3)}); }), "text holds a NUL at byte 1"));
    CHECK(contains(decode_problem<JsonText>("[1]", oids::text), "cannot be read into corm::types::JsonText"));
    CHECK(contains(decode_problem<JsonText>("[1]", oids::jsonb), "unknown version"));
}
