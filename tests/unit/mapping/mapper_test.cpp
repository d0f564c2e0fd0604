// From a described struct to a Mapper.
#include "entities.hpp"

#include <corm/base/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <thread>
#include <vector>

using namespace mapping_test;
using Catch::Matchers::Equals;
using Catch::Matchers::MessageMatches;
using corm::mapping::Column;
using corm::mapping::Mapper;
using corm::mapping::mapper_of;

TEST_CASE("a struct becomes columns in the order of its members, bases first", "[mapping][unit]") {
    const Mapper& mapper = *mapper_of<HttpAccessLog>();
    CHECK(mapper.entity() == "HttpAccessLog");
    CHECK(mapper.table() == "http_access_log");
    CHECK(mapper.schema() == "web");
    CHECK(mapper.type() == std::type_index{typeid(HttpAccessLog)});
    std::vector<std::string> names;
    for (const Column& column : mapper.columns())
        names.push_back(column.name);
    CHECK(names == std::vector<std::string>{"id", "created_at", "Path of \"file\"", "status", "revision"});
    CHECK(mapper.column(2).member == "path");
    CHECK(mapper.find_column("Path of \"file\"") == 2);
    CHECK(mapper.find_column("path") == -1);
    CHECK(mapper.find_member("path") == 2);
    CHECK(mapper.find_member("cache") == -1);
    // The unmapped member keeps its place among the described ones.
    CHECK(mapper.column_of_member(4) == -1);
    CHECK(mapper.column_of_member(5) == 4);
    CHECK(corm::mapping::column_index<HttpAccessLog, &HttpAccessLog::revision>() == 4);
    CHECK(corm::mapping::column_index<HttpAccessLog, &Dated::created_at>() == 1);
}

TEST_CASE("columns reach their members, inherited ones included", "[mapping][unit]") {
    const Mapper& mapper = *mapper_of<HttpAccessLog>();
    HttpAccessLog log;
    const void* const members[] = {&log.id, &log.created_at, &log.path, &log.status, &log.revision};
    for (std::size_t i = 0; i < mapper.columns().size(); ++i) {
        CAPTURE(mapper.column(i).name);
        CHECK(mapper.column(i).in(mapper.object().values(&log)) == members[i]);
    }
    CHECK(mapper.column(2).type == &corm::types::value_type<std::string>);
    CHECK(mapper.column(3).type == &corm::types::value_type<std::optional<std::int32_t>>);
    CHECK(mapper.column(3).type->nullable);
}

namespace {

struct Typeless {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Typeless, (), (id))
constexpr auto corm_mapping(corm::type<Typeless>) {
    return corm::mapping::table<Typeless>("t").primary_key<&Typeless::id>().sql_type<&Typeless::id>("");
}

} // namespace

TEST_CASE("a mapping says what the server calls a column's type", "[mapping][unit]") {
    const Mapper& mapper = *mapper_of<Host>();
    CHECK(mapper.column(1).sql_type() == "inet");
    CHECK(mapper.column(2).sql_type() == "text");
    CHECK_THROWS_MATCHES(
        static_cast<void>(mapper_of<Typeless>()), corm::MappingError,
        MessageMatches(Equals("Typeless.id: the mapping names no type; write its name, or leave sql_type out")));
}

