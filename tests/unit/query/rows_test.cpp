#include "support.hpp"
#include "support/encoded_rows.hpp"

#include <corm/base/error.hpp>
#include <corm/query/rows.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace query_test;
using corm::query::RowReader;
using corm::types::Oid;
namespace oids = corm::types::oids;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Equals;
using Catch::Matchers::MessageMatches;

namespace {

using Result = corm::test::EncodedRows;

struct Named {
    std::string name;
    std::optional<std::int32_t> age;
};
BOOST_DESCRIBE_STRUCT(Named, (), (name, age))

struct Event : Dated {
    std::string title;
};
BOOST_DESCRIBE_STRUCT(Event, (Dated), (title))

using OptionalInt = std::optional<std::int32_t>;

} // namespace

TEST_CASE("scalars come from a result of one column", "[query][unit]") {
    Result result{{{"count", oids::int8}}};
    result.row(std::int64_t{7}).row(std::int64_t{8});
    CHECK(RowReader<std::int64_t>{result}.all() == std::vector<std::int64_t>{7, 8});
    CHECK(RowReader<std::int32_t>{result}.read(1) == 8);
    const Result two{{{"a", oids::int4}, {"b", oids::int4}}};
    CHECK_THROWS_MATCHES(RowReader<std::int32_t>{two}, corm::MappingError,
                         MessageMatches(Equals("a result cannot be read into one value: it has 2 columns where 1 are "
                                               "read; it yields \"a\", \"b\"")));
    CHECK_THROWS_MATCHES(RowReader<std::int32_t>{Result{{}}}, corm::MappingError,
                         MessageMatches(ContainsSubstring("it yields no columns")));
}

TEST_CASE("tuples come by position", "[query][unit]") {
    Result result{{{"same", oids::int4}, {"same", oids::text}}};
    result.row(std::int32_t{1}, std::string{"a"}).row(OptionalInt{}, std::string{"b"});
    using Row = std::tuple<OptionalInt, std::string>;
    const std::vector<Row> rows = RowReader<Row>{result}.all();
    CHECK(rows == std::vector<Row>{{1, "a"}, {std::nullopt, "b"}});
    using Pair = std::pair<OptionalInt, std::string>;
    CHECK(RowReader<Pair>{result}.read(0) == Pair{1, "a"});
    CHECK_THROWS_MATCHES((RowReader<std::tuple<int, std::string, int>>{result}), corm::MappingError,
                         MessageMatches(ContainsSubstring("2 columns where 3")));
}

