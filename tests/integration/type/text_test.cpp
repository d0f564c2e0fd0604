// Text, bytes, UUIDs and enums, against the server's own text.
#include "round_trip.hpp"

#include <corm/base/error.hpp>

#include <boost/describe/enum.hpp>
#include <catch2/catch_test_macros.hpp>

namespace paint {

enum class Colour { red, green, dark_blue };
BOOST_DESCRIBE_ENUM(Colour, red, green, dark_blue)
constexpr auto corm_enum(corm::type<Colour>) {
    return corm::types::pg_enum("Colour \"1\"", "my schema");
}

enum class Tone { dark, light };
BOOST_DESCRIBE_ENUM(Tone, dark, light)
constexpr auto corm_enum(corm::type<Tone>) {
    return corm::types::enum_as_text;
}

} // namespace paint

using namespace corm::test;
using corm::types::Bytes;
using corm::types::Uuid;
using paint::Colour;
using paint::Tone;

namespace {

void put_code_point(std::string& out, std::uint32_t point) {
    if (point < 0x80) {
        out.push_back(static_cast<char>(point));
    } else if (point < 0x800) {
        out.push_back(static_cast<char>(0xc0 | (point >> 6)));
        out.push_back(static_cast<char>(0x80 | (point & 0x3f)));
    } else if (point < 0x10000) {
        out.push_back(static_cast<char>(0xe0 | (point >> 12)));
        out.push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3f)));
        out.push_back(static_cast<char>(0x80 | (point & 0x3f)));
    } else {
        out.push_back(static_cast<char>(0xf0 | (point >> 18)));
        out.push_back(static_cast<char>(0x80 | ((point >> 12) & 0x3f)));
        out.push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3f)));
        out.push_back(static_cast<char>(0x80 | (point & 0x3f)));
    }
}

std::string random_text(Random& random) {
    std::string text;
    for (std::size_t length = random() % 30; length > 0; --length) {
        const std::uint64_t kind = random() % 4;
        std::uint32_t point = static_cast<std::uint32_t>(kind == 0   ? random() % 0x80
                                                         : kind == 1 ? random() % 0x800
                                                         : kind == 2 ? random() % 0x10000
                                                                     : random() % 0x110000);
        if (point == 0 || (point >= 0xd800 && point < 0xe000))
            point = "{}\",\\ '\n"[random() % 8];
        put_code_point(text, point);
    }
    return text;
}

} // namespace

TEST_CASE("text against the server's text", "[type][integration]") {
    std::vector<std::string> edges{
        "",   " ",          "NULL",     "null",     "nUlL",       "{}",     "{",
        "}",  ",",          "\"",       "\\",       "\\\\",       "\\x41",  "'",
        "''", "\t\r\n\v\f", "a,b",      "☃",        "\U0010ffff", "\u0080", "'; drop table users; --",
        "$1", "%s",         "\x01\x7f", " leading", "trailing "};
    edges.push_back(std::string(100'000, 'x'));
    std::string every;
    for (char c = 1; c > 0 && c < 127; ++c)
        every.push_back(c);
    edges.push_back(every);
    round_trip<std::string>("text", std::move(edges), random_text,
                            [](const std::string& value, std::string_view text) { return text == value; });
}

TEST_CASE("bytes against the server's text", "[type][integration]") {
    Bytes every;
    for (int byte = 0; byte < 256; ++byte)
        every.push_back(static_cast<std::byte>(byte));
    round_trip<Bytes>(
        "bytea", {Bytes{}, Bytes{std::byte{0}}, Bytes{std::byte{'\\'}}, every},
        [](Random& random) {
            Bytes bytes(random() % 50);
            for (std::byte& byte : bytes)
                byte = static_cast<std::byte>(random());
            return bytes;
        },
        [](const Bytes& value, std::string_view text) {
            std::string hex = "\\x";
            for (const std::byte byte : value) {
                hex.push_back("0123456789abcdef"[std::to_integer<unsigned>(byte) >> 4]);
                hex.push_back("0123456789abcdef"[std::to_integer<unsigned>(byte) & 15]);
            }
            return text == hex;
        });
}

TEST_CASE("UUIDs against the server's text", "[type][integration]") {
    Uuid::Octets ones;
    ones.fill(255);
    round_trip<Uuid>(
        "uuid", {Uuid{}, Uuid{ones}, Uuid::random(), Uuid::time_ordered()},
        [](Random& random) {
            Uuid::Octets octets;
            for (std::uint8_t& octet : octets)
                octet = static_cast<std::uint8_t>(random());
            return Uuid{octets};
        },
        [](const Uuid& value, std::string_view text) { return text == value.to_string(); });
}

TEST_CASE("enums against the server's text", "[type][integration]") {
    round_trip<Colour>(
        "enum", {Colour::red, Colour::green, Colour::dark_blue},
        [](Random& random) { return static_cast<Colour>(random() % 3); },
        [](const Colour& value, std::string_view text) {
            return text == (value == Colour::red ? "red" : value == Colour::green ? "green" : "dark_blue");
        },
        "create schema \"my schema\"; create type \"my schema\".\"Colour \"\"1\"\"\" as enum ('red', 'green', "
        "'dark_blue')");
    round_trip<Tone>(
        "enum as text", {Tone::dark, Tone::light}, [](Random& random) { return static_cast<Tone>(random() % 2); },
        [](const Tone& value, std::string_view text) { return text == (value == Tone::dark ? "dark" : "light"); });
}

TEST_CASE("text of every kind of column is read", "[type][integration]") {
    const Database database{"create extension if not exists citext"};
    Client client{database.url()};
    CHECK(client.ask("select 'a'::varchar(10)").value<std::string>() == "a");
    CHECK(client.ask("select 'a'::char(3)").value<std::string>() == "a  ");
    CHECK(client.ask("select 'a'::name").value<std::string>() == "a");
    CHECK(client.ask("select 'a'::\"char\"").value<std::string>() == "a");
    CHECK(client.ask("select 'A☃'::citext").value<std::string>() == "A☃");
    CHECK(client.ask("select array['a', null]::varchar(5)[]").value<std::vector<std::optional<std::string>>>() ==
          std::vector<std::optional<std::string>>{"a", std::nullopt});
    CHECK(client.ask("select array['a']::citext[]").value<std::vector<std::string>>() == std::vector<std::string>{"a"});
    CHECK_THROWS_AS(client.ask("select 1").value<std::string>(), corm::ConversionError);
    CHECK_THROWS_AS(client.ask("select '\\x41'::bytea").value<std::string>(), corm::ConversionError);
    CHECK_THROWS_AS(client.ask("select 'blue'::text").value<Tone>(), corm::ConversionError);
}
