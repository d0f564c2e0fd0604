// Tables mapped at run time.
#include "entities.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Equals;
using Catch::Matchers::MessageMatches;
using corm::mapping::define;
using corm::mapping::Mapper;
using corm::mapping::Record;

namespace {

std::shared_ptr<const Mapper> people() {
    return define("people", "app")
        .column<std::int32_t>("id")
        .column<std::string>("name")
        .column<std::optional<std::int64_t>>("age")
        .column<std::int32_t>("version")
        .primary_key({"id"})
        .version("version")
        .unique("name")
        .build();
}

} // namespace

TEST_CASE("a record holds the values of its columns", "[mapping][unit]") {
    Record ada{people()};
    CHECK(ada.get<std::int32_t>("id") == 0);
    CHECK(ada.get<std::string>("name").empty());
    CHECK_FALSE(ada.get<std::optional<std::int64_t>>("age"));
    ada.set<std::string>("name", "Ada").set<std::optional<std::int64_t>>("age", 36);
    CHECK(ada.get<std::string>("name") == "Ada");
    Record copy = ada;
    copy.set<std::string>("name", "Bob");
    CHECK(ada.get<std::string>("name") == "Ada");
    const Record moved = std::move(copy);
    CHECK(moved.get<std::string>("name") == "Bob");
    ada = moved;
    CHECK(ada.get<std::string>("name") == "Bob");
    CHECK(ada.get<std::optional<std::int64_t>>("age") == 36);
}

TEST_CASE("a definition becomes a mapper like a struct's", "[mapping][unit]") {
    const auto mapper = people();
    CHECK(mapper->entity() == "people");
    CHECK(mapper->table() == "people");
    CHECK(mapper->schema() == "app");
    CHECK(mapper->generated_key() == 0);
    CHECK(mapper->version_column() == 3);
    CHECK(mapper->column(1).unique);
    CHECK(define("t").column<int>("id").primary_key({"id"}, true).build()->generated_key() == -1);
    // Each definition is a table of its own.
    CHECK(people() != mapper);
}

TEST_CASE("a record holds its mapper alive", "[mapping][unit]") {
    Record record{people()};
    const std::weak_ptr<const Mapper> mapper = record.mapper();
    Record copy = record;
    record = Record{};
    CHECK_FALSE(mapper.expired());
    CHECK(copy.get<std::int32_t>("id") == 0);
    copy = Record{};
    CHECK(mapper.expired());
}

TEST_CASE("a wrong name is answered with the nearest", "[mapping][unit]") {
    const Record record{people()};
    CHECK_THROWS_MATCHES(record.get<std::string>("nmae"), corm::MappingError,
                         MessageMatches(Equals(R"(people has no column "nmae"; the nearest is "name")")));
    CHECK_THROWS_MATCHES(record.get<std::string>("versoin"), corm::MappingError,
                         MessageMatches(Equals(R"(people has no column "versoin"; the nearest is "version")")));
    CHECK_THROWS_MATCHES(corm::mapping::column_by_name(*record.mapper(), ""), corm::MappingError,
                         MessageMatches(Equals(R"(people has no column ""; the nearest is "id")")));
    CHECK(corm::mapping::column_by_name(*record.mapper(), "age").name == "age");
}

TEST_CASE("a wrong type is answered with the right one", "[mapping][unit]") {
    Record record{people()};
    CHECK_THROWS_MATCHES(
        record.get<std::int64_t>("id"), corm::MappingError,
        MessageMatches(Equals("people.id is defined as int4 and was asked for as int8; use the type of "
                              "its definition")));
    CHECK_THROWS_MATCHES(
        record.set<std::int64_t>("age", 1), corm::MappingError,
        MessageMatches(Equals("people.age is defined as int8 (optional) and was asked for as int8; use "
                              "the type of its definition")));
}

TEST_CASE("an empty record says so", "[mapping][unit]") {
    const Record empty;
    CHECK(empty.mapper() == nullptr);
    CHECK_THROWS_MATCHES(empty.get<int>("id"), corm::MappingError,
                         MessageMatches(Equals("a default-constructed Record has no columns; construct it with its "
                                               "mapper")));
    const Record copy{empty};
    CHECK_THROWS_AS(copy.get<int>("id"), corm::MappingError);
}

TEST_CASE("definitions that are not consistent", "[mapping][unit]") {
    CHECK_THROWS_MATCHES(define("t").column<int>("id").build(), corm::MappingError,
                         MessageMatches(Equals("t: the mapping has no primary key; add .primary_key<...>()")));
    CHECK_THROWS_MATCHES(define("t").column<int>("id").primary_key({"id", "id"}).build(), corm::MappingError,
                         MessageMatches(Equals("t.id is named twice in the primary key")));
    CHECK_THROWS_MATCHES(define("t").column<int>("id").primary_key({"key"}).build(), corm::MappingError,
                         MessageMatches(Equals("t.key is named in the mapping and is no column of it; map a described "
                                               "member that holds a value")));
    CHECK_THROWS_MATCHES(define("t").column<int>("id").column<int>("id").primary_key({"id"}).build(),
                         corm::MappingError, MessageMatches(Equals("t: two members are mapped to column id")));
    CHECK_THROWS_MATCHES(
        define("t").column<int>("id").primary_key({"id"}).version("id").build(), corm::MappingError,
        MessageMatches(Equals("t.id cannot be the version column; use one NOT NULL integer member that "
                              "is not in the key")));
    CHECK_THROWS_AS(define("t").column<std::optional<int>>("v").version("v").build(), corm::MappingError);
    CHECK_THROWS_AS(define("").build(), corm::MappingError);
}

TEST_CASE("values of a record as text", "[mapping][unit]") {
    Record ada{people()};
    ada.set_text("name", "Ada").set_text("age", "36");
    CHECK(ada.get<std::optional<std::int64_t>>("age") == 36);
    CHECK(ada.text("age") == "36");
    CHECK(ada.text("id") == "0");
    ada.set_text("age", std::nullopt);
    CHECK_FALSE(ada.text("age"));
    CHECK_THROWS_MATCHES(ada.set_text("id", "many"), corm::ConversionError,
                         MessageMatches(ContainsSubstring("people.id")));
    CHECK_THROWS_MATCHES(ada.set_text("id", std::nullopt), corm::ConversionError,
                         MessageMatches(ContainsSubstring("people.id")));
    CHECK(ada.get<std::int32_t>("id") == 0); // as it was
}
