#include <corm/type/types.hpp>

#include "unit/type/support.hpp"

#include <boost/describe/enum.hpp>
#include <boost/json.hpp>

#include <random>

namespace paint {

enum class Colour { red, green };
BOOST_DESCRIBE_ENUM(Colour, red, green)
constexpr auto corm_enum(corm::type<Colour>) {
    return corm::types::pg_enum("colour");
}

enum class Tone { dark, light };
BOOST_DESCRIBE_ENUM(Tone, dark, light)
constexpr auto corm_enum(corm::type<Tone>) {
    return corm::types::enum_as_text;
}

} // namespace paint

using namespace corm;
using namespace corm::types;
using namespace corm::test;
using paint::Colour;

namespace {

using Ints = std::vector<std::int32_t>;
using Maybe = std::vector<std::optional<std::int32_t>>;
using Grid = std::vector<Ints>;
using Texts = std::vector<std::string>;

std::string ints(std::initializer_list<std::int32_t> values) {
    std::string out;
    for (const std::int32_t value : values)
        put_int32(out, value);
    return out;
}

constexpr Oid int4_array = oids::int4_array;

} // namespace

TEST_CASE("arrays are laid out as array_recv reads them", "[type][unit]") {
    CHECK(encoded(Ints{}) == ints({0, 0, 23}));
    CHECK(encoded(Ints{7, -1}) == ints({1, 0, 23, 2, 1, 4, 7, 4, -1}));
    CHECK(encoded(Maybe{7, std::nullopt}) == ints({1, 1, 23, 2, 1, 4, 7, -1}));
    CHECK(encoded(Grid{{1, 2, 3}, {4, 5, 6}}) == ints({2, 0, 23, 2, 1, 3, 1, 4, 1, 4, 2, 4, 3, 4, 4, 4, 5, 4, 6}));
    CHECK(Codec<Grid>::oid == int4_array);
    CHECK(Codec<Grid>::array_oid == 0);
    CHECK(Codec<Grid>::sql_type() == "int4[]");
    CHECK(Codec<std::vector<Maybe>>::sql_type() == "int4[]");
}

TEST_CASE("arrays of every type survive", "[type][unit]") {
    using namespace std::chrono;
    CHECK(survives(Ints{}));
    CHECK(survives(Ints{1, -2, 3}));
    CHECK(survives(std::vector<std::int16_t>{1}));
    CHECK(survives(std::vector<std::int64_t>{1, 2}));
    CHECK(survives(std::vector<bool>{true, false, true}));
    CHECK(survives(std::vector<std::vector<bool>>{{true, false}, {false, true}}));
    CHECK(survives(std::vector<std::optional<bool>>{true, std::nullopt}));
    CHECK(survives(std::vector<float>{0.5F}));
    CHECK(survives(std::vector<double>{0.5, -0.0}));
    CHECK(survives(Texts{"", "NULL", "a,b", "{}", "\"\\"}));
    CHECK(survives(std::vector<Bytes>{{}, {std::byte{0}, std::byte{255}}}));
    CHECK(survives(std::vector<Uuid>{Uuid{}, Uuid::random()}));
    CHECK(survives(std::vector<Numeric>{Numeric{"1.50"}, Numeric::nan()}));
    CHECK(survives(std::vector<sys_days>{sys_days{2000y / 1 / 1}}));
    CHECK(survives(std::vector<Timestamp>{Timestamp{}}));
    CHECK(survives(std::vector<boost::json::value>{{{"a", 1}}, nullptr}));
    CHECK(survives(std::vector<paint::Tone>{paint::Tone::light}));
    CHECK(survives(Maybe{std::nullopt, 1, std::nullopt}));
    CHECK(survives(std::vector<Maybe>{{1, std::nullopt}, {std::nullopt, 4}}));
    CHECK(survives(std::vector<std::vector<Texts>>{{{"a", "b"}}, {{"c", "d"}}, {{"e", "f"}}}));
}

TEST_CASE("random grids survive", "[type][unit]") {
    std::mt19937 random{9};
    for (int i = 0; i < 300; ++i) {
        Grid grid(random() % 6 + 1, Ints(random() % 6 + 1));
        for (Ints& row : grid) {
            for (std::int32_t& cell : row)
                cell = static_cast<std::int32_t>(random());
        }
        REQUIRE(survives(grid));
    }
}

TEST_CASE("bytea is a value, not a dimension", "[type][unit]") {
    CHECK(Codec<std::vector<Bytes>>::oid == oids::bytea_array);
    CHECK(Codec<std::vector<Bytes>>::level.depth == 1);
    CHECK(Codec<std::vector<std::vector<Bytes>>>::level.depth == 2);
}

