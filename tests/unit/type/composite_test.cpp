#include <corm/type/composite.hpp>

#include "unit/type/support.hpp"

#include <corm/type/bit_string.hpp>
#include <corm/type/bytes.hpp>
#include <corm/type/detail/json_column.hpp>
#include <corm/type/hstore.hpp>
#include <corm/type/multirange.hpp>
#include <corm/type/network.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

namespace geo {

enum class Side { left, right };
BOOST_DESCRIBE_ENUM(Side, left, right)
constexpr auto corm_enum(corm::type<Side>) {
    return corm::types::pg_enum("side");
}

struct Named {
    std::string name{};
};
BOOST_DESCRIBE_STRUCT(Named, (), (name))

struct Place : Named {
    std::int32_t x = 0;
    std::optional<double> y{};
};
BOOST_DESCRIBE_STRUCT(Place, (Named), (x, y))
constexpr auto corm_composite(corm::type<Place>) {
    return corm::pg_composite("place");
}

struct Trip {
    Place from{};
    std::vector<std::optional<Place>> stops{};
    std::optional<Side> side{};
    corm::Range<std::int32_t> hours{};
};
BOOST_DESCRIBE_STRUCT(Trip, (), (from, stops, side, hours))
constexpr auto corm_composite(corm::type<Trip>) {
    return corm::pg_composite("Trip", "geo");
}

struct Nothing {};
BOOST_DESCRIBE_STRUCT(Nothing, (), ())
constexpr auto corm_composite(corm::type<Nothing>) {
    return corm::pg_composite("nothing");
}

} // namespace geo

using namespace corm;
using namespace corm::types;
using namespace corm::test;
using geo::Place;
using geo::Trip;

namespace {

constexpr Oid user_type = oids::first_user_oid;

Place place(std::string name, std::int32_t x, std::optional<double> y = {}) {
    Place made;
    made.name = std::move(name);
    made.x = x;
    made.y = y;
    return made;
}

/// One field of a row: its type, its length and its bytes.
std::string put_field(Oid oid, const std::string& value) {
    std::string out;
    put_big_endian(out, oid);
    put_int32(out, static_cast<std::int32_t>(value.size()));
    return out + value;
}
std::string null_field(Oid oid) {
    std::string out;
    put_big_endian(out, oid);
    put_int32(out, -1);
    return out;
}

} // namespace

TEST_CASE("composites are written as rows of text", "[type][unit]") {
    CHECK(literal(place("a", 1, 2.5)) == "(a,1,2.5)");
    CHECK(literal(place("", -1)) == "(\"\",-1,)");
    CHECK(literal(place("a \"b\" \\ (c)", 1)) == "(\"a \"\"b\"\" \\\\ (c)\",1,)");
    CHECK(literal(place("null", 1)) == "(null,1,)");
    CHECK(literal(geo::Nothing{}) == "()");
    Trip trip;
    trip.from = place("a b", 1);
    trip.stops = {place("c", 2, 0.5), std::nullopt};
    trip.side = geo::Side::right;
    trip.hours = {8, 12};
    CHECK(literal(trip) == R"x(("(""a b"",1,)","{""(c,2,0.5)"",NULL}",right,"[8,12)"))x");
    CHECK(Codec<Trip>::same(decoded<Trip>(literal(trip), oids::text, Format::text), trip));
    CHECK(Codec<Place>::sql_type() == "\"place\"");
    CHECK(Codec<Trip>::sql_type() == "\"geo\".\"Trip\"");
    CHECK(Codec<Place>::oid == 0);
    CHECK(value_type<std::optional<Place>>.fields == value_type<Place>.fields);
    CHECK(value_type<std::vector<Place>>.element == &value_type<Place>);
    CHECK(value_type<Place>.fields->count == 3);
    CHECK(value_type<Place>.fields->fields[0].name == "name");
}

TEST_CASE("composites are read from bytes, field by field", "[type][unit]") {
    std::string good;
    put_int32(good, 3);
    good += put_field(oids::text, "a b") + put_field(oids::int4, bytes({0, 0, 0, 7})) + null_field(oids::float8);
    for (const Oid oid : {user_type, oids::record}) {
        const Place read = decoded<Place>(good, oid);
        CHECK(read.name == "a b");
        CHECK(read.x == 7);
        CHECK_FALSE(read.y);
    }
    CHECK(contains(decode_problem<Place>(good, oids::int4), "OID 23"));
    CHECK(contains(decode_problem<Place>(good + "x", user_type), "malformed \"place\""));
    CHECK_NOTHROW(decoded<geo::Nothing>(bytes({0, 0, 0, 0}), user_type));
}

