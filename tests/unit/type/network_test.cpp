#include <corm/type/network.hpp>

#include "unit/type/support.hpp"

#include <algorithm>
#include <vector>

using namespace corm;
using namespace corm::types;
using namespace corm::test;

TEST_CASE("addresses read and write what PostgreSQL writes", "[type][unit]") {
    for (const char* text : {"0.0.0.0", "10.0.0.1", "255.255.255.255", "10.0.0.1/8", "10.0.0.1/0", "::", "::1",
                             "::1/64", "2001:db8::1", "1::", "1:2:3:4:5:6:7:8", "1:0:3:4:5:6:7:8", "1::4:5:0:0:8",
                             "::2:3:0:0:0", "::ffff:10.0.0.1", "::10.0.0.1", "fe80::ffff:0:0/10", "1:2:3:4:5:6::"}) {
        CAPTURE(text);
        CHECK(Inet::from_string(text).to_string() == text);
    }
    CHECK(Inet::from_string("2001:0DB8:0:0::1").to_string() == "2001:db8::1");
    CHECK(Inet::from_string("0:0:0:0:0:0:0:0").to_string() == "::");
    CHECK(Inet::from_string("1:2:3:4:5:6:7.8.9.10").to_string() == "1:2:3:4:5:6:708:90a");
    CHECK(Cidr::from_string("10.0.0.1").to_string() == "10.0.0.1/32");
    CHECK(Cidr::from_string("2001:db8::/32").to_string() == "2001:db8::/32");
    CHECK(Inet{}.to_string() == "0.0.0.0");
    CHECK(Cidr{}.to_string() == "0.0.0.0/32");
}

TEST_CASE("what is no address is refused", "[type][unit]") {
    for (const char* text : {"",
                             "1",
                             "1.2.3",
                             "1.2.3.4.5",
                             "1.2.3.256",
                             "1.2.3.04",
                             "1.2.3.",
                             ".1.2.3",
                             "1.2.3.4/",
                             "1.2.3.4/33",
                             "1.2.3.4/-1",
                             "1.2.3.4/1x",
                             "1.2.3.4/08",
                             "1.2.3.4 ",
                             ":",
                             ":::",
                             "1:2:3",
                             "1::2::3",
                             "12345::",
                             "1:2:3:4:5:6:7:8:9",
                             "1:2:3:4:5:6:7::8:9",
                             "::g",
                             "::/129",
                             "1:",
                             ":1",
                             "1:2:3:4:5:6:7:1.2.3.4",
                             "::1.2.3",
                             "::1.2.3.4:5",
                             "fe80::1%eth0"}) {
        CAPTURE(text);
        CHECK(problem_of([&] { static_cast<void>(Inet::from_string(text)); }) != "");
    }
    CHECK(contains(problem_of([] { static_cast<void>(Cidr::from_string("10.0.0.1/8")); }), "behind its prefix"));
    CHECK(contains(problem_of([] { (Inet{Inet::V4{1, 2, 3, 4}, 33}); }), "0 to 32 bits"));
    CHECK(contains(problem_of([] { (Inet{Inet::V6{}, -1}); }), "0 to 32 bits"));
}

TEST_CASE("addresses and networks", "[type][unit]") {
    const Inet host = Inet::from_string("192.168.5.7/22");
    CHECK(host.is_v4());
    CHECK(host.prefix() == 22);
    CHECK(host.octets().size() == 4);
    CHECK(host.octets()[3] == 7);
    CHECK(host.network() == Cidr::from_string("192.168.4.0/22"));
    CHECK(Inet{host.network()}.to_string() == "192.168.4.0/22");
    CHECK(host.network().contains(host));
    CHECK(host.network().contains(Inet::from_string("192.168.7.255")));
    CHECK_FALSE(host.network().contains(Inet::from_string("192.168.8.0")));
    CHECK_FALSE(host.network().contains(Cidr::from_string("192.168.0.0/16")));
    CHECK_FALSE(Cidr::from_string("0.0.0.0/0").contains(Inet::from_string("::1")));
    CHECK(Cidr::from_string("::/0").contains(Inet::from_string("::1")));
    std::vector<Inet> ordered;
    for (const char* text : {"::", "10.0.0.0/8", "10.0.0.0", "9.255.0.0/24", "10.0.0.1/8", "11.0.0.0/7"})
        ordered.push_back(Inet::from_string(text));
    std::sort(ordered.begin(), ordered.end());
    std::string all;
    for (const Inet& each : ordered)
        all += each.to_string() + " ";
    CHECK(all == "9.255.0.0/24 11.0.0.0/7 10.0.0.0/8 10.0.0.1/8 10.0.0.0 :: ");
}

