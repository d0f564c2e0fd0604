// Inserts that a flush plans as COPY, and their bytes.
#include "copy_entities.hpp"
#include "support.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace uow_test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::uow::CopyRows;

namespace copy_test {

struct Wrong {
    std::int64_t id = 0;
    std::int32_t made = 0;
};
BOOST_DESCRIBE_STRUCT(Wrong, (), (id, made))
constexpr auto corm_mapping(corm::type<Wrong>) {
    return corm::mapping::table<Wrong>("wrongs").primary_key<&Wrong::id>().bulk_copy().server_default<&Wrong::made>();
}

} // namespace copy_test
using copy_test::Kind;
using copy_test::Pet;
using copy_test::Point;

namespace {

EncodedRows types_found() {
    return EncodedRows{{{"name", oids::text}, {"declared", oids::text}}};
}
template <class Key>
EncodedRows keys(std::initializer_list<Key> given) {
    EncodedRows rows{{{"zero", oids::int4}, {"key", corm::types::Codec<Key>::oid}}};
    for (const Key key : given)
        rows.row(std::int32_t{0}, key);
    return rows;
}
std::string bytes(const CopyRows& rows) {
    return std::string{rows.bytes()};
}
/// A string literal with NULs in it.
template <std::size_t size>
std::string binary(const char (&literal)[size]) {
    return {literal, size - 1};
}

} // namespace

TEST_CASE("a flush copies what its mapping wants copied, where it may", "[uow][unit]") {
    const auto session = Session::create();
    session->add(Point{.label = "a"});
    CHECK(outline(session->uow.plan({.copies = true})) == Outline{"insert points 1"});
    session->add(Point{.label = "b"});
    CHECK(outline(session->uow.plan()) == Outline{"insert points 2"});
    CHECK(outline(session->uow.plan({.copies = true})) == Outline{"block points 0", "types points 0", "copy points 2"});
    // Of another shape.
    session->add(Point{.id = 7, .label = "c"});
    CHECK(outline(session->uow.plan({.copies = true})) ==
          Outline{"block points 0", "types points 0", "copy points 2", "insert points 1"});
}

TEST_CASE("what COPYs have to know is asked ahead of everything", "[uow][unit]") {
    const auto session = Session::create();
    const Handle line = session->attach<Line>(one_line(1, 1, "a", 1));
    edit<Line>(line).quantity = 2;
    session->add(Pet{.kind = Kind::dog});
    session->add(Point{.id = 1, .label = "a"});
    session->add(Point{.id = 2, .label = "b"});
    const FlushPlan plan = session->uow.plan({.copies = true});
    REQUIRE(outline(plan) == Outline{"block pets 0", "types pets 0", "types points 0", "update lines 1", "copy pets 1",
                                     "copy points 2"});
    CHECK(plan.statements[4].copy->keys_at == 0);
    CHECK(plan.statements[4].copy->types_at == 1);
    CHECK_FALSE(plan.statements[5].copy->keys_at.has_value());
    CHECK(plan.statements[5].copy->types_at == 2);
    CHECK(*plan.statements[0].text == "SELECT 0, pg_catalog.nextval((SELECT pg_catalog.pg_get_serial_sequence($1, $2)"
                                      "::pg_catalog.regclass))::int8 FROM pg_catalog.generate_series(1, "
                                      "$3::pg_catalog.int4)");
    CHECK(dump(plan.statements[0].parameters) ==
          parameters(std::string{"\"pets\""}, std::string{"id"}, std::int32_t{1}));
    // The enum is the server's alone.
    CHECK(dump(plan.statements[1].parameters) == parameters(std::string{"\"pets\""},
                                                            std::vector<std::string>{"id", "name"},
                                                            std::vector<std::int64_t>{oids::int8, oids::text}));
    CHECK(*plan.statements[4].text == R"(COPY "pets" ("id", "kind", "name") FROM STDIN)");
    CHECK(*plan.statements[5].text == R"(COPY "app"."points" ("id", "label", "height") FROM STDIN (FORMAT binary))");
}

TEST_CASE("keys come from the sequence that the mapping names", "[uow][unit]") {
    const auto session = Session::create();
    session->add(copy_test::Ticket{});
    const FlushPlan plan = session->uow.plan({.copies = true});
    REQUIRE(outline(plan) == Outline{"block tickets 0", "types tickets 0", "copy tickets 1"});
    CHECK(*plan.statements[0].text == "SELECT 0, pg_catalog.nextval((SELECT pg_catalog.to_regclass($1::pg_catalog.text)"
                                      "))::int4 FROM pg_catalog.generate_series(1, $2::pg_catalog.int4)");
    CHECK(dump(plan.statements[0].parameters) == parameters(std::string{R"("app"."a.""b")"}, std::int32_t{1}));
    EncodedRows none{{{"zero", oids::int4}, {"key", oids::int4}}};
    none.row(std::int32_t{0}, std::optional<std::int32_t>{});
    CHECK_THROWS_MATCHES(plan.statements[2].copy->fill_in_keys(none, {}), corm::MappingError,
                         MessageMatches(ContainsSubstring(R"(Ticket: the sequence "app"."a.""b" of id is not there)")));
}