TEST_CASE("fields that do not match the struct are named", "[type][unit]") {
    const auto row = [](std::initializer_list<std::string> fields) {
        std::string out;
        put_int32(out, static_cast<std::int32_t>(fields.size()));
        for (const std::string& each : fields)
            out += each;
        return out;
    };
    const std::string name = put_field(oids::text, "a"), x = put_field(oids::int4, bytes({0, 0, 0, 7})),
                      y = null_field(oids::float8);
    CHECK(contains(decode_problem<Place>(row({name, x}), user_type),
                   "a value of 2 fields cannot be read into the struct of 3 members for \"place\", the first of them "
                   "without a field is 'y'"));
    CHECK(contains(decode_problem<Place>(row({name, x, y, y}), user_type), "a value of 4 fields"));
    CHECK(contains(decode_problem<Place>(row({name, put_field(oids::boolean, bytes({1})), y}), user_type),
                   "field 'x' of \"place\": column of type with OID 16"));
    CHECK(contains(decode_problem<Place>(row({null_field(oids::text), x, y}), user_type),
                   "field 'name' of \"place\": NULL cannot be read"));
    CHECK(contains(
        decode_problem<Place>(row({name, put_field(oids::int8, bytes({1, 0, 0, 0, 0, 0, 0, 0})), y}), user_type),
        "field 'x' of \"place\": "));
    // Counts and lengths are not believed.
    CHECK(contains(decode_problem<Place>(bytes({0x7f, 0xff, 0xff, 0xff}), user_type), "malformed"));
    CHECK(contains(decode_problem<Place>(
                       bytes({0, 0, 0, 3, 0, 0, 0, 25, 0x7f, 0xff, 0xff, 0xff}) + std::string(24, 'x'), user_type),
                   "malformed"));
    for (const char* bad : {"", "(", "()", "(a)", "(a,1)", "(a,1,2,3)", "(a,1,2)x", "(a,\"1,2)", "(a,x,)"}) {
        CAPTURE(bad);
        CHECK(decode_problem<Place>(bad, oids::text, Format::text) != "");
    }
    CHECK(
        contains(problem_of([] { static_cast<void>(literal(place("\xff", 1))); }), "field 'name' of \"place\": text"));
}

TEST_CASE("a composite in a composite is named by both", "[type][unit]") {
    std::string bad;
    put_int32(bad, 4);
    bad += put_field(user_type, bytes({0, 0, 0, 0}));
    bad += null_field(user_type) + null_field(user_type) + null_field(user_type);
    CHECK(contains(decode_problem<Trip>(bad, user_type), "field 'from' of \"geo\".\"Trip\": a value of 0 fields"));
}

TEST_CASE("hstore is a map of text", "[type][unit]") {
    const Hstore some{{"a", "1"}, {"b \"c\"", std::nullopt}, {"\\", ""}};
    CHECK(literal(some) == R"("\\"=>"", "a"=>"1", "b \"c\""=>NULL)");
    CHECK(literal(Hstore{}).empty());
    CHECK(decoded<Hstore>(literal(some), oids::text, Format::text) == some);
    CHECK(decoded<Hstore>("", oids::text, Format::text).empty());
    const std::string good =
        bytes({0, 0, 0, 2, 0, 0, 0, 1, 'a', 0, 0, 0, 1, '1', 0, 0, 0, 1, 'b', 0xff, 0xff, 0xff, 0xff});
    CHECK(decoded<Hstore>(good, user_type) == Hstore{{"a", "1"}, {"b", std::nullopt}});
    CHECK(contains(decode_problem<Hstore>(good, oids::text), "OID 25"));
    CHECK(contains(decode_problem<Hstore>(good + "x", user_type), "malformed hstore"));
    CHECK(contains(decode_problem<Hstore>(good.substr(0, 12), user_type), "malformed hstore"));
    CHECK(contains(decode_problem<Hstore>(bytes({0x7f, 0xff, 0xff, 0xff}), user_type), "malformed hstore"));
    CHECK(contains(decode_problem<Hstore>(bytes({0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}), user_type),
                   "malformed hstore"));
    for (const char* bad : {"a", "\"a", "\"a\"", "\"a\"=>", "\"a\"=>1", "\"a\"=>\"1\" \"b\"=>\"1\"", "\"a\"=>\"1\",",
                            "\"a\"=>\"1\", \"a\"=>\"2\"", "\"a\\"}) {
        CAPTURE(bad);
        CHECK(decode_problem<Hstore>(bad, oids::text, Format::text) != "");
    }
    CHECK(contains(problem_of([] { static_cast<void>(literal(Hstore{{"\xff", ""}})); }), "UTF-8"));
}

TEST_CASE("values of types in headers of their own as JSON", "[type][unit]") {
    const auto json = [](const auto& value) {
        std::string out;
        types::detail::write_json_column(value, out, {});
        return out;
    };
    Trip trip;
    trip.from = place("a", 1, 0.5);
    trip.stops = {std::nullopt};
    CHECK(json(trip) == R"({"from":{"name":"a","x":1,"y":0.5},"stops":[null],"side":null,"hours":"empty"})");
    CHECK(json(std::vector<Range<std::int32_t>>{{1, 3}}) == R"x(["[1,3)"])x");
    CHECK(json(MultiRange<std::int32_t>{{1, 3}}) == R"x("{[1,3)}")x");
    CHECK(json(Inet::from_string("::1")) == R"("::1")");
    CHECK(json(MacAddr{}) == R"("00:00:00:00:00:00")");
    CHECK(json(std::optional<BitString>{BitString(3, true)}) == R"("111")");
    CHECK(json(std::bitset<2>{1}) == R"("01")");
    CHECK(json(Hstore{{"a", "1"}, {"b", std::nullopt}}) == R"({"a":"1","b":null})");
    CHECK(json(Hstore{}) == "{}");
}
