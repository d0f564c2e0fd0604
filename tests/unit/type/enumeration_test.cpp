#include <corm/type/enumeration.hpp>

#include "unit/type/support.hpp"

#include <boost/describe/enum.hpp>

namespace shop {

enum class Mood { sad, ok, happy = 7 };
BOOST_DESCRIBE_ENUM(Mood, sad, ok, happy)
constexpr auto corm_enum(corm::type<Mood>) {
    return corm::types::pg_enum("mood");
}

enum Level : std::uint64_t { low, high = 0xffffffffffffffffU };
BOOST_DESCRIBE_ENUM(Level, low, high)
constexpr auto corm_enum(corm::type<Level>) {
    return corm::types::enum_as_text;
}

enum class Odd : signed char { minus = -1 };
BOOST_DESCRIBE_ENUM(Odd, minus)
constexpr auto corm_enum(corm::type<Odd>) {
    return corm::types::pg_enum("odd \"one\"", "my.app");
}

} // namespace shop

using namespace corm;
using namespace corm::types;
using namespace corm::test;
using shop::Level;
using shop::Mood;
using shop::Odd;

namespace {
constexpr Oid user_type = oids::first_user_oid + 5;
}

TEST_CASE("an enum travels as the name of its enumerator", "[type][unit]") {
    for (const Mood value : {Mood::sad, Mood::ok, Mood::happy})
        CHECK(survives(value, user_type));
    CHECK(encoded(Mood::happy) == "happy");
    CHECK(literal(Mood::sad) == "sad");
    CHECK(decoded<Mood>("ok", user_type, Format::text) == Mood::ok);
    CHECK(survives(Odd::minus, user_type));
    CHECK(survives(shop::low, oids::text));
    CHECK(survives(shop::high, oids::varchar));
}

TEST_CASE("the server infers the type of an enum, text has its own", "[type][unit]") {
    CHECK(Codec<Mood>::oid == 0);
    CHECK(Codec<Mood>::array_oid == 0);
    CHECK(Codec<Mood>::format == Format::text);
    CHECK(Codec<Mood>::sql_type() == "\"mood\"");
    CHECK(Codec<Odd>::sql_type() == "\"my.app\".\"odd \"\"one\"\"\"");
    CHECK(Codec<Level>::oid == oids::text);
    CHECK(Codec<Level>::array_oid == oids::text_array);
    CHECK(Codec<Level>::format == Format::binary);
    CHECK(Codec<Level>::sql_type() == "text");
}

TEST_CASE("F68: unknown labels are refused; those of an enum type are named", "[type][unit][F68]") {
    CHECK(decode_problem<Mood>("angry", user_type) ==
          "the label 'angry' is none of the 3 enumerators of the enum for \"mood\"; add it to the enum and its "
          "BOOST_DESCRIBE_ENUM");
    CHECK(decode_problem<Level>("secret", oids::text) ==
          "the label is none of the 2 enumerators of the enum for text; add it to the enum and its "
          "BOOST_DESCRIBE_ENUM");
    for (const std::string_view near : {"", "Happy", "happy ", "happ", "happyy"})
        CHECK(contains(decode_problem<Mood>(near, user_type), "none of the 3"));
    CHECK_FALSE(contains(decode_problem<Mood>(std::string(64, 'x'), user_type), "xxx"));
}

TEST_CASE("F68: values that are no enumerator are refused before they are sent", "[type][unit][F68]") {
    CHECK(problem_of([] { encoded(static_cast<Mood>(3)); }) ==
          "the value is none of the 3 enumerators of the enum for \"mood\"");
    CHECK_FALSE(problem_of([] { literal(static_cast<Mood>(8)); }).empty());
}

TEST_CASE("enums refuse columns that hold no labels", "[type][unit]") {
    CHECK(contains(decode_problem<Mood>(bytes({0, 0, 0, 1}), oids::int4), "OID 23 cannot be read into \"mood\""));
    CHECK(contains(decode_problem<Level>("low", oids::bytea), "OID 17 cannot be read into an enum kept as text"));
    CHECK(decoded<Mood>("sad", oids::text) == Mood::sad);
}

TEST_CASE("std::byte is no enum for the database", "[type][unit]") {
    STATIC_CHECK_FALSE(Codable<std::byte>);
    STATIC_CHECK(Codable<Mood>);
}