TEST_CASE("binary rows, with the keys that the server gave", "[uow][unit]") {
    const auto session = Session::create();
    const Handle first = session->add(Point{.label = "a"});
    const Handle second = session->add(Point{.label = "", .height = std::int16_t{5}});
    edit<Point>(second).label = "bc";
    FlushPlan plan = session->uow.plan({.copies = true});
    edit<Point>(second).label = "later";
    CopyRows& rows = *plan.statements[2].copy;
    const EncodedRows given = keys<std::int32_t>({258, 259});
    rows.require_types(types_found(), {});
    rows.fill_in_keys(given, {});
    const std::string expected = binary("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"
                                        "\0\3\0\0\0\4\0\0\1\2\0\0\0\1a\377\377\377\377"
                                        "\0\3\0\0\0\4\0\0\1\3\0\0\0\2bc\0\0\0\2\0\5"
                                        "\377\377");
    CHECK(bytes(rows) == expected);
    // A request that is sent again has other keys.
    rows.fill_in_keys(keys<std::int32_t>({1, 2}), {});
    rows.fill_in_keys(given, {});
    CHECK(bytes(rows) == expected);

    const EncodedRows none = types_found();
    session->uow.flushed(plan, {&given, &none, &none}, false);
    CHECK(read<Point>(first).id == 258);
    CHECK(read<Point>(second).id == 259);
    CHECK(session->find<Point>(std::int32_t{259}) == second);
    CHECK(second->is_modified());
    CHECK_FALSE(first->is_modified());
    session->uow.rolled_back();
    CHECK(first->state == ObjectState::transient);
    CHECK(session->find<Point>(std::int32_t{258}) == nullptr);
}

TEST_CASE("text rows, with the keys that the server gave", "[uow][unit]") {
    const auto session = Session::create();
    session->add(Pet{.kind = Kind::dog, .name = "\\N"});
    session->add(Pet{.kind = Kind::cat});
    session->add(Pet{.kind = Kind::cat, .name = "a\tb\nc\rd\\"});
    FlushPlan plan = session->uow.plan({.copies = true});
    CopyRows& rows = *plan.statements.back().copy;
    rows.fill_in_keys(keys<std::int64_t>({1, INT64_MIN, -25}), {});
    CHECK(bytes(rows) == "                   1\tdog\t\\\\N\n"
                         "-9223372036854775808\tcat\t\\N\n"
                         "                 -25\tcat\ta\\tb\\nc\\rd\\\\\n");
    rows.fill_in_keys(keys<std::int64_t>({INT64_MIN, 7, 8}), {});
    rows.fill_in_keys(keys<std::int64_t>({9, 7, 8}), {});
    CHECK(bytes(rows).starts_with("                   9\tdog\t"));
}

TEST_CASE("a COPY that cannot be right is refused", "[uow][unit]") {
    const auto session = Session::create();
    session->add(Point{.label = "a"});
    session->add(Point{.label = "b"});
    FlushPlan plan = session->uow.plan({.copies = true});
    CopyRows& rows = *plan.statements.back().copy;
    EncodedRows found = types_found();
    found.row(std::string{"height"}, std::string{"numeric(4,2)"});
    CHECK_THROWS_MATCHES(rows.require_types(found, {}), corm::MappingError,
                         MessageMatches(ContainsSubstring("Point.height is int2 in the mapping and numeric(4,2) in the "
                                                          "table")));
    EncodedRows no_sequence{{{"zero", oids::int4}, {"key", oids::int4}}};
    no_sequence.row(std::int32_t{0}, std::optional<std::int32_t>{}).row(std::int32_t{0}, std::optional<std::int32_t>{});
    CHECK_THROWS_MATCHES(rows.fill_in_keys(no_sequence, {}), corm::MappingError,
                         MessageMatches(ContainsSubstring("id has no sequence")));
    CHECK_NOTHROW(rows.require_copied(2, {}));
    CHECK_THROWS_AS(rows.require_copied(1, {}), corm::StaleDataError);
}

TEST_CASE("bulk_copy does not go with what the server fills in", "[uow][unit]") {
    CHECK_THROWS_MATCHES(corm::mapping::mapper_of<copy_test::Wrong>(), corm::MappingError,
                         MessageMatches(ContainsSubstring("Wrong.made is left to the server")));
    CHECK(corm::mapping::mapper_of<User>()->bulk_copy_rows() == 0);
    const auto record = corm::mapping::define("t").column<std::int64_t>("id").primary_key({"id"}).bulk_copy().build();
    CHECK(record->bulk_copy_rows() == corm::mapping::default_bulk_copy_rows);
}

TEST_CASE("a value that cannot be sent names its column", "[uow][unit]") {
    const auto session = Session::create();
    session->add(Point{.label = "a"});
    session->add(Point{.label = std::string("b\0c", 3)});
    CHECK_THROWS_MATCHES(session->uow.plan({.copies = true}), corm::ConversionError,
                         MessageMatches(ContainsSubstring("points.label")));
}
