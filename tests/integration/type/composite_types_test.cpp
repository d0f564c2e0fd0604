// Composites and hstore, against the server's own text.
#include "round_trip.hpp"

#include <corm/base/error.hpp>
#include <corm/type/composite.hpp>
#include <corm/type/hstore.hpp>
#include <corm/type/range.hpp>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;
using corm::Hstore;

namespace geo {

enum class Side { left, right };
BOOST_DESCRIBE_ENUM(Side, left, right)
constexpr auto corm_enum(corm::type<Side>) {
    return corm::types::pg_enum("side", "geo");
}

struct Place {
    std::int32_t x = 0;
    std::optional<double> y{};
    std::string label{};
};
BOOST_DESCRIBE_STRUCT(Place, (), (x, y, label))
constexpr auto corm_composite(corm::type<Place>) {
    return corm::pg_composite("place", "geo");
}

struct Trip {
    Place from{};
    std::optional<Place> to{};
    std::vector<std::optional<Place>> stops{};
    std::optional<Side> side{};
    corm::Range<std::int32_t> hours{};
    std::vector<std::string> words{};
};
BOOST_DESCRIBE_STRUCT(Trip, (), (from, to, stops, side, hours, words))
constexpr auto corm_composite(corm::type<Trip>) {
    return corm::pg_composite("Trip", "geo");
}

constexpr const char* setup = R"(
    create schema geo;
    create type geo.side as enum ('left', 'right');
    create type geo.place as (x int, gone int, y float8, label text);
    alter type geo.place drop attribute gone;
    create type geo."Trip" as ("from" geo.place, "to" geo.place, stops geo.place[], side geo.side, hours int4range,
                               words text[]);
)";

} // namespace geo

namespace {

std::string random_text(Random& random) {
    std::string text;
    for (std::size_t left = random() % 6; left > 0; --left)
        text.push_back("ab,()\"\\{}[] =>\t'N"[random() % 17]);
    return text;
}

geo::Place random_place(Random& random) {
    geo::Place made;
    made.x = random_integer<std::int32_t>(random);
    if (random() % 2 == 0)
        made.y = static_cast<double>(random_integer<std::int16_t>(random)) / 8;
    made.label = random() % 8 == 0 ? "NULL" : random_text(random);
    return made;
}

geo::Trip random_trip(Random& random) {
    geo::Trip made;
    made.from = random_place(random);
    if (random() % 2 == 0)
        made.to = random_place(random);
    for (std::size_t left = random() % 4; left > 0; --left)
        made.stops.push_back(random() % 4 == 0 ? std::nullopt : std::optional{random_place(random)});
    if (random() % 2 == 0)
        made.side = geo::Side::right;
    made.hours = {0, static_cast<std::int32_t>(random() % 3)};
    for (std::size_t left = random() % 3; left > 0; --left)
        made.words.push_back(random_text(random));
    return made;
}

template <class T>
bool is_written_alike(const T& value, std::string_view text) {
    std::string own;
    corm::types::Codec<T>::literal(value, own);
    return own == text;
}

template <class T>
std::string problem(Client& client, const char* sql) {
    const BinaryResult result = client.ask(sql);
    try {
        static_cast<void>(result.value<T>());
    } catch (const corm::ConversionError& error) {
        return error.what();
    }
    return "none";
}

} // namespace

TEST_CASE("composites against the server's text", "[type][integration]") {
    round_trip<geo::Place>("a composite", {geo::Place{}}, random_place, is_written_alike<geo::Place>, geo::setup);
    round_trip<geo::Trip>("a composite of composites", {geo::Trip{}}, random_trip, is_written_alike<geo::Trip>,
                          geo::setup);
}

TEST_CASE("rows that do not match a struct name the field", "[type][integration]") {
    const Database database{geo::setup};
    Client client{database.url()};
    CHECK(problem<geo::Place>(client, "select row(1, 2::float8, 'a'::text)") == "none"); // an anonymous record
    CHECK_THAT(problem<geo::Place>(client, "select row(1, 2::float8)"),
               ContainsSubstring("without a field is 'label'"));
    CHECK_THAT(problem<geo::Place>(client, "select row(1, true, 'a'::text)"),
               ContainsSubstring("field 'y' of \"geo\".\"place\": column of type with OID 16"));
    CHECK_THAT(problem<geo::Place>(client, "select row(null, 1::float8, 'a')::geo.place"),
               ContainsSubstring("field 'x' of \"geo\".\"place\": NULL"));
    CHECK_THAT(problem<geo::Place>(client, "select 1"), ContainsSubstring("OID 23"));
    CHECK_THAT(problem<geo::Trip>(client, "select row(row(1, null, ''), null, null, null, null, null)::geo.\"Trip\""),
               ContainsSubstring("field 'stops'"));
    client.ask("alter type geo.place add attribute more int");
    CHECK_THAT(problem<geo::Place>(client, "select row(1, null, '', 2)::geo.place"),
               ContainsSubstring("a value of 4 fields cannot be read into the struct of 3 members"));
    client.ask("alter type geo.place drop attribute more");
    CHECK(problem<geo::Place>(client, "select row(1, null, '')::geo.place") == "none");
}

TEST_CASE("F71: a type that is dropped and made again has another OID", "[type][integration][F71]") {
    const Database database{geo::setup};
    Client client{database.url()};
    const geo::Place place{1, 0.5, "a"};
    CHECK(client.ask("select $1::geo.place", place).value<geo::Place>().label == "a");
    client.ask("drop type geo.place cascade");
    client.ask("create type geo.place as (x bigint, y float8, label varchar)");
    CHECK(client.ask("select $1::geo.place", place).value<geo::Place>().label == "a");
    client.ask("drop type geo.side cascade");
    client.ask("create type geo.side as enum ('right', 'left')");
    CHECK(client.ask("select $1::geo.side", geo::Side::left).value<geo::Side>() == geo::Side::left);
}

TEST_CASE("hstore against the server's text", "[type][integration]") {
    round_trip<Hstore>(
        "hstore", {Hstore{}, Hstore{{"", ""}}, Hstore{{"NULL", "NULL"}, {"null", std::nullopt}}},
        [](Random& random) {
            Hstore made;
            for (std::size_t left = random() % 5; left > 0; --left)
                made[random_text(random)] = random() % 4 == 0 ? std::nullopt : std::optional{random_text(random)};
            return made;
        },
        [](const Hstore& value, std::string_view text) {
            Hstore read;
            corm::types::Codec<Hstore>::decode({text.data(), static_cast<std::int32_t>(text.size()),
                                                corm::types::oids::text, corm::types::Format::text},
                                               read);
            return read == value;
        },
        "create extension hstore");
    const Database database{"create extension hstore"};
    Client client{database.url()};
    const Hstore some{{"a", "1"}, {"b", std::nullopt}};
    CHECK(client.ask("select $1::hstore -> 'a'", some).text(0, 0) == "1");
    CHECK_THROWS_AS(client.ask("select '{}'::jsonb").value<Hstore>(), corm::ConversionError);
}