TEST_CASE("a cast names the type without its length, and never a type of length 1", "[mapping][unit]") {
    const auto cast = [](const std::string& type) {
        const auto mapper = corm::mapping::define("t")
                                .column<std::int32_t>("id")
                                .column<std::string>("value", type)
                                .primary_key({"id"})
                                .build();
        return std::string{mapper->column(1).cast_type()};
    };
    for (const char* const name : {"char", "character", "nchar", "national char", "national character", "CHAR",
                                   "Character", "NChar", "NATIONAL  Character", " national\tchar "}) {
        CAPTURE(name);
        for (const char* const length : {"", "(3)", " (3)", "  ( 3 ) "})
            CHECK(cast(std::string{name} + length) == "pg_catalog.bpchar");
        for (const char* const array : {"[]", "(3)[]", "(3) [][]", "(3)[4] [ 3 ]", " (3) array", " ARRAY[4]"})
            CHECK(cast(std::string{name} + array) == "pg_catalog.bpchar[]");
    }
    CHECK(cast("bit") == "pg_catalog.\"bit\"");
    CHECK(cast("BIT (8)") == "pg_catalog.\"bit\"");
    CHECK(cast("Bit(8)[2][2]") == "pg_catalog.\"bit\"[]");
    // These have no length but the one that is written.
    CHECK(cast("char varying(3)") == "char varying");
    CHECK(cast("National  Char Varying (3)") == "national char varying");
    CHECK(cast("bit varying(8)[]") == "bit varying[]");
    CHECK(cast("VARCHAR(3)") == "varchar");
    CHECK(cast("pg_catalog.bpchar(3)") == "pg_catalog.bpchar");
    CHECK(cast("bpchar(3)[]") == "bpchar[]");
    CHECK(cast("numeric (10, 2)[][]") == "numeric[]");
    CHECK(cast("timestamp(3)with time zone") == "timestamp with time zone");
    // Names in quotes are as they are.
    CHECK(cast("\"CHAR\"(3)") == "\"CHAR\"");
    CHECK(cast("\"char\"") == "\"char\"");
    CHECK(cast("App.\"My  (odd) [Type]\"(3)[]") == "app.\"My  (odd) [Type]\"[]");
    CHECK(cast("\"a \"\" Array\"") == "\"a \"\" Array\"");
}

TEST_CASE("flags are where the mapping puts them", "[mapping][unit]") {
    const Mapper& mapper = *mapper_of<HttpAccessLog>();
    std::string flags;
    for (const Column& column : mapper.columns())
        flags += std::string{column.key ? "K" : ""} + (column.generated ? "G" : "") + (column.version ? "V" : "") +
                 (column.unique ? "U" : "") + ",";
    CHECK(flags == "KG,,U,U,V,");
    CHECK(mapper.version_column() == 4);
    CHECK(mapper_of<Line>()->version_column() == -1);
}

TEST_CASE("packed values are aligned and do not overlap", "[mapping][unit]") {
    const Mapper& mapper = *mapper_of<HttpAccessLog>();
    std::size_t end = 0;
    for (const Column& column : mapper.columns()) {
        CHECK(column.packed % column.type->align == 0);
        CHECK(column.packed >= end);
        end = column.packed + column.type->size;
    }
    CHECK(mapper.packed_size() == end);
}

TEST_CASE("a single integer or UUID key is the server's, unless it is assigned", "[mapping][unit]") {
    CHECK(mapper_of<HttpAccessLog>()->generated_key() == 0);
    CHECK(mapper_of<Token>()->generated_key() == 0);
    CHECK(mapper_of<Loose>()->generated_key() == 0);
    CHECK(mapper_of<Slot>()->generated_key() == -1);
    CHECK(mapper_of<Country>()->generated_key() == -1);
    CHECK(mapper_of<Line>()->generated_key() == -1);
}

TEST_CASE("table names in snake case", "[mapping][unit]") {
    using corm::mapping::detail::snake_case;
    CHECK(snake_case("User") == "user");
    CHECK(snake_case("OrderLine") == "order_line");
    CHECK(snake_case("order_line") == "order_line");
    CHECK(snake_case("Order_Line") == "order_line");
    CHECK(snake_case("HTTPServer") == "http_server");
    CHECK(snake_case("Http2Stream") == "http2_stream");
    CHECK(snake_case("") == "");
}

TEST_CASE("there is one mapper of a type, whoever asks first", "[mapping][unit]") {
    std::vector<const Mapper*> seen(8);
    {
        std::vector<std::jthread> threads;
        for (const Mapper*& slot : seen)
            threads.emplace_back([&slot] { slot = mapper_of<Country>().get(); });
    }
    for (const Mapper* mapper : seen)
        CHECK(mapper == mapper_of<Country>().get());
}

