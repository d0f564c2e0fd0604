// What each type of column is in JSON.
#include "json_values_entities.hpp"

#include <corm/base/error.hpp>
#include <corm/json.hpp>
#include <corm/mapping/record_definition.hpp>
#include <corm/type/types.hpp>

#include <boost/json/monotonic_resource.hpp>
#include <boost/mp11/algorithm.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace json_values_test {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
namespace mapping = corm::mapping;
namespace orm = corm::orm;

/// A record with the members of a struct.
template <class T>
mapping::Record record_of(const T& object) {
    mapping::RecordDefinition definition{"records"};
    const auto for_each_member = [](const auto& visit) {
        boost::mp11::mp_for_each<mapping::described_members<T>>([&](auto descriptor) { visit(descriptor); });
    };
    for_each_member(
        [&](auto member) { definition.column<std::remove_cvref_t<decltype(object.*member.pointer)>>(member.name); });
    mapping::Record record{definition.primary_key({"id"}).build()};
    for_each_member([&](auto member) { record.set(member.name, object.*member.pointer); });
    return record;
}

TEST_CASE("a value of each type", "[json][unit]") {
    CHECK(corm::to_json_text(Everything{}) ==
          R"({"id":1,"flag":true,"small":-7,"number":8,"large":9007199254740993,"ratio":0.1,"wide":2.0,)"
          R"("text":"a \"b\"\u000a)"
          "\xC3\xA9"
          R"(","bytes":"\\x00ff","uuid":"00112233-4455-6677-8899-aabbccddeeff",)"
          R"("price":"12345678901234567890.10","day":"2024-02-29","local_day":"2024-02-29","date":"2024-02-29",)"
          R"("at":"2024-02-29T13:04:05.000600Z","local":"2024-02-29T01:00:00.000000",)"
          R"("coarse":"1999-12-31T00:00:00.000000Z",)"
          R"("clock":"08:30:00.000000","span":"+1 mons +2 days +03:00:00.000000",)"
          R"("length":"+0 mons +0 days +01:30:00.000000",)"
          R"("mood":"happy","document":{"k":[1,null,2.5]},"kept": { "b" : 1,  "a" : [ ] } ,)"
          R"("address":{"street":"Main","zip":null,"moods":["sad"]},"money":{"cents":250}})");
}

