// What an insert is made of, and what cannot be one.
#include <corm/query/insert.hpp>

#include "entities.hpp"

#include <corm/base/error.hpp>
#include <corm/type/array.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace query_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::query::ConflictAction;
using corm::query::insert;
using corm::query::InsertQuery;

namespace {

using Columns = std::vector<std::uint16_t>;

Stamped named(std::int64_t id, std::string name) {
    return {id, std::move(name), {}, 0};
}

} // namespace

TEST_CASE("an insert writes what a flush would, as an array for each column", "[query][unit]") {
    const auto query = insert<Stamped>(std::vector{named(0, "a"), named(0, "b")}).erased();
    CHECK(query->rows == 2);
    CHECK(query->columns == Columns{1, 3});
    CHECK(query->action == ConflictAction::fail);
    corm::types::Parameters expected;
    expected.add(std::vector<std::string>{"a", "b"});
    expected.add(std::vector<std::int32_t>{0, 0});
    REQUIRE(query->parameters.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(query->parameters.oid(i) == expected.oid(i));
        CHECK(query->parameters.bytes(i) == expected.bytes(i));
    }
    const std::vector<Stamped> keyed{named(5, "a")};
    CHECK(insert<Stamped>(keyed).erased()->columns == Columns{0, 1, 3});
    CHECK(insert<Stamped>(keyed, corm::mapping::Given<&Stamped::kind>{}).erased()->columns == Columns{0, 1, 2, 3});
    CHECK(insert<Stamped>(std::vector<Stamped>{}).erased()->rows == 0);
}

TEST_CASE("a conflict updates what is named, or all but what says who the row is", "[query][unit]") {
    const std::vector<Stamped> rows{named(5, "a")};
    const auto given = corm::mapping::Given<&Stamped::kind>{};
    const auto named_column = insert<Stamped>(rows).on_conflict<&Stamped::id>().do_update<&Stamped::name>().erased();
    CHECK(named_column->action == ConflictAction::update);
    CHECK(named_column->target == Columns{0});
    CHECK(named_column->updated == Columns{1});
    CHECK(insert<Stamped>(rows, given).on_conflict<&Stamped::id>().do_update().erased()->updated == Columns{1, 2});
    CHECK(insert<Stamped>(rows, given).on_conflict<&Stamped::name>().do_update().erased()->updated == Columns{2});
    CHECK(insert<Stamped>(rows).on_constraint("c").do_update().erased()->updated == Columns{1});
    const auto nothing = insert<Stamped>(rows).on_conflict().do_nothing().within(corm::Duration{5}).erased();
    CHECK(nothing->action == ConflictAction::nothing);
    CHECK(nothing->target.empty());
    CHECK(nothing->within == corm::Duration{5});
}

TEST_CASE("inserts that cannot be are refused with a reason", "[query][unit]") {
    const std::vector<Stamped> rows{named(5, "a")};
    const auto refuses = [](const auto& make, const std::string& why) {
        CHECK_THROWS_MATCHES(make(), corm::MappingError, MessageMatches(ContainsSubstring(why)));
    };
    refuses([] { return insert<Stamped>(std::vector{named(5, "a"), named(0, "b")}); }, "insert them by two");
    refuses([&] { return insert<Stamped>(rows).on_conflict().do_update(); }, "name the columns of the unique index");
    refuses([&] { return insert<Stamped>(rows).on_conflict<&Stamped::id>().do_update<&Stamped::version>(); },
            "counts up by itself");
    refuses([&] { return insert<Stamped>(rows).on_conflict<&Stamped::id>().do_update<&Stamped::kind>(); },
            "left to the server");
    refuses([&] { return insert<Stamped>(rows).on_conflict<&Stamped::name>().do_update(); }, "use do_nothing()");
    refuses([&] { return insert<Stamped>(rows, corm::mapping::Given<&Stamped::name>{}); }, "server_default");
    CHECK_THROWS_MATCHES(insert<Stamped>(named(1, std::string{"a\0b", 3})), corm::ConversionError,
                         MessageMatches(ContainsSubstring("stamped") && ContainsSubstring("name")));
}

TEST_CASE("records name their columns", "[query][unit]") {
    corm::mapping::Record record{people()};
    record.set<std::int32_t>("id", 1).set<std::string>("name", "a");
    const auto query = insert<corm::mapping::Record>(record).on_conflict("id").do_update("name", "mood").erased();
    CHECK(query->target == Columns{0});
    CHECK(query->updated == Columns{1, 3});
    CHECK_THROWS_MATCHES(insert<corm::mapping::Record>(record).on_conflict("nick"), corm::MappingError,
                         MessageMatches(ContainsSubstring("no column \"nick\"")));
    const std::vector<corm::mapping::Record> none;
    CHECK(insert<corm::mapping::Record>(none).on_conflict("id").do_update("name").erased()->rows == 0);
}

TEST_CASE("given columns of records are named", "[query][unit]") {
    using corm::mapping::given_columns;
    using corm::mapping::Record;
    const auto mapper = corm::mapping::define("stamped")
                            .column<std::int64_t>("id")
                            .column<std::string>("kind")
                            .primary_key({"id"}, true)
                            .server_default("kind")
                            .build();
    const std::vector<Record> rows{Record{mapper}}, none;
    CHECK(insert<Record>(rows).erased()->columns == Columns{0});
    CHECK(insert<Record>(rows, given_columns("kind")).erased()->columns == Columns{0, 1});
    CHECK(insert(rows.front(), given_columns("kind")).erased()->columns == Columns{0, 1});
    CHECK(insert<Record>(none, given_columns("kind")).erased()->rows == 0);
    const auto refuses = [&](const auto& given, const std::string& why) {
        CHECK_THROWS_MATCHES(insert<Record>(rows, given), corm::MappingError, MessageMatches(ContainsSubstring(why)));
    };
    refuses(given_columns("id"), "server_default");
    refuses(given_columns("kin"), "the nearest is \"kind\"");
}

TEST_CASE("records of one insert are of one mapper", "[query][unit]") {
    using corm::mapping::Record;
    const auto mapper = people();
    const auto tags = corm::mapping::define("tags").column<std::string>("label").primary_key({"label"}).build();
    CHECK(insert<Record>(std::vector{Record{mapper}, Record{mapper}}).erased()->rows == 2);
    const auto refuses = [](const std::vector<Record>& records, const std::string& why) {
        CHECK_THROWS_MATCHES(insert<Record>(records), corm::MappingError, MessageMatches(ContainsSubstring(why)));
    };
    refuses({Record{mapper}, Record{tags}}, "different mappers, of people and of tags");
    refuses({Record{mapper}, Record{people()}}, "different mappers");
    refuses({Record{}}, "holds nothing");
    refuses({Record{mapper}, Record{}}, "holds nothing");
}