TEST_CASE("extensions are made once per mapper and kind", "[mapping][unit]") {
    struct Counting : corm::mapping::MapperExtension {
        explicit Counting(const Mapper& mapper) : of(&mapper) {}
        const Mapper* of;
    };
    struct Other : Counting {
        using Counting::Counting;
    };
    const Mapper& mapper = *mapper_of<Country>();
    CHECK(&mapper.extension<Counting>() == &mapper.extension<Counting>());
    CHECK(mapper.extension<Counting>().of == &mapper);
    CHECK(static_cast<const void*>(&mapper.extension<Other>()) != &mapper.extension<Counting>());
    CHECK(mapper_of<Line>()->extension<Counting>().of == mapper_of<Line>().get());
}

TEST_CASE("an extension may ask for others, of its own mapper and of one that asks back", "[mapping][unit]") {
    struct Inner : corm::mapping::MapperExtension {
        explicit Inner(const corm::mapping::Mapper&) {}
    };
    struct Outer : corm::mapping::MapperExtension {
        explicit Outer(const corm::mapping::Mapper& mapper) : inner(mapper.extension<Inner>()) {}
        const Inner& inner;
    };
    const corm::mapping::Mapper& mapper = *mapper_of<Line>();
    CHECK(&mapper.extension<Outer>().inner == &mapper.extension<Inner>());
}

TEST_CASE("mistakes that only composition shows", "[mapping][unit]") {
    CHECK_THROWS_MATCHES(mapper_of<Clash>(), corm::MappingError,
                         MessageMatches(Equals("Clash: two members are mapped to column id")));
    // A mapper that failed is tried again, not handed out half made.
    CHECK_THROWS_AS(mapper_of<Clash>(), corm::MappingError);
    CHECK_THROWS_MATCHES(mapper_of<UnmappedKey>(), corm::MappingError,
                         MessageMatches(Equals("UnmappedKey.id is named in the mapping and is no column of it; map a "
                                               "described member that holds a value")));
    CHECK_THROWS_MATCHES(mapper_of<TextVersion>(), corm::MappingError,
                         MessageMatches(Equals("TextVersion.version cannot be the version column; use one NOT NULL "
                                               "integer member that is not in the key")));
}

TEST_CASE("keys and versions cannot be marked as the server's", "[mapping][unit]") {
    const auto table = [] {
        return corm::mapping::define("t").column<std::int64_t>("id").column<std::int32_t>("version");
    };
    CHECK_THROWS_MATCHES(table().primary_key({"id"}).server_default("id").build(), corm::MappingError,
                         MessageMatches(Equals("t.id cannot be marked server_default: keys and versions have rules of "
                                               "their own; leave the mark out")));
    CHECK_THROWS_AS(table().version("version").generated("version").build(), corm::MappingError);
    // In the other order as well.
    CHECK_THROWS_AS(table().server_onupdate("version").version("version").primary_key({"id"}).build(),
                    corm::MappingError);
    corm::mapping::RecordDefinition wide = corm::mapping::define("wide");
    for (int i = 0; i < 65; ++i)
        wide.column<std::int32_t>("c" + std::to_string(i));
    for (int i = 0; i < 64; ++i)
        wide.server_default("c" + std::to_string(i));
    CHECK_NOTHROW(wide.server_default("c0").primary_key({"c64"}).build());
    CHECK_THROWS_AS(wide.server_default("c64").primary_key({"id"}).build(), corm::MappingError);
}

TEST_CASE("the sequence of a generated key", "[mapping][unit]") {
    const auto table = [](std::string schema = {}) {
        return corm::mapping::define("t", std::move(schema)).column<std::int64_t>("id").column<std::string>("code");
    };
    const auto plain = table("app").sequence("id", "ids").primary_key({"id"}).build();
    CHECK(plain->sequence() == "ids");
    CHECK(plain->sequence_schema() == "app");
    CHECK(table("app").sequence("id", "ids", "other").primary_key({"id"}).build()->sequence_schema() == "other");
    CHECK(table().sequence("id", "ids").primary_key({"id"}).build()->sequence_schema().empty());
    CHECK(table().primary_key({"id"}).build()->sequence().empty());
    const auto refused = MessageMatches(Equals("t.id takes no values from a sequence, because it is no integer key "
                                               "that is left to the server; name that key, without corm::assigned, or "
                                               "leave sequence out"));
    CHECK_THROWS_MATCHES(table().sequence("id", "ids").primary_key({"code"}).build(), corm::MappingError, refused);
    CHECK_THROWS_MATCHES(table().sequence("id", "ids").primary_key({"id"}, true).build(), corm::MappingError, refused);
    CHECK_THROWS_AS(table().sequence("code", "ids").primary_key({"code"}).build(), corm::MappingError);
    CHECK_THROWS_MATCHES(table().sequence("id", "").build(), corm::MappingError,
                         MessageMatches(Equals("t.id: the mapping names no sequence; write its name, or leave sequence "
                                               "out")));
}

