// Columns of types that corm knows nothing of travel as text.
#include "shop.hpp"

#include <corm/query/insert.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace corm::test;
using corm::TextForm;

namespace {

constexpr const char* tables = R"(
    create type mood as enum ('sad', 'ok', 'Very "happy"');
    create schema geo;
    create type geo.place as (x int, y text);
    create table things (kind mood primary key, net inet, span int4range not null default '[1,3)', at geo.place,
                         words tsvector, parts mood[], note text,
                         shout text generated always as (upper(note)) stored, part_of mood references things);
)";

std::shared_ptr<const corm::Mapper> things(corm::mapping::Registry& registry) {
    using Maybe = std::optional<TextForm>;
    return registry.define(corm::define("things")
                               .column<TextForm>("kind", "mood")
                               .column<Maybe>("net", "inet")
                               .column<TextForm>("span", "int4range")
                               .column<Maybe>("at", "geo.place")
                               .column<Maybe>("words", "tsvector")
                               .column<Maybe>("parts", "mood[]")
                               .column<std::optional<std::string>>("note")
                               .column<std::optional<std::string>>("shout")
                               .column<Maybe>("part_of", "mood")
                               .primary_key({"kind"})
                               .server_default("span")
                               .generated("shout")
                               .one_to_many("parts_of", "things", {"part_of"})
                               .many_to_one("whole", "things", {"part_of"}));
}

corm::Record thing(const std::shared_ptr<const corm::Mapper>& mapper, std::string kind) {
    corm::Record made{mapper};
    made.set<TextForm>("kind", TextForm{std::move(kind)});
    made.set<std::optional<TextForm>>("net", TextForm{"10.0.0.0/8"});
    made.set<std::optional<TextForm>>("at", TextForm{"(1,\"a b\")"});
    made.set<std::optional<TextForm>>("words", TextForm{"'a' 'b'"});
    made.set<std::optional<TextForm>>("parts", TextForm{"{sad,ok}"});
    made.set<std::optional<std::string>>("note", "x");
    return made;
}

std::string text(const RecordRef& ref, const char* column) {
    return ref->text(column).value_or("NULL");
}

} // namespace

TEST_CASE("values in text form are written and read back, one and many", "[registry][integration]") {
    Sessions s{tables};
    corm::mapping::Registry registry;
    const auto mapper = things(registry);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const RecordRef sad = session.add(thing(mapper, "sad"));
        co_await session.flush(); // one row
        CHECK(text(sad, "span") == "[1,3)");
        CHECK(text(sad, "shout") == "X");
        const RecordRef ok = session.add(thing(mapper, "ok"));
        const RecordRef happy = session.add(thing(mapper, "Very \"happy\""));
        happy.edit().one("whole") = sad;
        co_await session.commit(); // several
        CHECK(text(ok, "span") == "[1,3)");
        CHECK(text(happy, "part_of") == "sad");
    });
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const RecordRef happy = co_await session.get_one(mapper, corm::key(std::string{"Very \"happy\""}));
        CHECK(text(happy, "net") == "10.0.0.0/8");
        CHECK(text(happy, "at") == "(1,\"a b\")");
        CHECK(text(happy, "words") == "'a' 'b'");
        CHECK(text(happy, "parts") == "{sad,ok}");
        const RecordRef sad = co_await session.get_one(mapper, corm::key(TextForm{"sad"}), corm::for_update);
        co_await session.load(sad, corm::load_named("parts_of"));
        REQUIRE(sad->many("parts_of").size() == 1);
        CHECK(sad->many("parts_of")[0] == happy);
        // One, and many at once.
        sad.edit().set_text("net", "::1");
        co_await session.flush();
        sad.edit().set_text("net", "::2").set_text("at", "(2,)");
        happy.edit().set_text("net", "::2").set_text("at", "(3,)");
        happy.edit().set_text("note", "y");
        sad.edit().set_text("note", "z");
        co_await session.flush();
        CHECK(text(happy, "shout") == "Y");
        CHECK(text(sad, "shout") == "Z");
        co_await session.refresh(sad);
        CHECK(text(sad, "at") == "(2,)");
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(kind || host(net) || (at).x, ',' order by kind) from things where at <> "
                           "row(1, 'a b')::geo.place") == "sad::22,Very \"happy\"::23");
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto all = co_await session.all(corm::select(mapper));
        for (const RecordRef& each : all)
            session.remove(each);
        co_await session.commit();
    });
    CHECK(s.database.query("select count(*) from things") == "0");
}

