#include <corm/type/numeric.hpp>

#include "unit/type/support.hpp"

#include <random>

using namespace corm;
using namespace corm::types;
using namespace corm::test;

namespace {

Numeric n(std::string_view text) {
    return Numeric{text};
}

} // namespace

TEST_CASE("sums and differences are exact and keep the greater scale", "[type][unit]") {
    CHECK((n("0.1") + n("0.2")).to_string() == "0.3");
    CHECK((n("1.50") + n("2.5")).to_string() == "4.00");
    CHECK((n("9999") + 1).to_string() == "10000");
    CHECK((n("99999999.9999") + n("0.0001")).to_string() == "100000000.0000");
    CHECK((n("1") - n("0.0001")).to_string() == "0.9999");
    CHECK((n("10000") - n("0.00000001")).to_string() == "9999.99999999");
    CHECK((n("5") - n("5.00")).to_string() == "0.00");
    CHECK((n("5") - n("7.25")).to_string() == "-2.25");
    CHECK((n("-5") + n("-7.25")).to_string() == "-12.25");
    CHECK((n("-10000") + n("1")).to_string() == "-9999");
    CHECK((n("1e30") + n("1e-30")).to_string() == "1000000000000000000000000000000.000000000000000000000000000001");
    Numeric total;
    for (int i = 0; i < 1000; ++i)
        total += n("0.01");
    CHECK(total.to_string() == "10.00");
    total -= 3;
    total *= n("-2.5");
    CHECK(total.to_string() == "-17.500");
}

TEST_CASE("products are exact and add the scales", "[type][unit]") {
    CHECK((n("1.5") * n("-2.50")).to_string() == "-3.750");
    CHECK((n("9999") * n("9999")).to_string() == "99980001");
    CHECK((n("0") * n("-1.5")).to_string() == "0.0");
    CHECK((n("99999999999999999999") * n("99999999999999999999")).to_string() ==
          "9999999999999999999800000000000000000001");
    CHECK((n("0.0001") * n("0.0001")).to_string() == "0.00000001");
    CHECK((n("12345678.9") * 10000).to_string() == "123456789000.0");
}

TEST_CASE("NaN and infinities follow the server's rules", "[type][unit]") {
    const Numeric infinity = Numeric::infinity();
    CHECK((infinity + 1) == infinity);
    CHECK((1 - infinity) == -infinity);
    CHECK((infinity + infinity) == infinity);
    CHECK((infinity - infinity).is_nan());
    CHECK((infinity * -2) == -infinity);
    CHECK((infinity * 0).is_nan());
    CHECK((-infinity * -infinity) == infinity);
    CHECK((Numeric::nan() + 1).is_nan());
    CHECK((Numeric::nan() * infinity).is_nan());
    CHECK((-Numeric::nan()).is_nan());
    CHECK_FALSE((-Numeric{}).is_negative());
    CHECK_FALSE((-Numeric::nan()).is_negative());
}

TEST_CASE("arithmetic beyond the server's limits is refused", "[type][unit]") {
    CHECK(contains(problem_of([] { static_cast<void>(n("1e131071") * 10); }), "at most 131072 digits"));
    CHECK(contains(problem_of([] { static_cast<void>(n(std::string(131072, '9')) + 1); }), "at most 131072 digits"));
    CHECK(contains(problem_of([] { static_cast<void>(n("1e-10000") * n("1e-10000")); }), "16383 after it"));
}

TEST_CASE("arithmetic agrees with that of 64-bit integers", "[type][unit]") {
    std::mt19937_64 random{6};
    for (int i = 0; i < 20'000; ++i) {
        const auto shift = random() % 31;
        const auto a = static_cast<std::int64_t>(static_cast<std::int32_t>(random())) >> shift;
        const auto b = static_cast<std::int64_t>(static_cast<std::int32_t>(random())) >> random() % 31;
        REQUIRE((Numeric{a} + Numeric{b}).to_int64() == a + b);
        REQUIRE((Numeric{a} - Numeric{b}).to_int64() == a - b);
        REQUIRE((Numeric{a} * Numeric{b}).to_int64() == a * b);
        REQUIRE((Numeric{a} <=> Numeric{b}) == (a <=> b));
        REQUIRE((Numeric{a} == Numeric{b}) == (a == b));
    }
}

TEST_CASE("arithmetic keeps its laws on long fractions", "[type][unit]") {
    std::mt19937_64 random{7};
    const auto any = [&] {
        std::string text = random() % 2 == 0 ? "-" : "";
        for (std::size_t k = random() % 40 + 1; k > 0; --k)
            text += static_cast<char>('0' + random() % 10);
        text += '.';
        for (std::size_t k = random() % 40 + 1; k > 0; --k)
            text += static_cast<char>('0' + random() % 10);
        return n(text);
    };
    for (int i = 0; i < 2000; ++i) {
        const Numeric a = any(), b = any(), c = any();
        REQUIRE(a + b == b + a);
        REQUIRE((a + b) - b == a);
        REQUIRE((a - b) + (b - a) == 0);
        REQUIRE(a * (b + c) == a * b + a * c);
        REQUIRE(((a - b) < 0) == (a < b));
    }
}
