// Keys: as given, as encoded, as text.
#include "entities.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace mapping_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Equals;
using Catch::Matchers::MessageMatches;
using corm::mapping::key;
using corm::mapping::KeyArgument;
using corm::mapping::mapper_of;
using corm::mapping::RecordKey;

namespace {

template <class T>
std::string key_of(const T& object) {
    std::string out;
    mapper_of<T>()->append_key(&object, out);
    return out;
}

std::string text(const std::string& encoded, const corm::mapping::Mapper& mapper) {
    return mapper.key_text(encoded);
}

template <class T, class Part>
constexpr bool takes = corm::mapping::detail::KeyFits<corm::mapping::key_types<T>, std::tuple<Part>>::value;

} // namespace

TEST_CASE("a key as given is the key of the object", "[mapping][unit]") {
    HttpAccessLog log;
    log.id = -7;
    CHECK(KeyArgument<HttpAccessLog>{-7}.encoded() == key_of(log));
    CHECK(KeyArgument<HttpAccessLog>{std::int16_t{-7}}.encoded() == key_of(log));
    CHECK(KeyArgument<HttpAccessLog>{key(-7)}.encoded() == key_of(log));
    CHECK(KeyArgument<HttpAccessLog>{7}.encoded() != key_of(log));
    CHECK(KeyArgument<Country>{"AT"}.encoded() == key_of(Country{"AT", "Austria"}));
    CHECK(KeyArgument<Country>{std::string{"AT"}}.encoded() == "AT");
    const auto uuid = corm::types::Uuid::from_string("00112233-4455-6677-8899-aabbccddeeff");
    CHECK(KeyArgument<Token>{uuid}.encoded() == key_of(Token{uuid}));
}

TEST_CASE("the parts of a composite key have the order of the mapping", "[mapping][unit]") {
    const Line line{"nail", 7, 2};
    CHECK(KeyArgument<Line>{key(std::int16_t{2}, 7)}.encoded() == key_of(line));
    CHECK(key_of(line) == std::string("\0\0\0\2\0\2\0\0\0\4\0\0\0\7", 14));
    CHECK(key_of(Line{"nail", 2, 7}) != key_of(line));
    std::vector<std::string_view> parts;
    const std::string encoded = key_of(line);
    mapper_of<Line>()->split_key(encoded, parts);
    CHECK(parts == std::vector<std::string_view>{encoded.substr(4, 2), encoded.substr(10, 4)});
}

TEST_CASE("key values convert without narrowing, or not at all", "[mapping][unit]") {
    STATIC_CHECK(takes<HttpAccessLog, int>);
    STATIC_CHECK(takes<HttpAccessLog, std::int64_t>);
    STATIC_CHECK_FALSE(takes<HttpAccessLog, std::uint64_t>);
    STATIC_CHECK_FALSE(takes<HttpAccessLog, double>);
    STATIC_CHECK_FALSE(takes<HttpAccessLog, const char*>);
    STATIC_CHECK_FALSE(takes<Slot, std::int64_t>);
    STATIC_CHECK(takes<Country, const char*>);
    STATIC_CHECK_FALSE(takes<Country, int>);
    STATIC_CHECK_FALSE(takes<Line, int>);
    STATIC_CHECK(takes<Loose, std::int32_t>);
}

TEST_CASE("a key remembers where it was given", "[mapping][unit]") {
    const KeyArgument<Country> here{"AT"};
    CHECK(here.where().line() == __LINE__ - 1);
    CHECK(std::string_view{here.where().file_name()}.ends_with("key_test.cpp"));
}

TEST_CASE("keys read well in messages", "[mapping][unit]") {
    CHECK(text(KeyArgument<HttpAccessLog>{-7}.encoded(), *mapper_of<HttpAccessLog>()) == "-7");
    CHECK(text(KeyArgument<Line>{key(std::int16_t{2}, 7)}.encoded(), *mapper_of<Line>()) == "(2, 7)");
    CHECK(text(KeyArgument<Country>{"AT"}.encoded(), *mapper_of<Country>()) == "AT");
    CHECK(text(KeyArgument<Country>{""}.encoded(), *mapper_of<Country>()).empty());
    const char* const uuid = "00112233-4455-6677-8899-aabbccddeeff";
    CHECK(text(KeyArgument<Token>{corm::types::Uuid::from_string(uuid)}.encoded(), *mapper_of<Token>()) == uuid);
}

TEST_CASE("a key that is NULL names its member", "[mapping][unit]") {
    CHECK_THROWS_MATCHES(
        key_of(Loose{}), corm::MappingError,
        MessageMatches(Equals("Loose.number is part of the primary key and NULL; give it a value before "
                              "the object is added")));
    CHECK(key_of(Loose{5}) == KeyArgument<Loose>{5}.encoded());
}

TEST_CASE("keys of values are the keys of objects", "[mapping][unit]") {
    const Line line{"nail", 7, 2};
    corm::mapping::ValueBlock block{*mapper_of<Line>(), &line};
    std::string packed;
    mapper_of<Line>()->append_packed_key(block.data(), packed);
    CHECK(packed == key_of(line));
}

TEST_CASE("keys of records are checked at run time", "[mapping][unit]") {
    const auto mapper = corm::mapping::define("lines")
                            .column<std::int32_t>("order_no")
                            .column<std::string>("article")
                            .primary_key({"order_no", "article"})
                            .build();
    CHECK(mapper->key_text(RecordKey{key(7, std::string{"nail"})}.encode(*mapper)) == "(7, nail)");
    CHECK_THROWS_MATCHES(RecordKey{7}.encode(*mapper), corm::MappingError,
                         MessageMatches(Equals("lines has a primary key of 2 columns and was asked for by 1; give all "
                                               "parts as corm::key(a, b)")));
    CHECK_THROWS_MATCHES(RecordKey(key(std::int64_t{7}, std::string{"nail"})).encode(*mapper), corm::MappingError,
                         MessageMatches(Equals("lines.order_no is a key of type int4 and was given a int8; give the "
                                               "type of its definition")));
    CHECK_THROWS_MATCHES(RecordKey{std::optional<std::int32_t>{}}, corm::MappingError,
                         MessageMatches(ContainsSubstring("a key part is NULL")));
}
