#include <corm/type/text.hpp>

#include "unit/type/support.hpp"

#include <random>

using namespace corm;
using namespace corm::types;
using namespace corm::test;

namespace {

constexpr Oid user_type = oids::first_user_oid;

Bytes to_bytes(std::string_view text) {
    Bytes out;
    for (const char c : text)
        out.push_back(static_cast<std::byte>(c));
    return out;
}

// Valid UTF-8 of the code point, without looking at the library.
std::string utf8(std::uint32_t point) {
    if (point < 0x80)
        return bytes({static_cast<int>(point)});
    const int last = static_cast<int>(0x80 | (point & 0x3f));
    const int third = static_cast<int>(0x80 | (point >> 6 & 0x3f));
    const int second = static_cast<int>(0x80 | (point >> 12 & 0x3f));
    if (point < 0x800)
        return bytes({static_cast<int>(0xc0 | point >> 6), last});
    if (point < 0x10000)
        return bytes({static_cast<int>(0xe0 | point >> 12), third, last});
    return bytes({static_cast<int>(0xf0 | point >> 18), second, third, last});
}

std::string check_problem(const std::string& text) {
    return problem_of([&] { check_text(text); });
}

} // namespace

TEST_CASE("text survives as it is", "[type][unit]") {
    for (const std::string value : {"", "a", "naïve ☃ 𝄞", "'; DROP TABLE users; --", "\\ \" \n \t \x01 \x7f"}) {
        CHECK(survives(value));
        CHECK(encoded(value) == value);
        CHECK(literal(value) == value);
    }
    CHECK(survives(std::string(1 << 20, 'x')));
}

TEST_CASE("every code point of Unicode is text, and nothing else", "[type][unit]") {
    for (std::uint32_t point = 1; point <= 0x10ffff; ++point) {
        const bool surrogate = point >= 0xd800 && point <= 0xdfff;
        if (check_problem(utf8(point)).empty() == surrogate)
            FAIL("code point " << point);
    }
    CHECK_FALSE(check_problem(utf8(0x110000)).empty());
}

TEST_CASE("F61: invalid UTF-8 is refused with its offset", "[type][unit][F61]") {
    CHECK(check_problem("abc\xff") == "text is not valid UTF-8 at byte 3; convert it, or use bytea for binary data");
    for (const std::string bad : {"\xc0\xaf", "\xc1\x81", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
                                  "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xc0'", "\xbf\\", "\xe2\x82",
                                  "\xf0\x9d\x84", "\xe2(\xa1", "\xe2\x82(", "\xfe"}) {
        for (std::size_t ahead = 0; ahead < 18; ++ahead) {
            const std::string text = std::string(ahead, 'a') + bad;
            CHECK(contains(check_problem(text), "at byte " + std::to_string(ahead) + ";"));
            CHECK(contains(check_problem(text + "bcdefghij"), "at byte " + std::to_string(ahead) + ";"));
        }
    }
}

TEST_CASE("F60: NUL in text is refused before it is sent", "[type][unit][F60]") {
    for (std::size_t ahead = 0; ahead < 18; ++ahead) {
        const std::string text = std::string(ahead, 'a') + '\0' + "bcdefghij";
        CHECK(problem_of([&] { encoded(text); }) == "text holds a NUL at byte " + std::to_string(ahead) +
                                                        "; PostgreSQL text cannot, use bytea for binary data");
        CHECK_FALSE(problem_of([&] { literal(text); }).empty());
    }
}

TEST_CASE("std::string is read from the types that are text", "[type][unit]") {
    for (const Oid oid : {oids::text, oids::varchar, oids::bpchar, oids::name, oids::character, oids::unknown})
        CHECK(decoded<std::string>("abc", oid) == "abc");
    CHECK(decoded<std::string>("", oids::text).empty());
    CHECK(decode_problem<std::string>(bytes({0, 0, 0, 1}), oids::int4) ==
          "column of type with OID 23 cannot be read into std::string; cast it in the query, or change the type it is "
          "read into");
    CHECK(contains(decode_problem<std::string>("{}", oids::json), "OID 114"));
    CHECK(contains(decode_problem<std::string>("ab", oids::bytea), "OID 17"));
}

TEST_CASE("types of the database are read as text only when they are", "[type][unit]") {
    CHECK(decoded<std::string>("happy", user_type) == "happy");
    CHECK(decoded<std::string>("", user_type).empty());
    CHECK(decoded<std::string>("tab\there ☃", user_type) == "tab\there ☃");
    CHECK(decoded<std::string>("\valan", user_type) == "\valan");
    // A composite, an empty range, an unbounded range, an ltree, bytes.
    const std::string composite = bytes({0, 0, 0, 1, 0, 0, 0, 25, 0, 0, 0, 1, 'a'});
    for (const std::string& other : {composite, bytes({1}), bytes({0x18}), std::string{"\1Top.Science"},
                                     std::string{"\xff\xfe"}, std::string{"a\0b", 3}})
        CHECK(contains(decode_problem<std::string>(other, user_type), "cannot be read into std::string"));
}

TEST_CASE("bytea holds any bytes", "[type][unit]") {
    std::string all;
    for (int i = 0; i < 256; ++i)
        all.push_back(static_cast<char>(i));
    for (const Bytes& value : {Bytes{}, to_bytes(all), to_bytes(std::string{"a\0b", 3})}) {
        CHECK(survives(value));
        CHECK(decoded<Bytes>(literal(value), oids::bytea, Format::text) == value);
    }
    CHECK(encoded(to_bytes(all)) == all);
    CHECK(literal(Bytes{}) == "\\x");
    CHECK(literal(to_bytes("\x01\xab")) == "\\x01ab");
    CHECK(decoded<Bytes>("\\x01AB", oids::bytea, Format::text) == to_bytes("\x01\xab"));
    for (const std::string_view bad : {"", "\\x0", "\\xzz", "\\000", "0101", "\\x 1"})
        CHECK(contains(decode_problem<Bytes>(bad, oids::bytea, Format::text), "malformed bytea"));
    CHECK(contains(decode_problem<Bytes>("ab", oids::text), "OID 25"));
}