TEST_CASE("addresses travel as family, prefix and octets", "[type][unit]") {
    CHECK(encoded(Inet::from_string("10.0.0.1/8")) == bytes({2, 8, 0, 4, 10, 0, 0, 1}));
    CHECK(encoded(Cidr::from_string("10.0.0.0/8")) == bytes({2, 8, 1, 4, 10, 0, 0, 0}));
    CHECK(encoded(Inet::from_string("::1")) == bytes({3, 128, 0, 16}) + std::string(15, '\0') + "\1");
    CHECK(survives(Inet::from_string("2001:db8::1/33")));
    CHECK(survives(Cidr::from_string("2001:db8::/32")));
    CHECK(decoded<Inet>(bytes({2, 8, 1, 4, 10, 0, 0, 0}), oids::cidr) == Inet::from_string("10.0.0.0/8"));
    CHECK(decoded<Inet>("10.0.0.1/8", oids::inet, Format::text) == Inet::from_string("10.0.0.1/8"));
    CHECK(contains(decode_problem<Cidr>(bytes({2, 8, 0, 4, 10, 0, 0, 0}), oids::inet), "OID 869"));
    CHECK(contains(decode_problem<Cidr>(bytes({2, 8, 1, 4, 10, 0, 0, 1}), oids::cidr), "malformed cidr"));
    CHECK(contains(decode_problem<Inet>(bytes({2, 33, 0, 4, 10, 0, 0, 1}), oids::inet), "malformed inet"));
    CHECK(contains(decode_problem<Inet>(bytes({2, 8, 0, 16, 10, 0, 0, 1}), oids::inet), "malformed inet"));
    CHECK(contains(decode_problem<Inet>(bytes({4, 8, 0, 4, 10, 0, 0, 1}), oids::inet), "malformed inet"));
    CHECK(contains(decode_problem<Inet>(bytes({2, 8, 0, 4, 10, 0, 0, 1, 0}), oids::inet), "malformed inet"));
    CHECK(contains(decode_problem<Inet>(bytes({2, 8, 0}), oids::inet), "malformed inet"));
}

TEST_CASE("addresses of network cards", "[type][unit]") {
    const MacAddr mac = MacAddr::from_string("08:00:2b:01:02:03");
    CHECK(mac.to_string() == "08:00:2b:01:02:03");
    for (const char* text : {"08-00-2B-01-02-03", "08002b010203", "0800.2b01.0203"})
        CHECK(MacAddr::from_string(text) == mac);
    CHECK(MacAddr8::from_string("0800.2b01.0203.0405").to_string() == "08:00:2b:01:02:03:04:05");
    for (const char* text :
         {"", "08", "08:00:2b:01:02", "08:00:2b:01:02:03:04", "08:00-2b:01:02:03", "08.00.2b.01.02.03",
          "0800:2b01:0203", "08:00:2b:01:02:0g", "08002b01020", ":08:00:2b:01:02:0", "08002b010203:"}) {
        CAPTURE(text);
        CHECK(contains(problem_of([&] { static_cast<void>(MacAddr::from_string(text)); }), "not a MAC address of 6"));
    }
    CHECK(encoded(mac) == bytes({8, 0, 0x2b, 1, 2, 3}));
    CHECK(survives(mac));
    CHECK(survives(MacAddr8::from_string("08002b0102030405")));
    CHECK(contains(decode_problem<MacAddr>(std::string(5, 'a'), oids::macaddr), "malformed macaddr"));
    CHECK(contains(decode_problem<MacAddr8>(std::string(6, 'a'), oids::macaddr8), "malformed macaddr8"));
    CHECK(contains(decode_problem<MacAddr>(std::string(6, 'a'), oids::macaddr8), "OID 774"));
    CHECK(mac < MacAddr::from_string("08:00:2b:01:02:04"));
}