TEST_CASE("rows of many columns come whole, and an error names the last one as the first", "[query][unit]") {
    std::vector<std::pair<std::string, Oid>> columns;
    for (char name = 'a'; name <= 'k'; ++name)
        columns.emplace_back(std::string(1, name), oids::int4);
    Result result{columns};
    result.row(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    result.row(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, OptionalInt{});
    using Row = std::tuple<int, int, int, int, int, int, int, int, int, int, int>;
    const RowReader<Row> reader{result};
    CHECK(reader.read(0) == Row{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    CHECK_THROWS_MATCHES(reader.all(), corm::ConversionError, MessageMatches(ContainsSubstring("k: NULL")));
    Result flags{{{"flag", oids::boolean}}};
    flags.row(true).row(false);
    CHECK(RowReader<bool>{flags}.all() == std::vector<bool>{true, false});
}

TEST_CASE("described structs come by name, in any order", "[query][unit]") {
    Result result{{{"age", oids::int4}, {"new column", oids::text}, {"name", oids::text}}};
    result.row(std::int32_t{41}, std::string{"?"}, std::string{"Ada"});
    result.row(OptionalInt{}, std::string{"?"}, std::string{"Bob"});
    const std::vector<Named> rows = RowReader<Named>{result}.all();
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].name == "Ada");
    CHECK(rows[0].age == 41);
    CHECK(rows[1].name == "Bob");
    CHECK_FALSE(rows[1].age);
}

TEST_CASE("members of described bases are read as well", "[query][unit]") {
    Result result{{{"title", oids::text}, {"created", oids::int8}}};
    result.row(std::string{"launch"}, std::int64_t{1'969});
    const Event event = RowReader<Event>{result}.read(0);
    CHECK(event.title == "launch");
    CHECK(event.created == 1'969);
}

TEST_CASE("mapped structs come by the columns of their mapping", "[query][unit]") {
    Result result{{{"user_id", oids::int8}, {"id", oids::int8}}};
    result.row(std::int64_t{2}, std::int64_t{1});
    const Order order = RowReader<Order>{result}.read(0);
    CHECK(order.id == 1);
    CHECK(order.user_id == 2);
    CHECK_THROWS_MATCHES(
        RowReader<User>{result}, corm::MappingError,
        MessageMatches(ContainsSubstring("no column \"user name\"") && !ContainsSubstring("\"secret\"")));
}

TEST_CASE("F72: every mismatch is in one error", "[query][unit][F72]") {
    const Result result{{{"age", oids::int4}, {"Name", oids::text}, {"age", oids::int4}}};
    CHECK_THROWS_MATCHES(
        RowReader<Named>{result}, corm::MappingError,
        MessageMatches(Equals("a result cannot be read into Named: no column \"name\"; several columns "
                              "\"age\"; it yields \"age\", \"Name\", \"age\"")));
}

TEST_CASE("F67: values that do not fit name their column", "[query][unit][F67]") {
    Result null{{{"n", oids::int4}}};
    null.row(OptionalInt{});
    CHECK_THROWS_MATCHES(RowReader<std::int32_t>{null}.read(0), corm::ConversionError,
                         MessageMatches(ContainsSubstring("n: NULL cannot be read")));
    Result wide{{{"total", oids::int8}}};
    wide.row(std::int64_t{1} << 40);
    CHECK_THROWS_MATCHES(RowReader<std::int32_t>{wide}.read(0), corm::ConversionError,
                         MessageMatches(ContainsSubstring("total: ")));
}

TEST_CASE("an empty result yields nothing", "[query][unit]") {
    const Result result{{{"name", oids::text}, {"age", oids::int4}}};
    CHECK(RowReader<Named>{result}.all().empty());
}

TEST_CASE("types that cannot be read are told before any row is", "[query][unit]") {
    const auto refused = [](const Result& result) {
        try {
            static_cast<void>(RowReader<Named>{result});
        } catch (const corm::MappingError& error) {
            return std::string{error.what()};
        }
        return std::string{};
    };
    const Result other{{{"name", oids::int4}, {"age", oids::text}}};
    const std::string once = refused(other);
    CHECK_THAT(once, Equals("a result cannot be read into Named: \"name\": column of type with OID 23 cannot be read "
                            "into std::string; cast it in the query, or change the type it is read into; \"age\": "
                            "column of type with OID 25 cannot be read into int4; cast it in the query, or change the "
                            "type it is read into; it yields \"name\", \"age\""));
    // What fits by itself, in results of several kinds, more than are remembered.
    for (const Oid age : {oids::int2, oids::int4, oids::int8, oids::numeric, oids::oid, oids::int2})
        CHECK(refused(Result{{{"name", oids::text}, {"age", age}}}).empty());
    CHECK(refused(other) == once);
    CHECK_THAT(refused(Result{{{"age", oids::text}}}),
               ContainsSubstring("no column \"name\"; \"age\": column of type with OID 25"));
    using Pair = std::tuple<bool, corm::types::Uuid>;
    CHECK_THROWS_MATCHES((RowReader<Pair>{Result{{{"a", oids::boolean}, {"b", oids::text}}}}), corm::MappingError,
                         MessageMatches(ContainsSubstring("a tuple: \"b\": column of type with OID 25")));
    CHECK_THROWS_MATCHES((RowReader<Pair>{Result{{{"a", oids::int4}}}}), corm::MappingError,
                         MessageMatches(ContainsSubstring("it has 1 columns where 2 are read; \"a\": column of type "
                                                          "with OID 23 cannot be read into bool")));
}

TEST_CASE("all that is wrong with a row is in one error", "[query][unit]") {
    Result nulls{{{"a", oids::int4}, {"b", oids::text}, {"c", oids::int8}}};
    nulls.row(OptionalInt{}, std::string{"x"}, std::int64_t{1} << 40);
    using Row = std::tuple<std::int32_t, std::string, std::int32_t>;
    try {
        static_cast<void>(RowReader<Row>{nulls}.read(0));
        FAIL("read NULL as an integer");
    } catch (const corm::ConversionError& error) {
        CHECK(error.column() == "a");
        CHECK_THAT(error.what(),
                   Equals("a: NULL cannot be read into a type that is not optional (int4); use std::optional; c: "
                          "the value does not fit into int4; read it into a wider type"));
    }
}
