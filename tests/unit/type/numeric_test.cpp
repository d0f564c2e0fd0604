#include <corm/type/numeric.hpp>

#include <corm/type/bytes.hpp>
#include <corm/type/scalar.hpp>

#include "unit/type/support.hpp"

#include <cmath>
#include <limits>
#include <random>

using namespace corm;
using namespace corm::types;
using namespace corm::test;

namespace {

std::string words(std::initializer_list<int> values) {
    std::string out;
    for (const int value : values)
        put_big_endian(out, static_cast<std::uint16_t>(value));
    return out;
}

std::string parse_problem(const std::string& text) {
    return problem_of([&] { static_cast<void>(Numeric::from_string(text)); });
}

} // namespace

TEST_CASE("numeric text comes back as it was", "[type][unit]") {
    for (const std::string text : {"0",
                                   "1",
                                   "-1",
                                   "0.0",
                                   "0.00000",
                                   "1.50",
                                   "-1.50",
                                   "9999",
                                   "10000",
                                   "10001",
                                   "99999999",
                                   "100000000",
                                   "0.1",
                                   "0.0001",
                                   "0.00001",
                                   "0.00012345",
                                   "-0.000000000000000000001",
                                   "1234.5678",
                                   "12345.67890",
                                   "100000000000000000000000000000000000000000",
                                   "0.0000000000000000000000000000000000000001",
                                   "NaN",
                                   "Infinity",
                                   "-Infinity",
                                   "123456789012345678901234567890.123456789012345678901234567890"}) {
        CAPTURE(text);
        const Numeric value{text};
        CHECK(value.to_string() == text);
        CHECK(literal(value) == text);
        CHECK(survives(value));
        CHECK(decoded<Numeric>(encoded(value), oids::numeric).to_string() == text);
        CHECK(decoded<Numeric>(text, oids::numeric, Format::text).to_string() == text);
    }
}

TEST_CASE("other spellings of numeric are read", "[type][unit]") {
    struct Case {
        std::string_view from, to;
    };
    for (const Case& c : {Case{"+5", "5"},           Case{"-0", "0"},
                          Case{"-0.00", "0.00"},     Case{"007.50", "7.50"},
                          Case{".5", "0.5"},         Case{"5.", "5"},
                          Case{"1e3", "1000"},       Case{"1.5e1", "15"},
                          Case{"1.5E+3", "1500"},    Case{"1.500e1", "15.00"},
                          Case{"12e-3", "0.012"},    Case{"1e-8", "0.00000001"},
                          Case{"0e5", "0"},          Case{"0e-3", "0.000"},
                          Case{"nan", "NaN"},        Case{"0e999999999999", "0"},
                          Case{"INF", "Infinity"},   Case{"+infinity", "Infinity"},
                          Case{"-Inf", "-Infinity"}, Case{"00000000000000000000", "0"}}) {
        CAPTURE(c.from);
        CHECK(Numeric{c.from}.to_string() == c.to);
    }
}

TEST_CASE("what is no numeric is refused", "[type][unit]") {
    for (const std::string text : {"", "-", "+", ".", "e5", "1e", "1e+", "1.2.3", " 1", "1 ", "1,5", "0x10", "--1",
                                   "-nan", "infinit", "Infinityy", "1_000", "1e5.0"}) {
        CAPTURE(text);
        CHECK(parse_problem(text) ==
              "not a numeric: digits with at most one point and an exponent are needed, or NaN, Infinity");
    }
    CHECK(contains(parse_problem(std::string("1\0", 2)), "not a numeric"));
}