TEST_CASE("arrays that PostgreSQL cannot hold are refused", "[type][unit]") {
    const std::string ragged = "a nested vector is not rectangular; the inner vectors of a PostgreSQL array have one "
                               "size";
    CHECK(problem_of([] { encoded(Grid{{1, 2}, {3}}); }) == ragged);
    CHECK(problem_of([] { literal(Grid{{1}, {2, 3}}); }) == ragged);
    CHECK(problem_of([] { encoded(std::vector<Grid>{{{1}, {2}}, {{3}}}); }) == ragged);
    CHECK(problem_of([] { encoded(Grid{{1}, {}}); }) == ragged);
    CHECK(contains(problem_of([] { encoded(Grid{{}, {}}); }), "a vector of empty vectors cannot be stored"));
    CHECK(survives(Grid{}));
    CHECK(contains(problem_of([] { encoded(Texts{std::string("a\0b", 3)}); }), "text holds a NUL"));
}

TEST_CASE("F70: arrays are read whatever their lower bounds", "[type][unit][F70]") {
    CHECK(decoded<Ints>(ints({1, 0, 23, 2, 0, 4, 7, 4, 8}), int4_array) == Ints{7, 8});
    CHECK(decoded<Ints>(ints({1, 0, 23, 2, -5, 4, 7, 4, 8}), int4_array) == Ints{7, 8});
}

TEST_CASE("elements convert by the rules of their type", "[type][unit]") {
    CHECK(decoded<std::vector<std::int64_t>>(encoded(Ints{1, 2}), int4_array) == std::vector<std::int64_t>{1, 2});
    CHECK(contains(decode_problem<Texts>(encoded(Ints{1}), int4_array), "OID 23 cannot be read into std::string"));
    CHECK(contains(decode_problem<Ints>(encoded(Maybe{1, std::nullopt}), int4_array), "NULL cannot be read"));
    CHECK(decoded<Texts>(ints({1, 0, 1043, 1, 1, 0}), oids::varchar_array) == Texts{""});
}

TEST_CASE("F70: arrays with other dimensions are refused", "[type][unit][F70]") {
    CHECK(decode_problem<Ints>(encoded(Grid{{1}}), int4_array) ==
          "an array of 2 dimensions cannot be read into std::vector nested to depth 1");
    CHECK(contains(decode_problem<Grid>(encoded(Ints{1}), int4_array), "1 dimensions cannot be read"));
    CHECK(decoded<Grid>(encoded(Ints{}), int4_array).empty());
}

TEST_CASE("F70: hostile array headers are refused before memory is taken", "[type][unit][F70]") {
    constexpr std::int32_t huge = 0x7fffffff;
    for (const std::string& raw :
         {ints({}), ints({1}), ints({0, 0}), ints({1, 0, 23}), ints({-1, 0, 23}), ints({7, 0, 23}), ints({0, 2, 23}),
          ints({1, 0, 23, huge, 1}), ints({1, 0, 23, huge, 1, 4, 1}), ints({1, 0, 23, -1, 1}), ints({1, 0, 23, 0, 1}),
          ints({1, 0, 23, 1, 1, huge, 1}), ints({1, 0, 23, 1, 1, -2}), ints({1, 0, 23, 1, 1, 4}),
          ints({1, 0, 23, 1, 1, 4, 1, 0}), ints({0, 0, 23, 0}), ints({1, 0, 25, 1, 1, 4, 1})}) {
        CHECK(contains(decode_problem<Ints>(raw, int4_array), "malformed"));
    }
    for (const std::string& raw : {ints({2, 0, 23, huge, 1, huge, 1}), ints({2, 0, 23, huge, 1, 0, 1}),
                                   ints({2, 0, 23, 65536, 1, 65536, 1, 4, 1})})
        CHECK(contains(decode_problem<Grid>(raw, int4_array), "malformed array"));
    CHECK(contains(decode_problem<Ints>(ints({0, 0, 23}), oids::bytea), "OID 17 cannot be read into std::vector"));
}

TEST_CASE("enum arrays go as literals and come as labels", "[type][unit]") {
    using Colours = std::vector<Colour>;
    constexpr Oid colour = oids::first_user_oid, colour_array = colour + 1;
    CHECK(Codec<Colours>::oid == 0);
    CHECK(Codec<Colours>::format == Format::text);
    CHECK(Codec<Colours>::sql_type() == "\"colour\"[]");
    CHECK(encoded(Colours{Colour::red, Colour::green}) == "{red,green}");
    std::string raw = ints({1, 0, static_cast<std::int32_t>(colour), 2, 1, 3}) + "red" + ints({5}) + "green";
    CHECK(decoded<Colours>(raw, colour_array) == Colours{Colour::red, Colour::green});
    raw.back() = 'x';
    CHECK(contains(decode_problem<Colours>(raw, colour_array), "label 'greex'"));
    CHECK(encoded(std::vector<std::optional<Colour>>{Colour::red, std::nullopt}) == "{red,NULL}");
}

