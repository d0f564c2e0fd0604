// jsonb, json and described structs in them, against the server's own text.
#include "round_trip.hpp"

#include "json_types.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>

#include <bit>
#include <cmath>

using namespace corm::test;
using corm::types::Codec;
using corm::types::JsonText;
using json_types::Address;
using json_types::Contact;
using json_types::Kind;
namespace json = boost::json;

namespace {

std::string random_word(Random& random) {
    static constexpr const char* parts[] = {"a", "b", "☃", "\"", "\\", "\n", " ", "{", "}", "'", "\x01", "é", "0"};
    std::string word;
    for (std::size_t n = random() % 6; n > 0; --n)
        word += parts[random() % std::size(parts)];
    return word;
}

double random_double(Random& random) {
    const auto value = std::bit_cast<double>(random());
    return std::isfinite(value) ? value : 0.5;
}

json::value random_json(Random& random, int depth = 0) {
    switch (random() % (depth < 4 ? 8 : 6)) {
    case 0: return nullptr;
    case 1: return random() % 2 == 0;
    case 2: return random_integer<std::int64_t>(random);
    case 3: return random();
    case 4: return random_double(random);
    case 5: return json::string(random_word(random));
    case 6: {
        json::array array;
        for (std::size_t n = random() % 5; n > 0; --n)
            array.push_back(random_json(random, depth + 1));
        return array;
    }
    default: {
        json::object object;
        for (std::size_t n = random() % 5; n > 0; --n)
            object[random_word(random)] = random_json(random, depth + 1);
        return object;
    }
    }
}

// The server's text, read by the codec of boost::json::value, is the same value.
bool is_same_document(const json::value& value, std::string_view text) {
    json::value read;
    Codec<json::value>::decode(
        {text.data(), static_cast<std::int32_t>(text.size()), corm::types::oids::json, corm::types::Format::text},
        read);
    return Codec<json::value>::same(value, read);
}

Address random_address(Random& random) {
    Address address;
    address.street = random_word(random);
    if (random() % 2 == 0)
        address.zip = random_word(random);
    address.kind = random() % 2 == 0 ? Kind::home : Kind::work;
    for (std::size_t n = random() % 3; n > 0; --n)
        address.points.push_back({random_double(random), static_cast<float>(random() % 1000) / 8});
    address.number = random_integer<std::int16_t>(random);
    return address;
}

Contact random_contact(Random& random) {
    Contact contact;
    contact.id = random_integer<std::int64_t>(random);
    contact.code = random();
    contact.balance = corm::types::Numeric::from_string(std::to_string(random_integer<std::int64_t>(random)) + ".50");
    contact.since = corm::types::Timestamp{std::chrono::microseconds{random_integer<std::int32_t>(random)}};
    contact.wait = std::chrono::seconds{random_integer<std::int32_t>(random)};
    contact.token = random() % 2 == 0 ? corm::types::Uuid{} : corm::types::Uuid::random();
    contact.extra = random_json(random);
    for (std::size_t n = random() % 3; n > 0; --n)
        contact.addresses.push_back(random_address(random));
    if (random() % 2 == 0)
        contact.main = random_address(random);
    return contact;
}

} // namespace

TEST_CASE("jsonb against the server's text", "[type][integration]") {
    json::value deep = 1;
    for (int i = 0; i < corm::types::json_depth_limit; ++i)
        deep = json::array{deep};
    round_trip<json::value>(
        "jsonb",
        {nullptr, true, 0, -0.0, 0.1, 1e-5, 1e20, 1.7976931348623157e308, 5e-324, std::uint64_t(-1), "", json::array(),
         json::object(), json::object({{"", 1}}), deep},
        [](Random& random) { return random_json(random); }, is_same_document);
}

TEST_CASE("json keeps its text", "[type][integration]") {
    round_trip<JsonText>(
        "json", {JsonText{}, JsonText{" { \"b\" : 1.10, \"a\":[] , \"a\": 1e400 }\n"}, JsonText{"\"\\u0041\""}},
        [](Random& random) {
            JsonText document;
            document.text = std::string(random() % 3, ' ');
            Codec<json::value>::literal(random_json(random), document.text);
            return document;
        },
        [](const JsonText& value, std::string_view text) { return text == value.text; });
}

TEST_CASE("described structs against the server's text", "[type][integration]") {
    round_trip<Address>("a struct as jsonb", {Address{}}, random_address);
    round_trip<Contact>("a struct as json", {Contact{}}, random_contact,
                        [](const Contact& value, std::string_view text) {
                            std::string literal;
                            Codec<Contact>::literal(value, literal);
                            return text == literal;
                        });
}

TEST_CASE("SQL works on the documents of structs", "[type][integration]") {
    const Database database;
    Client client{database.url()};
    Address address;
    address.street = "Main \"St\"";
    address.points = {{1.5, 2}, {3, 4}};
    Contact contact;
    contact.balance = corm::types::Numeric::from_string("12.50");
    contact.main = address;
    CHECK(client.ask("select $1->>'street'", address).value<std::string>() == "Main \"St\"");
    CHECK(client.ask("select ($1#>>'{points,1,y}')::float8", address).value<double>() == 4);
    CHECK(client.ask("select jsonb_typeof($1->'zip')", address).value<std::string>() == "null");
    CHECK(client.ask("select ($1->>'balance')::numeric * 2", contact).value<corm::types::Numeric>().to_string() ==
          "25.00");
    CHECK(client.ask("select ($1->>'since')::timestamptz", contact).value<corm::types::Timestamp>() == contact.since);
    CHECK(client.ask("select ($1->>'wait')::interval", contact).value<std::chrono::seconds>() == contact.wait);
    // What SQL makes of the same columns is read back.
    const std::string made = "select jsonb_build_object('id', 1, 'code', 2, 'balance', 3, 'since', "
                             "'2024-02-29 12:00+03'::timestamptz, 'wait', '-01:00:00', 'token', gen_random_uuid(), "
                             "'extra', null, 'addresses', array[]::int[])";
    const auto read = client.ask(made).value<Contact>();
    CHECK(read.since == std::chrono::sys_days{std::chrono::year{2024} / 2 / 29} + std::chrono::hours{9});
    CHECK(read.wait == std::chrono::hours{-1});
    CHECK_FALSE(read.main);
}

TEST_CASE("documents that a struct does not match name the path", "[type][integration]") {
    const Database database;
    Client client{database.url()};
    const auto problem = [&](const std::string& change) {
        Contact contact;
        contact.addresses.resize(2);
        try {
            static_cast<void>(client.ask("select " + change, contact).value<Contact>());
        } catch (const corm::ConversionError& error) {
            return error.problem();
        }
        return std::string{};
    };
    CHECK(problem("$1::jsonb").empty());
    CHECK(problem("$1::jsonb #- '{addresses,1,street}'") ==
          "JSON member 'addresses[1].street' is missing; make it a std::optional if documents may leave it out");
    CHECK(problem("jsonb_set($1::jsonb, '{addresses,0,city}', '1')") ==
          "JSON member 'addresses[0].city' is unknown to the struct, which would lose it; add a member of that name");
    CHECK(problem("jsonb_set($1::jsonb, '{addresses,0,number}', '40000')") ==
          "JSON member 'addresses[0].number' does not fit into its integer type");
    CHECK(
        problem("jsonb_set($1::jsonb, '{since}', '\"infinity\"')").starts_with("JSON member 'since': the text is not"));
    CHECK(problem("'null'::jsonb") == "the JSON document is null; make it a std::optional if it may be");
}