TEST_CASE("conditions on values in text form", "[registry][integration]") {
    Sessions s{std::string{tables} + "insert into things (kind, net, span, parts) values ('sad', '10.0.0.1', '[1,3)', "
                                     "'{ok}'), ('ok', '10.0.0.2', '[5,9)', null);"};
    corm::mapping::Registry registry;
    const auto mapper = things(registry);
    const auto found = [&](const corm::query::Condition& condition) {
        std::string kinds;
        s.run([&]() -> corm::Task<> {
            corm::AsyncSession session{s.engine};
            const auto rows = co_await session.all(
                corm::select(mapper).where(condition).order_by(corm::column(mapper, "kind").asc()));
            for (const RecordRef& row : rows)
                kinds += text(row, "kind") + ";";
        });
        return kinds;
    };
    CHECK(found(corm::column(mapper, "kind") == "sad") == "sad;");
    CHECK(found(corm::column(mapper, "kind") > "sad") == "ok;"); // in the order of the enum
    CHECK(found(corm::column(mapper, "kind") == TextForm{"ok"}) == "ok;");
    CHECK(found(corm::column(mapper, "net") != std::optional<TextForm>{TextForm{"10.0.0.1"}}) == "ok;");
    CHECK(found(corm::column(mapper, "kind").in<std::string>({"ok", "sad"})) == "sad;ok;");
    CHECK(found(corm::column(mapper, "kind").in<TextForm>({TextForm{"ok"}})) == "ok;");
    CHECK(found(corm::column(mapper, "net").between("10.0.0.1", "10.0.0.1")) == "sad;");
    CHECK(found(corm::column(mapper, "kind").like("s%")) == "sad;");
    CHECK(found(corm::column(mapper, "parts").is_null()) == "ok;");
    CHECK(found(corm::column(mapper, "parts").in<std::string>({"{ok}", "{sad}"})) == "sad;");
    CHECK_THROWS_AS(corm::column(mapper, "kind") == corm::column(mapper, "note"), corm::MappingError);
    CHECK(found(corm::column(mapper, "span") == corm::column(mapper, "span")) == "sad;ok;");
    CHECK_THROWS_AS(found(corm::column(mapper, "kind") == "merry"), corm::DatabaseError);
    CHECK_THROWS_AS(corm::column(mapper, "kind") == 3, corm::MappingError);
}

TEST_CASE("values in text form are inserted over rows that conflict", "[registry][integration]") {
    Sessions s{std::string{tables} + "insert into things (kind, net) values ('sad', '10.0.0.1');"};
    corm::mapping::Registry registry;
    const auto mapper = things(registry);
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const std::vector<corm::Record> rows{thing(mapper, "sad"), thing(mapper, "ok")};
        const auto written =
            co_await session.all(corm::query::insert<corm::Record>(rows).on_conflict("kind").do_update());
        CHECK(written.size() == 2);
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(kind || net::text, ',' order by kind) from things") ==
          "sad10.0.0.0/8,ok10.0.0.0/8");
}

TEST_CASE("COPY is not for values in text form", "[registry][integration]") {
    CHECK(message_of<corm::MappingError>([] {
              static_cast<void>(corm::define("t")
                                    .column<std::int64_t>("id")
                                    .column<TextForm>("m", "mood")
                                    .primary_key({"id"})
                                    .bulk_copy()
                                    .build());
          }) == "t.m is of a type that corm knows nothing of, and COPY needs to know it; leave out bulk_copy");
}

TEST_CASE("types of a length are not cut to it, and find their rows", "[registry][integration]") {
    Sessions s{"create type shade as enum ('light', 'dark');"
               "create table t (shade shade, code char(4), bits bit(3) not null, name varchar(5) not null,"
               " primary key (shade, code));"};
    corm::mapping::Registry registry;
    const auto mapper = registry.define(corm::define("t")
                                            .column<TextForm>("shade", "shade")
                                            .column<std::string>("code", "character(4)")
                                            .column<TextForm>("bits", "bit(3)")
                                            .column<std::string>("name", "character varying(5)")
                                            .primary_key({"shade", "code"}));
    const auto row = [&](const char* shade, const char* code, const char* bits, const char* name) {
        corm::Record made{mapper};
        made.set_text("shade", shade).set_text("code", code).set_text("bits", bits).set_text("name", name);
        return made;
    };
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        session.add(row("light", "a", "101", "one"));
        session.add(row("dark", "b", "111", "two"));
        co_await session.commit();
        const corm::Record wide_bits = row("light", "d", "1010", "fits");
        const corm::Record long_name = row("light", "d", "101", "far too long");
        const corm::Record* const refused[] = {&wide_bits, &long_name};
        for (const corm::Record* const each : refused) {
            bool failed = false;
            session.add(row("light", "c", "101", "fits"));
            session.add(*each);
            try {
                co_await session.commit();
            } catch (const corm::DatabaseError&) {
                failed = true;
            }
            CHECK(failed);
            co_await session.rollback();
        }
    });
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto all = co_await session.all(corm::select(mapper).order_by(corm::column(mapper, "shade").asc()));
        REQUIRE(all.size() == 2);
        for (const RecordRef& each : all) {
            const RecordRef again =
                co_await session.get(mapper, corm::mapping::RecordKey::of(*each), corm::populate_existing);
            CHECK(again == each);
        }
        all[0].edit().set_text("name", "uno");
        co_await session.flush(); // one
        all[0].edit().set_text("name", "ein");
        all[1].edit().set_text("name", "zwei");
        co_await session.flush(); // several
        session.remove(all[0]);
        co_await session.commit();
        const corm::query::Condition condition = corm::column(mapper, "code") == "b" &&
                                                 corm::column(mapper, "bits") == "111" &&
                                                 corm::column(mapper, "shade").in<std::string>({"dark"});
        const auto found = co_await session.all(corm::select(mapper).where(condition));
        CHECK(found.size() == 1);
    });
    CHECK(s.database.query("select shade || code || name from t") == "darkbzwei");
}