TEST_CASE("array literals are quoted where the server needs it", "[type][unit]") {
    CHECK(literal(Ints{}) == "{}");
    CHECK(literal(Grid{{1, 2}, {3, -4}}) == "{{1,2},{3,-4}}");
    CHECK(literal(Maybe{1, std::nullopt}) == "{1,NULL}");
    CHECK(literal(Texts{"a", "", "null", "Null", "nulls", "a b", "a,b", "{", "}", "\"", "\\", "\n", "☃"}) ==
          R"({a,"","null","Null",nulls,"a b","a,b","{","}","\"","\\",")"
          "\n"
          R"(",☃})");
    CHECK(literal(std::vector<Bytes>{{std::byte{1}}}) == R"({"\\x01"})");
    CHECK(literal(std::vector<bool>{true, false}) == "{t,f}");
    CHECK(literal(std::vector<Timestamp>{Timestamp{}}) == R"({"1970-01-01 00:00:00.000000+00"})");
}

TEST_CASE("array literals are read as array_in does", "[type][unit]") {
    const auto read = []<class T>(corm::type<T>, std::string_view text, Oid oid) {
        return decoded<T>(text, oid, Format::text);
    };
    constexpr corm::type<Ints> ints;
    CHECK(read(ints, "{}", int4_array).empty());
    CHECK(read(ints, " { 1 , -2,3 } ", int4_array) == Ints{1, -2, 3});
    CHECK(read(ints, "[5:6]={1,2}", int4_array) == Ints{1, 2});
    CHECK(read(corm::type<Maybe>{}, "{1,NULL,null, 3}", int4_array) == Maybe{1, std::nullopt, std::nullopt, 3});
    CHECK(read(corm::type<Grid>{}, "{{1,2},{3,4}}", int4_array) == Grid{{1, 2}, {3, 4}});
    CHECK(read(corm::type<Grid>{}, "{}", int4_array).empty());
    constexpr corm::type<Texts> texts;
    CHECK(read(texts, R"({a b, "c,d" ,"",\"e\",f\ ,"null","\\",☃})", oids::text_array) ==
          Texts{"a b", "c,d", "", "\"e\"", "f ", "null", "\\", "☃"});
    CHECK(read(corm::type<std::vector<Colour>>{}, "{red,green}", oids::text) ==
          std::vector<Colour>{Colour::red, Colour::green});
    CHECK(read(corm::type<std::vector<bool>>{}, "{t,f}", oids::boolean_array) == std::vector<bool>{true, false});
    // What is written is read.
    const Texts odd{"a", "", "null", "a b", "a,b", "{", "}", "\"", "\\", "\n", " x ", "☃"};
    CHECK(read(texts, literal(odd), oids::text_array) == odd);
    const std::vector<Grid> cube{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}};
    CHECK(read(corm::type<std::vector<Grid>>{}, literal(cube), int4_array) == cube);

    for (const std::string_view text :
         {"",        "1",       "{",        "{1",   "{1}}",        "{1,}", "{,1}",
          "{1 2}",   "{{1},2}", "{1,{2}}",  "{{}}", "{{1,2},{3}}", "{1}x", "[1:2]{1,2}",
          "[x]={1}", "{\"1}",   "{1\"2\"}", "{1\\", "{NULL}",      "{a}",  "{{{{{{{1}}}}}}}"}) {
        INFO(text);
        CHECK_FALSE(decode_problem<Ints>(std::string{text}, int4_array, Format::text).empty());
    }
    for (const std::string_view text : {"{{1,2},{3}}", "{{1},2}", "{{1,2},{3,{4}}}", "{{},{}}"})
        CHECK(contains(decode_problem<Grid>(std::string{text}, int4_array, Format::text), "malformed array"));
    CHECK(contains(decode_problem<Ints>("{{1}}", int4_array, Format::text), "2 dimensions"));
}

TEST_CASE("arrays are the same element by element", "[type][unit]") {
    CHECK(Codec<std::vector<double>>::same({0.0}, {0.0}));
    CHECK_FALSE(Codec<std::vector<double>>::same({0.0}, {-0.0}));
    CHECK_FALSE(Codec<std::vector<double>>::same({0.0}, {0.0, 0.0}));
    CHECK_FALSE(Codec<Maybe>::same({1}, {std::nullopt}));
    CHECK(Codec<Grid>::same({{1}, {2}}, {{1}, {2}}));
    CHECK_FALSE(Codec<Grid>::same({{1}, {2}}, {{1, 2}}));
    CHECK_FALSE(Codec<std::vector<Numeric>>::same({Numeric{"1.0"}}, {Numeric{"1.00"}}));
}
