// Codecs of a user's own: one specialisation does for scalars, arrays, bulk parameters and literals.
#include "round_trip.hpp"

#include "own_types.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace corm::test;
using own::Cents;
using own::Pair;
using own::Spot;

TEST_CASE("a type kept like another one borrows its codec", "[type][integration]") {
    round_trip<Cents>(
        "a user's type kept as numeric", {Cents{}, Cents{-1}, Cents{100}, Cents{99}},
        [](Random& random) { return Cents{random_integer<std::int32_t>(random)}; },
        [](const Cents& value, std::string_view text) { return text == own::text_of(value); });
}

TEST_CASE("a type of PostgreSQL that corm does not know", "[type][integration]") {
    round_trip<Spot>("a user's codec of point", {Spot{}, Spot{-0.5, 1e300}}, [](Random& random) {
        return Spot{static_cast<double>(random_integer<std::int32_t>(random)) / 8,
                    static_cast<double>(random() % 1000)};
    });
}

TEST_CASE("a type made in the database, in text format and without OIDs", "[type][integration]") {
    round_trip<Pair>(
        "a user's codec of a composite", {Pair{}, Pair{1, "a,\"b\\ (c)"}, Pair{2, "NULL"}, Pair{3, " "}},
        [](Random& random) {
            return Pair{random_integer<std::int32_t>(random), std::string(random() % 5, "\\\" ,"[random() % 4])};
        },
        {}, own::pair_schema);
}