TEST_CASE("the value is the text, read", "[json][unit]") {
    const boost::json::value value = corm::to_json(Everything{});
    CHECK(value.at("large").as_int64() == 9'007'199'254'740'993);
    CHECK(value.at("wide").as_double() == 2.0);
    CHECK(value.at("ratio").as_double() == 0.1);
    CHECK(value.at("text").as_string() == "a \"b\"\n\xC3\xA9");
    CHECK(value.at("document") == Everything{}.document);
    CHECK(value.at("address").at("zip").is_null());

    boost::json::monotonic_resource memory;
    CHECK(corm::to_json(Everything{}, &memory).at("document").storage().get() == &memory);
}

TEST_CASE("NULL and arrays", "[json][unit]") {
    CHECK(corm::to_json_text(Arrays{.maybe = std::vector{1.5}}) ==
          R"({"id":0,"none":null,"some":"3","empty":[],"grid":[[1,2],[3,4]],"holes":["a",null],"bits":[true,false],)"
          R"("moods":["sad"],"addresses":[{"street":"","zip":null,"moods":[]}],)"
          R"("uuids":["00000000-0000-0000-0000-000000000000"],"maybe":[1.5]})");
}

TEST_CASE("numbers that JSON does not have are strings, as the server writes them", "[json][unit]") {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const Reading reading{.id = 1,
                          .value = std::nan(""),
                          .narrow = -std::numeric_limits<float>::infinity(),
                          .series = {infinity, -0.0, 1e300},
                          .exact = types::Numeric::from_string("NaN")};
    CHECK(corm::to_json_text(reading) ==
          R"({"id":1,"value":"NaN","narrow":"-Infinity","series":["Infinity",-0.0,1e+300],"exact":"NaN"})");
}

TEST_CASE("timestamps before Christ keep their mark", "[json][unit]") {
    const Note note{.at = types::Timestamp{std::chrono::sys_days{std::chrono::year{-43} / 3 / 15}}};
    CHECK(corm::to_json(note).at("at").as_string() == "0044-03-15T00:00:00.000000Z BC");
}

TEST_CASE("what JSON cannot hold names its path", "[json][unit]") {
    CHECK_THROWS_MATCHES(corm::to_json_text(Note{.lines = {"a", std::string{"b\0c", 3}}}), corm::ConversionError,
                         MessageMatches(ContainsSubstring("JSON member 'lines[1]': ")));
    CHECK_THROWS_MATCHES(corm::to_json_text(Note{.lines = {"\xff"}}), corm::ConversionError,
                         MessageMatches(ContainsSubstring("JSON member 'lines[0]': ")));
    CHECK_THROWS_MATCHES(corm::to_json_text(Note{.mood = static_cast<Mood>(7)}), corm::ConversionError,
                         MessageMatches(ContainsSubstring("JSON member 'mood' is none of the enumerators")));
    CHECK_THROWS_MATCHES(corm::to_json_text(Note{.at = types::Timestamp::min()}), corm::ConversionError,
                         MessageMatches(ContainsSubstring("JSON member 'at': ")));
    // Text that is no document must not become a part of one.
    for (const char* bad : {"", "1, \"id\": 2", "{", "[1", "nul", "01", "1 2", "\"\xff\""})
        CHECK_THROWS_MATCHES(corm::to_json_text(Note{.kept = {bad}}), corm::ConversionError,
                             MessageMatches(ContainsSubstring("JSON member 'kept': ")));
}

TEST_CASE("the text of a document stays as it is", "[json][record][unit]") {
    for (const char* text : {R"({"d":0.1234567890123456789,"a":1,"a":2})", R"({"n":12345678901234567890123})",
                             R"([1e400, 1.50, -0, "\/\u00e9"])", " [ ]\n"}) {
        const Note note{.kept = {text}};
        const std::string member = std::string{R"("kept":)"} + text;
        CHECK_THAT(corm::to_json_text(note), ContainsSubstring(member));
        CHECK_THAT(corm::to_json_text(record_of(note)), ContainsSubstring(member));
    }
    // A value has numbers of its own.
    CHECK_THROWS_AS(corm::to_json(Note{.kept = {"1e400"}}), corm::ConversionError);
}

TEST_CASE("a record is written as the struct with its members", "[json][record][unit]") {
    CHECK(corm::to_json_text(record_of(Reading{.id = 1, .value = std::nan(""), .series = {-0.0, 1e300}})) ==
          corm::to_json_text(Reading{.id = 1, .value = std::nan(""), .series = {-0.0, 1e300}}));
    const Note note{.id = 3, .lines = {"\"", ""}, .kept = {"[1 , 2]"}, .mood = Mood::happy};
    CHECK(corm::to_json_text(record_of(note)) == corm::to_json_text(note));

    // Its types are known at run time alone: enums are text.
    const boost::json::value arrays = corm::to_json(Arrays{.maybe = std::vector{1.5}});
    CHECK(corm::to_json(record_of(Arrays{.maybe = std::vector{1.5}})) == arrays);
    boost::json::value everything = corm::to_json(Everything{});
    everything.at("money") = 250; // a codec for int8
    CHECK(corm::to_json(record_of(Everything{})) == everything);
}

TEST_CASE("records are objects by the names of their columns, in lists and behind handles", "[json][record][unit]") {
    const auto mapper =
        mapping::define("t").column<std::int32_t>("id").column<bool>("is \"it\"").primary_key({"id"}).build();
    std::vector<mapping::Record> records(2, mapping::Record{mapper});
    records[1].set<std::int32_t>("id", 7);
    CHECK(corm::to_json_text(records) == R"([{"id":0,"is \"it\"":false},{"id":7,"is \"it\"":false}])");
    CHECK(corm::to_json_text(orm::Ref<mapping::Record>{}) == "null");
    CHECK_THROWS_MATCHES(corm::to_json_text(mapping::Record{}), corm::MappingError,
                         MessageMatches(ContainsSubstring("a default-constructed Record has no columns")));
}

TEST_CASE("a record names the column that JSON cannot hold", "[json][record][unit]") {
    for (const Note& note : {Note{.lines = {"a", std::string{"b\0c", 3}}}, Note{.lines = {"a", "\xff"}}})
        CHECK_THROWS_MATCHES(corm::to_json_text(record_of(note)), corm::ConversionError,
                             MessageMatches(ContainsSubstring("JSON member 'lines")));
    CHECK_THROWS_MATCHES(corm::to_json_text(record_of(Note{.mood = static_cast<Mood>(7)})), corm::ConversionError,
                         MessageMatches(ContainsSubstring("JSON member 'mood': ")));
    CHECK_THROWS_MATCHES(corm::to_json_text(record_of(Note{.kept = {"1, \"id\": 2"}})), corm::ConversionError,
                         MessageMatches(ContainsSubstring("JSON member 'kept': ")));
}

} // namespace json_values_test
