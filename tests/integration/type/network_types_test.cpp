// Addresses and strings of bits, against the server's own text.
#include "round_trip.hpp"

#include <corm/base/error.hpp>
#include <corm/type/bit_string.hpp>
#include <corm/type/network.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace corm::test;
using corm::BitString;
using corm::Cidr;
using corm::Inet;
using corm::MacAddr;
using corm::MacAddr8;

namespace {

/// Half of the octets are zero, so that every way to shorten an address comes up.
template <class Octets>
Octets random_octets(Random& random) {
    Octets octets{};
    for (std::uint8_t& octet : octets)
        octet = static_cast<std::uint8_t>(random() % 2 == 0 ? 0 : random() % 6 == 0 ? 0xff : random());
    return octets;
}

Inet random_address(Random& random) {
    if (random() % 2 == 0)
        return Inet{random_octets<Inet::V4>(random), random() % 2 == 0 ? 32 : static_cast<int>(random() % 33)};
    Inet::V6 octets = random_octets<Inet::V6>(random);
    if (random() % 4 == 0)
        std::fill_n(octets.begin(), 10 + random() % 5, std::uint8_t{0});
    if (random() % 8 == 0)
        octets[10] = octets[11] = 0xff;
    return Inet{octets, random() % 2 == 0 ? 128 : static_cast<int>(random() % 129)};
}

// The cast of an inet to text writes the length of the prefix always; its output does not.
bool is_cast_alike(const Inet& value, std::string_view text) {
    const std::string whole = value.is_v4() ? "/32" : "/128";
    const std::string own = value.to_string();
    return text == (own.find('/') == std::string::npos ? own + whole : own) && Inet::from_string(text) == value;
}

template <class T>
bool is_written_alike(const T& value, std::string_view text) {
    return text == value.to_string() && T::from_string(text) == value;
}

template <std::size_t size>
std::bitset<size> random_set(Random& random) {
    std::bitset<size> made;
    for (std::size_t i = 0; i < size; ++i)
        made[i] = random() % 2 == 0;
    return made;
}

} // namespace

TEST_CASE("addresses of hosts and networks against the server's text", "[type][integration]") {
    std::vector<Inet> edges;
    for (const char* text : {"0.0.0.0/0", "255.255.255.255", "10.0.0.1/8", "::", "::/0", "::1", "::ffff:1.2.3.4",
                             "::1.2.3.4", "::ffff:0:1.2.3.4", "1::", "::1:0:0", "1:0:0:2:0:0:0:3", "fe80::1/64",
                             "0:0:0:1::", "1:0:2:0:3:0:4:0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"})
        edges.push_back(Inet::from_string(text));
    std::vector<Cidr> networks;
    for (const Inet& each : edges)
        networks.push_back(each.network());
    round_trip<Inet>("inet", std::move(edges), random_address, is_cast_alike);
    round_trip<Cidr>(
        "cidr", std::move(networks), [](Random& random) { return random_address(random).network(); },
        is_written_alike<Cidr>);
}

TEST_CASE("addresses are ordered and contained as the server says", "[type][integration]") {
    const Database database;
    Client client{database.url()};
    const std::uint64_t from = seed();
    INFO("CORM_TEST_SEED=" << from);
    Random random{from};
    for (int i = random_values() / 5; i > 0; --i) {
        const Inet left = random_address(random), right = random_address(random);
        const BinaryResult result =
            client.ask("select $1 < $2, $1 = $2, $1 >>= $2, network($1), $3", left, right, left.network());
        CAPTURE(left.to_string(), right.to_string());
        REQUIRE(result.value<bool>(0, 0) == (left < right));
        REQUIRE(result.value<bool>(0, 1) == (left == right));
        REQUIRE(result.value<bool>(0, 2) == left.contains(right));
        REQUIRE(result.value<Cidr>(0, 3) == left.network());
        REQUIRE(result.value<Inet>(0, 4) == Inet{left.network()}); // a cidr column
    }
    CHECK(client.ask("select array['10.0.0.1'::inet, '10.0.0.1/8', '::1']::text").text(0, 0) ==
          "{" + Inet::from_string("10.0.0.1").to_string() + "," + Inet::from_string("10.0.0.1/8").to_string() + "," +
              Inet::from_string("::1").to_string() + "}");
    CHECK_THROWS_AS(client.ask("select '10.0.0.1'::inet").value<Cidr>(), corm::ConversionError);
}

TEST_CASE("addresses of network cards against the server's text", "[type][integration]") {
    round_trip<MacAddr>(
        "macaddr", {MacAddr{}}, [](Random& random) { return MacAddr{random_octets<MacAddr::Octets>(random)}; },
        is_written_alike<MacAddr>);
    round_trip<MacAddr8>(
        "macaddr8", {MacAddr8{}}, [](Random& random) { return MacAddr8{random_octets<MacAddr8::Octets>(random)}; },
        is_written_alike<MacAddr8>);
    const Database database;
    Client client{database.url()};
    for (const char* text : {"08:00:2b:01:02:03", "08-00-2B-01-02-03", "0800.2b01.0203", "08002b010203"}) {
        const BinaryResult result = client.ask("select $1::text::macaddr", std::string{text});
        CHECK(result.value<MacAddr>() == MacAddr::from_string(text));
    }
}

TEST_CASE("bit strings against the server's text", "[type][integration]") {
    round_trip<BitString>(
        "varbit", {BitString{}, BitString(1), BitString(1, true), BitString(8, true), BitString(4000, true)},
        [](Random& random) {
            BitString made;
            for (std::size_t left = random() % 40; left > 0; --left)
                made.push_back(random() % 2 == 0);
            return made;
        },
        is_written_alike<BitString>);
    round_trip<std::bitset<11>>(
        "bit(11)", {std::bitset<11>{}, std::bitset<11>{1}, ~std::bitset<11>{}}, random_set<11>,
        [](const std::bitset<11>& value, std::string_view text) { return text == value.to_string(); });
    const Database database;
    Client client{database.url()};
    const BinaryResult result = client.ask("select b'101', get_bit(b'100', 0), $1 < $2, b'1010'::bit(3)",
                                           BitString::from_string("01"), BitString::from_string("1"));
    CHECK(result.value<BitString>() == BitString::from_string("101"));
    CHECK(result.value<std::bitset<3>>().to_ulong() == 5);
    CHECK(result.value<bool>(0, 2));
    CHECK_THROWS_AS(result.value<std::bitset<4>>(), corm::ConversionError);
    CHECK(BitString::from_string("100").test(0));
}
