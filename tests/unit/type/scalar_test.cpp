#include <corm/type/scalar.hpp>

#include <corm/type/numeric.hpp>

#include "unit/type/support.hpp"

#include <catch2/catch_template_test_macros.hpp>

#include <cmath>
#include <limits>
#include <random>

using namespace corm;
using namespace corm::types;
using namespace corm::test;

TEMPLATE_TEST_CASE("integers survive the way through bytes", "[type][unit]", std::int16_t, std::int32_t, std::int64_t,
                   long long) {
    using Limits = std::numeric_limits<TestType>;
    for (const TestType value : {TestType{0}, TestType{1}, TestType{-1}, Limits::min(), Limits::max()}) {
        CHECK(survives(value));
        CHECK(literal(value) == std::to_string(value));
        CHECK(decoded<TestType>(std::to_string(value), Codec<TestType>::oid, Format::text) == value);
        CHECK(decoded<TestType>(encoded(Numeric{value}), oids::numeric) == value);
    }
    std::mt19937_64 random{1};
    for (int i = 0; i < 1000; ++i)
        REQUIRE(survives(static_cast<TestType>(random())));
}

TEST_CASE("the distinct 64-bit integers share one type", "[type][unit]") {
    CHECK(Codec<long>::oid == oids::int8);
    CHECK(Codec<long long>::oid == oids::int8);
    CHECK(Codec<long long>::sql_type() == "int8");
    CHECK(value_type<std::int32_t>.integer);
    CHECK_FALSE(value_type<bool>.integer);
    CHECK_FALSE(value_type<double>.integer);
}

TEST_CASE("F66: integers widen freely and narrow with a check", "[type][unit][F66]") {
    CHECK(decoded<std::int64_t>(encoded(std::int16_t{-7}), oids::int2) == -7);
    CHECK(decoded<std::int16_t>(encoded(std::int64_t{-7}), oids::int8) == -7);
    CHECK(decoded<std::int32_t>(encoded(std::int64_t{2147483647}), oids::int8) == 2147483647);
    CHECK(decoded<std::int64_t>(bytes({0xff, 0xff, 0xff, 0xff}), oids::oid) == 4294967295);
    CHECK(decode_problem<std::int32_t>(encoded(std::int64_t{2147483648}), oids::int8) ==
          "the value does not fit into int4; read it into a wider type");
    CHECK(contains(decode_problem<std::int16_t>(encoded(std::int32_t{-32769}), oids::int4), "does not fit into int2"));
    CHECK(contains(decode_problem<std::int32_t>(bytes({0xff, 0xff, 0xff, 0xff}), oids::oid), "does not fit"));
    CHECK(contains(decode_problem<std::int16_t>("32768", oids::int4, Format::text), "does not fit"));
    CHECK(contains(decode_problem<std::int64_t>("9223372036854775808", oids::int8, Format::text), "does not fit"));
}

TEST_CASE("numeric is read into an integer only when integral and in range", "[type][unit]") {
    CHECK(decoded<std::int32_t>(encoded(Numeric{"120000.00"}), oids::numeric) == 120000);
    CHECK(contains(decode_problem<std::int32_t>(encoded(Numeric{"0.5"}), oids::numeric), "does not fit"));
    CHECK(contains(decode_problem<std::int32_t>(encoded(Numeric{"2147483648"}), oids::numeric), "does not fit"));
    CHECK(contains(decode_problem<std::int64_t>(encoded(Numeric{"9223372036854775808"}), oids::numeric), "not fit"));
    CHECK(contains(decode_problem<std::int64_t>(encoded(Numeric::nan()), oids::numeric), "does not fit"));
}

TEST_CASE("integers refuse other types and wrong sizes", "[type][unit]") {
    CHECK(decode_problem<std::int32_t>("four", oids::text) ==
          "column of type with OID 25 cannot be read into int4; cast it in the query, or change the type it is read "
          "into");
    CHECK(contains(decode_problem<std::int64_t>(encoded(1.0), oids::float8), "OID 701"));
    CHECK(contains(decode_problem<std::int32_t>("abc", oids::int4), "malformed"));
    CHECK(contains(decode_problem<std::int32_t>("", oids::int4), "malformed"));
    CHECK(contains(decode_problem<std::int32_t>("1 ", oids::int4, Format::text), "malformed"));
    CHECK(contains(decode_problem<std::int32_t>("", oids::int4, Format::text), "malformed"));
}

