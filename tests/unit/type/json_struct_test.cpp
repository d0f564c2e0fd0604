#include <corm/type/types.hpp>

#include "unit/type/support.hpp"

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/json.hpp>

#include <cmath>
#include <limits>
#include <random>

namespace shop {

enum class Kind { home, work };
BOOST_DESCRIBE_ENUM(Kind, home, work)

struct Point {
    double x = 0;
    float y = 0;
};
BOOST_DESCRIBE_STRUCT(Point, (), (x, y))

struct Named {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(Named, (), (name))

struct Address : Named {
    std::optional<std::string> zip{};
    Kind kind = Kind::home;
    std::vector<Point> points{};
    std::optional<Point> entrance{};
    std::vector<std::vector<bool>> flags{};
    std::int16_t floor = 0;
    std::uint64_t big = 0;
    bool active = false;
};
BOOST_DESCRIBE_STRUCT(Address, (Named), (zip, kind, points, entrance, flags, floor, big, active))
constexpr auto corm_json(corm::type<Address>) {
    return corm::types::as_jsonb;
}

struct Coded {
    corm::types::Numeric amount{};
    corm::types::Uuid id{};
    corm::types::Timestamp at{};
    std::chrono::year_month_day day{std::chrono::sys_days{}};
    std::chrono::seconds wait{};
    corm::types::Bytes bytes{};
    boost::json::value any{};
    std::optional<corm::types::TimeOfDay> opens{};
};
BOOST_DESCRIBE_STRUCT(Coded, (), (amount, id, at, day, wait, bytes, any, opens))
constexpr auto corm_json(corm::type<Coded>) {
    return corm::types::as_json;
}

struct Tree {
    std::int32_t value = 0;
    std::vector<Tree> children{};
};
BOOST_DESCRIBE_STRUCT(Tree, (), (value, children))
constexpr auto corm_json(corm::type<Tree>) {
    return corm::types::as_jsonb;
}

struct Nothing {};
BOOST_DESCRIBE_STRUCT(Nothing, (), ())
constexpr auto corm_json(corm::type<Nothing>) {
    return corm::types::as_jsonb;
}

} // namespace shop

using namespace corm;
using namespace corm::types;
using namespace corm::test;
using namespace std::chrono;
using shop::Address;
using shop::Coded;
using shop::Tree;

namespace {

Address sample() {
    Address address;
    address.name = "a \"quoted\" ☃";
    address.zip = "12345";
    address.kind = shop::Kind::work;
    address.points = {{0.1, 0.1F}, {-1e300, 3.4028235e38F}};
    address.entrance = shop::Point{2, 0.5F};
    address.flags = {{true, false}, {}};
    address.floor = -3;
    address.big = std::numeric_limits<std::uint64_t>::max();
    address.active = true;
    return address;
}

// Boost.JSON's own functions are off by a unit in the last place for some doubles.
boost::json::value sample_document() {
    return decoded<boost::json::value>(literal(sample()), oids::json);
}

std::string with(std::string_view member, const boost::json::value& value) {
    boost::json::value document = sample_document();
    document.as_object()[member] = value;
    return literal(document);
}

std::string without(std::string_view member) {
    boost::json::value document = sample_document();
    document.as_object().erase(member);
    return literal(document);
}

template <class T = Address>
std::string problem(const std::string& document) {
    return decode_problem<T>(document, oids::json);
}

Tree chain(int length) {
    Tree tree;
    for (int i = 1; i < length; ++i) {
        Tree parent;
        parent.children.push_back(std::move(tree));
        tree = std::move(parent);
    }
    return tree;
}

} // namespace

TEST_CASE("a described struct is a JSON document", "[type][unit]") {
    CHECK(literal(Address{}) == R"({"name":"","zip":null,"kind":"home","points":[],"entrance":null,"flags":[],)"
                                R"("floor":0,"big":0,"active":false})");
    CHECK(literal(sample()) ==
          R"({"name":"a \"quoted\" ☃","zip":"12345","kind":"work",)"
          R"("points":[{"x":0.1,"y":0.1},{"x":-1e+300,"y":3.4028234663852886e+38}],"entrance":{"x":2.0,"y":0.5},)"
          R"("flags":[[true,false],[]],"floor":-3,"big":18446744073709551615,"active":true})");
    CHECK(survives(sample()));
    CHECK(survives(Address{}));
    CHECK(encoded(sample()) == "\1" + literal(sample()));
    CHECK(literal(decoded<Address>(encoded(sample()), oids::jsonb)) == literal(sample()));
    CHECK(Codec<Address>::oid == oids::jsonb);
    CHECK(Codec<Address>::array_oid == oids::jsonb_array);
    CHECK(Codec<Address>::sql_type() == "jsonb");
    CHECK(Codec<Coded>::oid == oids::json);
    CHECK(Codec<Coded>::sql_type() == "json");
    STATIC_CHECK(ColumnValue<std::optional<Address>>);
    STATIC_CHECK(ColumnValue<std::vector<Address>>);
    STATIC_CHECK_FALSE(Codable<shop::Point>);
    CHECK(encoded(shop::Nothing{}) == "\1{}");
    CHECK(survives(shop::Nothing{}));
}

