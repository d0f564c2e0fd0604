// Booleans, integers, floats and numerics, against the server's own text.
#include "round_trip.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

using namespace corm::test;
using corm::types::Numeric;

namespace {

template <class I>
void integers(std::string_view name) {
    using Limits = std::numeric_limits<I>;
    round_trip<I>(name, {0, 1, -1, 10, Limits::max(), Limits::min(), Limits::max() - 1, Limits::min() + 1},
                  random_integer<I>,
                  [](const I& value, std::string_view text) { return text == std::to_string(value); });
}

template <class F, class Bits>
void floats(std::string_view name) {
    using Limits = std::numeric_limits<F>;
    round_trip<F>(
        name,
        {0, -F{0}, 1, F(0.1), F(-1e-7), F(1e15), F(1e16), Limits::max(), Limits::lowest(), Limits::min(),
         Limits::denorm_min(), -Limits::denorm_min(), Limits::epsilon(), Limits::infinity(), -Limits::infinity(),
         Limits::quiet_NaN(), -Limits::quiet_NaN()},
        [](Random& random) { return std::bit_cast<F>(static_cast<Bits>(random())); },
        [](const F& value, std::string_view text) {
            if (std::isnan(value))
                return text == "NaN";
            F read = 0;
            std::from_chars(text.data(), text.data() + text.size(), read);
            return std::bit_cast<Bits>(read) == std::bit_cast<Bits>(value);
        });
}

std::string digits(Random& random, std::size_t count) {
    std::string text;
    for (; count > 0; --count)
        text.push_back(random() % 4 == 0 ? '0' : static_cast<char>('0' + random() % 10)); // groups of four zeros too
    return text;
}

Numeric random_numeric(Random& random) {
    const std::size_t most = random() % 50 == 0 ? 2000 : 40;
    std::string text = random() % 2 == 0 ? "-" : "";
    text += digits(random, 1 + random() % most);
    if (random() % 4 != 0)
        text += "." + digits(random, 1 + random() % most);
    if (random() % 8 == 0)
        text += "e" + std::to_string(static_cast<int>(random() % 200) - 100);
    return Numeric::from_string(text);
}

bool is_written_alike(const Numeric& value, std::string_view text) {
    return text == value.to_string();
}

} // namespace

TEST_CASE("bool against the server's text", "[type][integration]") {
    round_trip<bool>(
        "bool", {true, false}, [](Random& random) { return random() % 2 == 0; },
        [](const bool& value, std::string_view text) { return text == (value ? "true" : "false"); });
}

TEST_CASE("integers against the server's text", "[type][integration]") {
    integers<std::int16_t>("int2");
    integers<std::int32_t>("int4");
    integers<std::int64_t>("int8");
}

TEST_CASE("floats against the server's text", "[type][integration]") {
    floats<float, std::uint32_t>("float4");
    floats<double, std::uint64_t>("float8");
}

TEST_CASE("numerics against the server's text", "[type][integration]") {
    std::vector<Numeric> edges{Numeric{}, Numeric::nan(), Numeric::infinity(), -Numeric::infinity()};
    for (const char* text : {"0.0", "0.0000000000", "1", "-1", "1.0", "1.50", "10000", "9999", "0.0001", "0.00001",
                             "-0.99999999", "100000000", "1e-100", "1e1000", "9223372036854775808",
                             "-170141183460469231731687303715884105728", "123456789012345678901234567890.0987654321"})
        edges.push_back(Numeric::from_string(text));
    round_trip<Numeric>("numeric", std::move(edges), random_numeric, is_written_alike);
}

TEST_CASE("F69: the largest numerics against the server's text", "[type][integration][F69]") {
    const Database database;
    Client client{database.url()};
    Random random{seed()};
    for (const std::string& text :
         {std::string(131072, '9'), "-" + std::string(131072, '9') + "." + std::string(16383, '9'),
          "0." + std::string(16382, '0') + "1", "1" + digits(random, 131071) + "." + digits(random, 16383)}) {
        const Numeric value = Numeric::from_string(text);
        const BinaryResult result = client.ask("select $1::numeric, $1::numeric::text = $2", value, text);
        CHECK(result.value<bool>(0, 1));
        CHECK(result.value<Numeric>().to_string() == value.to_string());
    }
    CHECK_THROWS_AS(Numeric::from_string("1" + std::string(131072, '0')), corm::ConversionError);
    CHECK_THROWS_AS(Numeric::from_string("0." + std::string(16384, '1')), corm::ConversionError);
}

TEST_CASE("arithmetic on numerics agrees with the server's", "[type][integration]") {
    const Database database;
    Client client{database.url()};
    const std::uint64_t from = seed();
    INFO("CORM_TEST_SEED=" << from);
    Random random{from};
    for (int i = random_values() / 10; i > 0; --i) {
        const Numeric a = random_numeric(random), b = random_numeric(random);
        const BinaryResult result = client.ask("select $1 + $2, $1 - $2, $1 * $2, $1 < $2, $1 = $2", a, b);
        REQUIRE(result.value<Numeric>(0, 0).to_string() == (a + b).to_string());
        REQUIRE(result.value<Numeric>(0, 1).to_string() == (a - b).to_string());
        REQUIRE(result.value<Numeric>(0, 2) == a * b);
        REQUIRE(result.value<bool>(0, 3) == (a < b));
        REQUIRE(result.value<bool>(0, 4) == (a == b));
    }
}

TEST_CASE("F66: columns of another width are read with a range check", "[type][integration][F66]") {
    const Database database;
    Client client{database.url()};
    CHECK(client.ask("select 70000::int8").value<std::int32_t>() == 70000);
    CHECK_THROWS_AS(client.ask("select 70000::int8").value<std::int16_t>(), corm::ConversionError);
    CHECK_THROWS_AS(client.ask("select 2147483648::int8").value<std::int32_t>(), corm::ConversionError);
    CHECK(client.ask("select sum(x) from (values (1::int8), (2)) v(x)").value<std::int64_t>() == 3);
    CHECK_THROWS_AS(client.ask("select 1.5::numeric").value<std::int64_t>(), corm::ConversionError);
    CHECK_THROWS_AS(client.ask("select 9223372036854775808::numeric").value<std::int64_t>(), corm::ConversionError);
    CHECK_THROWS_AS(client.ask("select 0.1::float8").value<float>(), corm::ConversionError);
    CHECK_THROWS_AS(client.ask("select 9007199254740993::int8").value<double>(), corm::ConversionError);
    CHECK_THROWS_AS(client.ask("select 1::numeric").value<double>(), corm::ConversionError);
    CHECK_THROWS_AS(client.ask("select 1").value<bool>(), corm::ConversionError);
    CHECK(client.ask("select 7::int2").value<Numeric>() == 7);
}
