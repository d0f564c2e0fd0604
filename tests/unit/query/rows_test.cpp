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
    Result text{{{"name", oids::text}, {"age", oids::text}}};
    text.row(std::string{"Ada"}, std::string{"x"});
    try {
        static_cast<void>(RowReader<Named>{text}.read(0));
        FAIL("read text as an integer");
    } catch (const corm::ConversionError& error) {
        CHECK(error.column() == "age");
    }
}

TEST_CASE("an empty result yields nothing", "[query][unit]") {
    const Result result{{{"name", oids::text}, {"age", oids::int4}}};
    CHECK(RowReader<Named>{result}.all().empty());
}