TEST_CASE("members with a codec are strings in a document", "[type][unit]") {
    Coded coded;
    coded.amount = Numeric{"12.50"};
    coded.id = Uuid::from_string("0188a5eb-7c2f-7abc-9def-0123456789ab");
    coded.at = sys_days{year{2024} / 2 / 29} + 1us;
    coded.day = year{0} / 3 / 1;
    coded.wait = 90s;
    coded.bytes = {std::byte{0}, std::byte{255}};
    coded.any = {{"a", {1, nullptr}}};
    coded.opens = TimeOfDay{8h};
    CHECK(literal(coded) == R"({"amount":"12.50","id":"0188a5eb-7c2f-7abc-9def-0123456789ab",)"
                            R"("at":"2024-02-29 00:00:00.000001+00","day":"0001-03-01 BC",)"
                            R"("wait":"+0 mons +0 days +00:01:30.000000","bytes":"\\x00ff","any":{"a":[1,null]},)"
                            R"("opens":"08:00:00.000000"})");
    CHECK(survives(coded));
    CHECK(encoded(coded) == literal(coded)); // json has no version byte
    std::string text = literal(coded);
    text.replace(text.find("\"12.50\""), 7, "12");
    CHECK(decoded<Coded>(text, oids::jsonb, Format::text).amount == Numeric{12});
    text.replace(text.find("\"amount\":12"), 11, "\"amount\":1.5");
    CHECK(problem<Coded>(text) == "JSON member 'amount' is no string");
    CHECK(contains(problem<Coded>(R"({"amount":"12x"})"), "JSON member 'amount': "));
    coded.day = year{2023} / 2 / 29;
    CHECK(problem_of([&] { encoded(coded); }) ==
          "JSON member 'day': a std::chrono::year_month_day that is not ok() is no date");
}

TEST_CASE("what a document must not lack or hold is told by its path", "[type][unit]") {
    CHECK(problem(without("floor")) ==
          "JSON member 'floor' is missing; make it a std::optional if documents may leave it out");
    CHECK(decoded<Address>(without("zip"), oids::json).zip == std::nullopt);
    CHECK(problem(with("extra", 1)) ==
          "JSON member 'extra' is unknown to the struct, which would lose it; add a member of that name");
    CHECK(problem(with("some@body.org", 1)) ==
          "the JSON document has a member that the struct does not have, and would lose; add one of that name");
    CHECK(problem(with("points", {{{"x", 1}, {"y", 2}}, {{"x", 1}}})) ==
          "JSON member 'points[1].y' is missing; make it a std::optional if documents may leave it out");
    CHECK(problem(with("entrance", {{"x", 1}, {"y", 2}, {"z", 3}})) ==
          "JSON member 'entrance.z' is unknown to the struct, which would lose it; add a member of that name");
    CHECK(problem(with("flags", {{true}, {true, 1}})) == "JSON member 'flags[1][1]' is neither true nor false");
    CHECK(problem("null") == "the JSON document is null; make it a std::optional if it may be");
    CHECK(problem("[]") == "the JSON document is no object");
    CHECK(contains(problem("{"), "malformed json"));
    CHECK(contains(decode_problem<Address>("{}", oids::text), "OID 25 cannot be read into a struct kept as JSON"));
}