TEST_CASE("unique sets: the key first, and what the mapping names", "[mapping][unit]") {
    const auto sets = mapper_of<HttpAccessLog>()->unique_sets();
    REQUIRE(sets.size() == 2);
    CHECK(sets[0].key);
    CHECK(sets[0].columns == std::vector<std::uint16_t>{0});
    CHECK(sets[1].columns == std::vector<std::uint16_t>{2, 3});
    CHECK_FALSE((sets[1].key || sets[1].deferrable || sets[1].temporary));
    const auto seats = mapper_of<Seat>()->unique_sets();
    REQUIRE(seats.size() == 3);
    // Marks come in any order; that of the key says how its values are exchanged.
    CHECK(seats[0].columns == std::vector<std::uint16_t>{1, 0});
    CHECK((seats[0].key && seats[0].deferrable));
    CHECK(*static_cast<const std::string*>(seats[1].temporary.get()) == "-");
    CHECK(*static_cast<const std::optional<std::int32_t>*>(seats[2].temporary.get()) == std::nullopt);
    CHECK(mapper_of<Seat>()->confirms_rows() == false);
    CHECK(mapper_of<Slot>()->confirms_rows());
}

TEST_CASE("mistakes in unique sets", "[mapping][unit]") {
    const auto table = [] {
        return corm::mapping::define("t")
            .column<std::int32_t>("id")
            .column<std::optional<std::int32_t>>("n")
            .column<std::int32_t>("v");
    };
    const auto message = [](auto define) {
        try {
            static_cast<void>(define());
        } catch (const corm::MappingError& error) {
            return std::string{error.what()};
        }
        return std::string{"nothing"};
    };
    CHECK(message([&] { return table().unique({"n", "n"}).build(); }) == "t.n is named twice in unique; name it once");
    CHECK(message([&] { return table().unique({}).build(); }) ==
          "t: unique names no column; name those of the constraint");
    CHECK(message([&] { return table().version("v").unique("v").primary_key({"id"}).build(); }) ==
          "t.v is the version, which updates check; leave it out of unique");
    CHECK(message([&] { return table().unique("v").version("v").primary_key({"id"}).build(); }) ==
          "t.v is the version, which updates check; leave it out of unique");
    CHECK(message([&] { return table().unique({"n", "id"}).unique({"id", "n"}).primary_key({"id"}).build(); }) ==
          "t: two unique marks name the same columns, the last of them id; name a constraint once");
    CHECK(message([&] { return table().unique({"n"}, corm::mapping::temporary(std::int32_t{1})).build(); }) ==
          "t.n is of type int4 (optional) and its temporary value of type int4; give a value of the last column of "
          "unique");
    CHECK(message([&] {
              return table()
                  .unique({"id"}, corm::mapping::temporary(std::int32_t{1}))
                  .generated("n")
                  .primary_key({"id"})
                  .build();
          }) == "nothing");
    CHECK(message([&] {
              return table()
                  .unique({"n"}, corm::mapping::temporary(std::optional<std::int32_t>{}))
                  .generated("n")
                  .primary_key({"id"})
                  .build();
          }) == "t.n is computed by the server and cannot take a temporary value; put a column that is written last in "
                "unique");
    CHECK(message([&] {
              return table()
                  .primary_key({"n"})
                  .unique({"n"}, corm::mapping::temporary(std::optional<std::int32_t>{}))
                  .build();
          }) == "t.n is part of the primary key and cannot be NULL for a time; give another temporary value");
    CHECK(message([&] {
              return table().unique({"n", "id"}, corm::mapping::temporary(std::int32_t{1})).primary_key({"id"}).build();
          }) == "t.id is part of the primary key, which a temporary value would move; put a column outside of the key "
                "last in unique");
}
