#include <corm/type/bit_string.hpp>

#include "unit/type/support.hpp"

#include <random>
#include <stdexcept>

using namespace corm;
using namespace corm::types;
using namespace corm::test;

TEST_CASE("a bit string is its text", "[type][unit]") {
    for (const char* text : {"", "0", "1", "10110000", "101100001", "0000000000000001"})
        CHECK(BitString::from_string(text).to_string() == text);
    CHECK(contains(problem_of([] { static_cast<void>(BitString::from_string("102")); }), "zeros and ones"));
    BitString made;
    for (const bool bit : {true, false, true, true, false, false, false, false, true})
        made.push_back(bit);
    CHECK(made == BitString::from_string("101100001"));
    CHECK(made.size() == 9);
    CHECK(made.test(0));
    CHECK_FALSE(made.test(1));
    made.set(0, false);
    CHECK(made.to_string() == "001100001");
    CHECK(BitString(11, true).to_string() == std::string(11, '1'));
    CHECK(BitString(11, true) == BitString::from_string(std::string(11, '1')));
    CHECK_THROWS_AS(made.test(9), std::out_of_range);
    CHECK_THROWS_AS(made.set(9), std::out_of_range);
    CHECK(BitString{std::bitset<5>{"10100"}}.to_string() == "10100");
}

TEST_CASE("bit strings are ordered as the server orders them", "[type][unit]") {
    const auto bits = [](const char* text) { return BitString::from_string(text); };
    CHECK(bits("0") < bits("1"));
    CHECK(bits("01") < bits("1"));
    CHECK(bits("1") < bits("10"));
    CHECK(bits("") < bits("0"));
    CHECK(bits("1") > bits("000000001"));
}

TEST_CASE("bit strings travel as a length and bytes", "[type][unit]") {
    CHECK(encoded(BitString::from_string("101100001")) == bytes({0, 0, 0, 9, 0xb0, 0x80}));
    CHECK(encoded(BitString{}) == bytes({0, 0, 0, 0}));
    CHECK(encoded(std::bitset<9>{"101100001"}) == bytes({0, 0, 0, 9, 0xb0, 0x80}));
    CHECK(literal(std::bitset<9>{"101100001"}) == "101100001");
    std::mt19937 random{3};
    for (std::size_t size = 0; size < 70; ++size) {
        BitString made{size};
        for (std::size_t i = 0; i < size; ++i)
            made.set(i, random() % 2 == 0);
        CHECK(survives(made));
        CHECK(survives(made, oids::bit));
        CHECK(decoded<BitString>(literal(made), oids::bit, Format::text) == made);
    }
    CHECK(survives(std::bitset<1>{1}));
    CHECK(survives(std::bitset<70>{"1011"}));
    CHECK(Codec<std::bitset<128>>::sql_type() == "bit(128)");
    // Bits behind the last one are none.
    CHECK(decoded<BitString>(bytes({0, 0, 0, 1, 0xff}), oids::bit) == BitString::from_string("1"));
}

TEST_CASE("F70: what is no bit string is refused before room is made for it", "[type][unit][F70]") {
    for (const std::string& bad :
         {bytes({}), bytes({0, 0, 0}), bytes({0x7f, 0xff, 0xff, 0xff}), bytes({0xff, 0xff, 0xff, 0xff}),
          bytes({0, 0, 0, 9, 1}), bytes({0, 0, 0, 9, 1, 1, 1}), bytes({0, 0, 0, 0, 1})})
        CHECK(contains(decode_problem<BitString>(bad, oids::varbit), "malformed bit string"));
    CHECK(contains(decode_problem<BitString>(bytes({0, 0, 0, 0}), oids::bytea), "OID 17"));
    CHECK(contains(decode_problem<std::bitset<8>>(encoded(BitString(9)), oids::bit),
                   "a string of 9 bits cannot be read into std::bitset<8>"));
}