TEST_CASE("a value that its member does not hold is refused", "[type][unit]") {
    CHECK(problem(with("floor", 32768)) == "JSON member 'floor' does not fit into its integer type");
    CHECK(problem(with("floor", 1.0)) == "JSON member 'floor' is no integer");
    CHECK(problem(with("floor", nullptr)) == "JSON member 'floor' is null; make it a std::optional if it may be");
    CHECK(problem(with("big", -1)) == "JSON member 'big' does not fit into its integer type");
    CHECK(decoded<Address>(with("big", 5), oids::json).big == 5);
    CHECK(problem(with("name", 1)) == "JSON member 'name' is no string");
    CHECK(problem(with("kind", "Home")) == "JSON member 'kind' is none of the enumerators of its enum; add it to the "
                                           "enum and its BOOST_DESCRIBE_ENUM");
    CHECK(problem(with("points", "none")) == "JSON member 'points' is no array");
    CHECK(problem(with("points", nullptr)) == "JSON member 'points' is null; make it a std::optional if it may be");
    const auto entrance = [](const boost::json::value& x, const boost::json::value& y) {
        return with("entrance", {{"x", x}, {"y", y}});
    };
    CHECK(decoded<Address>(entrance(5, 16777216), oids::json).entrance->y == 16777216.0F);
    CHECK(decoded<Address>(entrance(std::uint64_t{1} << 63, 1), oids::json).entrance->x == 0x1p63);
    constexpr std::string_view inexact = "is an integer that its floating-point type does not hold exactly";
    CHECK(contains(problem(entrance(9007199254740993, 1)), inexact));
    CHECK(contains(problem(entrance(std::numeric_limits<std::int64_t>::max(), 1)), inexact));
    CHECK(contains(problem(entrance(std::numeric_limits<std::uint64_t>::max(), 1)), inexact));
    CHECK(contains(problem(entrance(1, 16777217)), inexact));
    CHECK(problem(entrance(1, 1e39)) == "JSON member 'entrance.y' is beyond the range of float");
    CHECK(problem(entrance("1", 1)) == "JSON member 'entrance.x' is no number");
}

TEST_CASE("what JSON does not hold is refused before it is sent", "[type][unit]") {
    Address address = sample();
    address.points[1].x = std::numeric_limits<double>::quiet_NaN();
    CHECK(problem_of([&] { encoded(address); }) ==
          "JSON member 'points[1].x': JSON has no NaN and no infinity; use null");
    address.points[1] = {0, std::numeric_limits<float>::infinity()};
    CHECK(contains(problem_of([&] { encoded(address); }), "JSON member 'points[1].y': JSON has no NaN"));
    address = sample();
    address.name = std::string("a\0b", 3);
    CHECK(contains(problem_of([&] { encoded(address); }), "JSON member 'name': text holds a NUL at byte 1"));
    address = sample();
    address.kind = static_cast<shop::Kind>(9);
    CHECK(problem_of([&] { encoded(address); }) == "JSON member 'kind' is none of the enumerators of its enum");
}

TEST_CASE("a struct may hold vectors of itself, to the depth of JSON", "[type][unit]") {
    CHECK(literal(chain(2)) == R"({"value":0,"children":[{"value":0,"children":[]}]})");
    CHECK(survives(chain(json_depth_limit / 2)));
    CHECK(problem_of([] { encoded(chain(json_depth_limit / 2 + 1)); }) == "JSON value nested deeper than 256 levels");
    CHECK_FALSE(Codec<Tree>::same(chain(3), chain(4)));
    Coded coded;
    for (int i = 1; i < json_depth_limit - 1; ++i)
        coded.any = boost::json::array{coded.any};
    CHECK(survives(coded));
    coded.any = boost::json::array{coded.any};
    coded.any = boost::json::array{coded.any};
    CHECK(contains(problem_of([&] { encoded(coded); }), "nested deeper"));
}

TEST_CASE("structs kept as JSON compare member by member", "[type][unit]") {
    const auto differs = [](auto change) {
        Address other = sample();
        change(other);
        return !Codec<Address>::same(sample(), other) && !Codec<Address>::same(other, sample());
    };
    CHECK(Codec<Address>::same(sample(), sample()));
    CHECK(differs([](Address& a) { a.name += "x"; }));
    CHECK(differs([](Address& a) { a.zip.reset(); }));
    CHECK(differs([](Address& a) { a.zip = "1"; }));
    CHECK(differs([](Address& a) { a.kind = shop::Kind::home; }));
    CHECK(differs([](Address& a) { a.points.pop_back(); }));
    CHECK(differs([](Address& a) { a.points[0].y = 1; }));
    CHECK(differs([](Address& a) { a.flags[0][1] = true; }));
    Coded one, other;
    one.any = 5;
    other.any = 5.0;
    CHECK(Codec<Coded>::same(one, other));
    other.amount = Numeric{"0.0"};
    CHECK_FALSE(Codec<Coded>::same(one, other));
}

TEST_CASE("every float survives in a document", "[type][unit]") {
    std::mt19937 random{6};
    Address address;
    address.entrance.emplace();
    for (int i = 0; i < 5000; ++i) {
        const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
        if (!std::isfinite(value))
            continue;
        address.entrance->y = value;
        REQUIRE(decoded<Address>(encoded(address), oids::jsonb).entrance->y == value);
    }
}