TEST_CASE("bool is one byte, 0 or 1", "[type][unit]") {
    CHECK(survives(true));
    CHECK(survives(false));
    CHECK(encoded(true) == bytes({1}));
    CHECK(literal(true) == "t");
    CHECK(literal(false) == "f");
    CHECK(decoded<bool>("t", oids::boolean, Format::text));
    CHECK_FALSE(decoded<bool>("f", oids::boolean, Format::text));
    // As people write it, in a field of a form or a text of a record.
    CHECK(decoded<bool>("true", oids::boolean, Format::text));
    CHECK_FALSE(decoded<bool>("false", oids::boolean, Format::text));
    CHECK(contains(decode_problem<bool>("yes", oids::boolean, Format::text), "true or false"));
    CHECK(contains(decode_problem<bool>(bytes({2}), oids::boolean), "malformed bool"));
    CHECK(contains(decode_problem<bool>(bytes({}), oids::boolean), "malformed bool"));
    CHECK(contains(decode_problem<bool>(bytes({0, 1}), oids::boolean), "malformed bool"));
    CHECK(contains(decode_problem<bool>(encoded(std::int32_t{1}), oids::int4), "OID 23"));
}

TEMPLATE_TEST_CASE("floating-point values survive bit by bit", "[type][unit]", float, double) {
    using Limits = std::numeric_limits<TestType>;
    for (const TestType value :
         {TestType{0}, -TestType{0}, TestType(0.1), Limits::min(), Limits::max(), Limits::lowest(),
          Limits::denorm_min(), Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()}) {
        CAPTURE(value);
        CHECK(survives(value));
        CHECK(Codec<TestType>::same(decoded<TestType>(literal(value), Codec<TestType>::oid, Format::text), value));
    }
    CHECK(Codec<TestType>::same(Limits::quiet_NaN(), -Limits::quiet_NaN()));
    CHECK_FALSE(Codec<TestType>::same(Limits::quiet_NaN(), TestType{0}));
    CHECK_FALSE(Codec<TestType>::same(TestType{0}, -TestType{0}));
    CHECK(literal(TestType(0.1)) == "0.1");
    CHECK(literal(Limits::quiet_NaN()) == "NaN");
    CHECK(literal(-Limits::infinity()) == "-Infinity");
    CHECK(literal(-TestType{0}) == "-0");
    CHECK(contains(decode_problem<TestType>(bytes({0}), Codec<TestType>::oid), "malformed"));
    CHECK(contains(decode_problem<TestType>("x", Codec<TestType>::oid, Format::text), "malformed"));
    CHECK(contains(decode_problem<TestType>("1e999", Codec<TestType>::oid, Format::text), "does not fit"));
}

TEST_CASE("random doubles survive bytes and literals", "[type][unit]") {
    std::mt19937_64 random{2};
    for (int i = 0; i < 2000; ++i) {
        const auto value = std::bit_cast<double>(random());
        REQUIRE(survives(value));
        REQUIRE(Codec<double>::same(decoded<double>(literal(value), oids::float8, Format::text), value));
    }
}

TEST_CASE("floats convert only without loss", "[type][unit]") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    CHECK(decoded<double>(encoded(0.25F), oids::float4) == 0.25);
    CHECK(decoded<float>(encoded(0.25), oids::float8) == 0.25F);
    CHECK(decoded<float>(encoded(infinity), oids::float8) == std::numeric_limits<float>::infinity());
    CHECK(std::isnan(decoded<float>(encoded(std::nan("")), oids::float8)));
    CHECK(contains(decode_problem<float>(encoded(0.1), oids::float8), "does not fit into float4"));
    CHECK(contains(decode_problem<float>(encoded(1e300), oids::float8), "does not fit into float4"));
    CHECK(contains(decode_problem<float>(encoded(1e-300), oids::float8), "does not fit into float4"));
    CHECK(contains(decode_problem<double>(encoded(Numeric{"0.1"}), oids::numeric), "OID 1700"));
}

TEST_CASE("integers are read into floats where exact", "[type][unit]") {
    constexpr std::int64_t two_53 = std::int64_t{1} << 53;
    CHECK(decoded<double>(encoded(std::int32_t{-7}), oids::int4) == -7.0);
    CHECK(decoded<double>(encoded(two_53), oids::int8) == 9007199254740992.0);
    CHECK(decoded<double>(encoded(two_53 + 2), oids::int8) == 9007199254740994.0);
    CHECK(decoded<double>(encoded(std::numeric_limits<std::int64_t>::min()), oids::int8) == -9223372036854775808.0);
    CHECK(contains(decode_problem<double>(encoded(two_53 + 1), oids::int8), "does not fit into float8"));
    CHECK(contains(decode_problem<double>(encoded(std::numeric_limits<std::int64_t>::max()), oids::int8), "not fit"));
    CHECK(decoded<float>(encoded(std::int32_t{16777216}), oids::int4) == 16777216.0F);
    CHECK(contains(decode_problem<float>(encoded(std::int32_t{16777217}), oids::int4), "does not fit into float4"));
}

TEST_CASE("F67: NULL needs an optional", "[type][unit][F67]") {
    std::int32_t value = 5;
    const FieldView null{nullptr, 0, oids::int4, Format::binary};
    CHECK(problem_of([&] { value_type<std::int32_t>.decode(null, &value); }) ==
          "NULL cannot be read into a type that is not optional (int4); use std::optional");
    CHECK(value == 5);
}