TEST_CASE("numeric ends where the server's does", "[type][unit]") {
    const std::string most(131072, '9');
    CHECK(Numeric{most}.to_string() == most);
    CHECK(survives(Numeric{most}));
    CHECK(contains(parse_problem(most + "9"), "at most 131072 digits"));
    CHECK(Numeric{"1e131071"}.to_string().size() == 131072);
    CHECK(contains(parse_problem("1e131072"), "at most"));
    CHECK(Numeric{"1e-16383"}.scale() == 16383);
    CHECK(survives(Numeric{"1e-16383"}));
    CHECK(contains(parse_problem("1e-16384"), "16383 after it"));
    CHECK(contains(parse_problem("1e999999999999999999999"), "at most"));
    CHECK(contains(parse_problem("1e-999999999999999999999"), "at most"));
    CHECK(Numeric{std::string(200'000, '0') + "1"}.to_string() == "1");
}

TEST_CASE("numeric is laid out as numeric_recv reads it", "[type][unit]") {
    CHECK(encoded(Numeric{}) == words({0, 0, 0, 0}));
    CHECK(encoded(Numeric{"-1.50"}) == words({2, 0, 0x4000, 2, 1, 5000}));
    CHECK(encoded(Numeric{"10000"}) == words({1, 1, 0, 0, 1}));
    CHECK(encoded(Numeric{"0.00012345"}) == words({2, -1, 0, 8, 1, 2345}));
    CHECK(encoded(Numeric{"0.00000001"}) == words({1, -2, 0, 8, 1}));
    CHECK(encoded(Numeric::nan()) == words({0, 0, 0xc000, 0}));
    CHECK(encoded(Numeric::infinity()) == words({0, 0, 0xd000, 0}));
    CHECK(encoded(-Numeric::infinity()) == words({0, 0, 0xf000, 0}));
}

TEST_CASE("hostile numerics are refused", "[type][unit]") {
    for (const std::string& raw :
         {words({}), words({0, 0, 0}), words({1, 0, 0, 0}), words({0, 0, 0, 0, 1}), words({1, 0, 0, 0, 10000}),
          words({1, 0, 0, 0, -1}), words({0, 0, 1, 0}), words({0, 0, 0, 16384}), words({1, 0, 0xc000, 0, 1}),
          words({2, 0, 0, 0, 1, 5000}), words({1, -1, 0, 3, 1}), words({0xffff, 0, 0, 0})}) {
        CHECK(contains(decode_problem<Numeric>(raw, oids::numeric), "malformed numeric"));
    }
    // Zeros that need not be there are harmless.
    CHECK(decoded<Numeric>(words({3, 1, 0x4000, 2, 0, 7, 0}), oids::numeric).to_string() == "-7.00");
    CHECK(decoded<Numeric>(words({1, 0, 0x4000, 0, 0}), oids::numeric).to_string() == "0");
    CHECK(contains(decode_problem<Numeric>(encoded(1.0), oids::float8), "OID 701"));
}

TEST_CASE("numeric converts from and to the numbers of C++", "[type][unit]") {
    using Limits = std::numeric_limits<std::int64_t>;
    for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{10000}, std::int64_t{-100000000},
                                     Limits::min(), Limits::max()}) {
        CHECK(Numeric{value}.to_int64() == value);
        CHECK(Numeric{value}.to_string() == std::to_string(value));
        CHECK(Numeric{value} == Numeric{std::to_string(value)});
    }
    CHECK(Numeric{std::numeric_limits<std::uint64_t>::max()}.to_string() == "18446744073709551615");
    CHECK(Numeric{"7.000"}.to_int64() == 7);
    CHECK(Numeric{"12000000000000.0"}.to_int64() == 12000000000000);
    for (const std::string_view text : {"7.001", "9223372036854775808", "-9223372036854775809", "1e30", "NaN", "inf"})
        CHECK(problem_of([&] { static_cast<void>(Numeric{text}.to_int64()); }) ==
              "the numeric is not an integer of 64 bits");
    CHECK(decoded<Numeric>(encoded(std::int16_t{-3}), oids::int2) == -3);
    CHECK(decoded<Numeric>(encoded(Limits::min()), oids::int8) == Limits::min());

    CHECK(Numeric::from_double(0.1).to_string() == "0.1");
    CHECK(Numeric::from_double(-2.5e3) == -2500);
    CHECK(Numeric::from_double(std::nan("")).is_nan());
    CHECK((-Numeric::from_double(-HUGE_VAL)).is_infinite());
    CHECK(Numeric{"0.1"}.to_double() == 0.1);
    CHECK(Numeric{"-Infinity"}.to_double() == -HUGE_VAL);
    CHECK(std::isnan(Numeric::nan().to_double()));
    CHECK(contains(problem_of([] { static_cast<void>(Numeric{"1e400"}.to_double()); }), "range of double"));
    CHECK(contains(problem_of([] { static_cast<void>(Numeric{"1e-400"}.to_double()); }), "range of double"));
}

TEST_CASE("numeric compares by value, its codec by scale as well", "[type][unit]") {
    CHECK(Numeric{"1.0"} == Numeric{"1.00"});
    CHECK(Numeric{"1.0"} == 1);
    CHECK(std::hash<Numeric>{}(Numeric{"1.0"}) == std::hash<Numeric>{}(Numeric{"1.00"}));
    CHECK_FALSE(Codec<Numeric>::same(Numeric{"1.0"}, Numeric{"1.00"}));
    CHECK(Codec<Numeric>::same(Numeric{"1.0"}, Numeric{"1.0"}));
    CHECK(Codec<Numeric>::same(Numeric::nan(), Numeric::nan()));
    const char* ascending[] = {"-Infinity", "-1e20", "-10000", "-9999.5", "-9999", "-0.5", "-0.00001", "0",  "0.00001",
                               "0.5",       "1",     "1.0001", "9999",    "10000", "1e20", "Infinity", "NaN"};
    for (std::size_t i = 0; i < std::size(ascending); ++i) {
        for (std::size_t k = 0; k < std::size(ascending); ++k) {
            CAPTURE(ascending[i], ascending[k]);
            CHECK((Numeric{ascending[i]} <=> Numeric{ascending[k]}) == (i <=> k));
            CHECK((Numeric{ascending[i]} == Numeric{ascending[k]}) == (i == k));
        }
    }
}

TEST_CASE("random numerics survive", "[type][unit]") {
    std::mt19937 random{5};
    for (int i = 0; i < 3000; ++i) {
        std::string text;
        if (random() % 2 == 0)
            text += '-';
        text += static_cast<char>('1' + random() % 9);
        for (std::size_t n = random() % 30; n > 0; --n)
            text += static_cast<char>('0' + (random() % 3 == 0 ? random() % 10 : 0));
        if (const std::size_t n = random() % 30; n > 0) {
            text += '.';
            for (std::size_t k = 0; k < n; ++k)
                text += static_cast<char>('0' + (random() % 3 == 0 ? random() % 10 : 0));
        }
        CAPTURE(text);
        REQUIRE(Numeric{text}.to_string() == text);
        REQUIRE(decoded<Numeric>(encoded(Numeric{text}), oids::numeric).to_string() == text);
    }
}
