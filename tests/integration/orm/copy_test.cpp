// Objects that a flush inserts by COPY.
#include "copy_support.hpp"

#include "support/caught.hpp"
#include "support/fits.hpp"

#include <boost/describe/enum.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/json/value.hpp>

#include <map>
#include <set>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;
using corm::ObjectState;

namespace copy_test {

enum class Mood { sad, happy };
BOOST_DESCRIBE_ENUM(Mood, sad, happy)
constexpr auto corm_enum(corm::type<Mood>) {
    return corm::pg_enum("mood");
}

/// An enum has no binary form that the program knows: text format.
struct Guest {
    std::int32_t id = 0;
    Mood mood = Mood::sad;
    std::string note;
    std::optional<std::vector<Mood>> moods{};
};
BOOST_DESCRIBE_STRUCT(Guest, (), (id, mood, note, moods))
constexpr auto corm_mapping(corm::type<Guest>) {
    return corm::table<Guest>("guests").primary_key<&Guest::id>().bulk_copy(1);
}
constexpr const char* guests = "create type mood as enum ('sad', 'happy'); create table guests (id serial primary key, "
                               "mood mood not null, note text not null, moods mood[]);";

/// A natural key: nothing is asked of a sequence.
struct Cell {
    std::int32_t x = 0;
    std::int16_t y = 0;
    std::int32_t value = 0;
};
BOOST_DESCRIBE_STRUCT(Cell, (), (x, y, value))
constexpr auto corm_mapping(corm::type<Cell>) {
    return corm::table<Cell>("cells").primary_key<&Cell::x, &Cell::y>().bulk_copy(2).confirm_rows(false);
}
constexpr const char* cells = "create table cells (x int, y smallint, value int not null, primary key (x, y));";

/// Keys that two tables have in common, from a sequence that neither of them owns.
constexpr std::string_view odd_name = "odd. \"ids\"; --";
struct Letter {
    std::int64_t id = 0;
    std::string text;
};
BOOST_DESCRIBE_STRUCT(Letter, (), (id, text))
constexpr auto corm_mapping(corm::type<Letter>) {
    return corm::table<Letter>("letters")
        .primary_key<&Letter::id>()
        .sequence<&Letter::id>(odd_name, "App")
        .bulk_copy(3);
}
struct Invoice {
    std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(Invoice, (), (id))
constexpr auto corm_mapping(corm::type<Invoice>) {
    return corm::table<Invoice>("invoices")
        .primary_key<&Invoice::id>()
        .sequence<&Invoice::id>(odd_name, "App")
        .bulk_copy(3);
}
constexpr const char* documents = R"(
    create schema "App"; create sequence "App"."odd. ""ids""; --";
    create table letters (id bigint primary key default nextval('"App"."odd. ""ids""; --"'), text text not null);
    create table invoices (id bigint primary key default nextval('"App"."odd. ""ids""; --"'));)";

} // namespace copy_test
using namespace copy_test;

namespace {

/// Each object has the key of its row.
void check_keys(const Database& database, const std::vector<corm::Ref<Point>>& objects) {
    std::string expected;
    for (const corm::Ref<Point>& point : objects)
        expected += "(" + std::to_string(point->id) + ",'" + point->label + "'),";
    expected.pop_back();
    CHECK(database.query("select count(*) from points join (values " + expected + ") v(id, label) using (id, label)") ==
          std::to_string(objects.size()));
}

} // namespace

TEST_CASE("objects are inserted by COPY in four round trips with the commit, each with its own key",
          "[orm][integration]") {
    Sessions s{points};
    std::vector<corm::Ref<Point>> added;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        added = session.add_all(make_points(5'000));
        co_await session.commit();
    });
    CHECK(s.round_trips() == 4);
    check_keys(s.database, added);
    CHECK(s.database.query("select count(*) || ' ' || count(height) || ' ' || sum(height) from points") ==
          "5000 2500 6252500");
    // In the order they were added.
    for (std::size_t i = 1; i < added.size(); ++i)
        REQUIRE(added[i - 1]->id < added[i]->id);
    CHECK(corm::inspect(added.front()).state() == ObjectState::persistent);
}

TEST_CASE("a flush and what follows it", "[orm][integration]") {
    Sessions s{points};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto added = session.add_all(make_points(3));
        added[1].edit().height = 20; // pending, and watched
        co_await session.flush();
        CHECK(s.round_trips() == 3);
        const auto found = co_await session.get<Point>(added[1]->id);
        CHECK(found == added[1]);
        CHECK(s.round_trips() == 0);
        CHECK_FALSE(session.is_modified(added[1]));
        added[0].edit().label = "other";
        added[1].edit().height = 21;
        co_await session.commit();
        CHECK(s.round_trips() == 1);
    });
    CHECK(s.database.query("select string_agg(label || coalesce(height, 0), ' ' order by id) from points") ==
          "other0 p221 p30");
}

TEST_CASE("few objects, and those of autocommit sessions, go the ordinary way", "[orm][integration]") {
    Sessions s{points};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        session.add_all(make_points(2));
        co_await session.commit();
        CHECK(s.round_trips() == 1);
        corm::AsyncSession automatic{s.engine, {.autocommit = true}};
        automatic.add_all(make_points(5, "q"));
        co_await automatic.flush();
        CHECK(s.round_trips() == 1);
    });
    CHECK(s.database.query("select count(*) from points") == "7");
}

TEST_CASE("keys that objects bring along need no sequence", "[orm][integration]") {
    Sessions s{std::string{points} + cells};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        for (std::int16_t y = 0; y < 10; ++y)
            session.add(Cell{.x = 1, .y = y, .value = y * y});
        for (std::int64_t id = 1001; id <= 1004; ++id)
            session.add(Point{.id = id, .label = "given " + std::to_string(id)});
        const auto generated = session.add_all(make_points(4));
        co_await session.commit();
        // Both tables ask in the first, and the given keys are rows of another COPY.
        CHECK(s.round_trips() == 8);
        CHECK(generated.front()->id == 1);
        const auto cell = co_await session.get_one<Cell>(corm::key(1, std::int16_t{3}));
        CHECK(cell->value == 9);
    });
    CHECK(s.database.query("select sum(value) from cells") == "285");
    CHECK(s.database.query("select count(*) from points where id > 1000") == "4");
}

TEST_CASE("a type that only the server knows makes it a COPY of text", "[orm][integration]") {
    Sessions s{guests};
    const std::vector<std::string> notes{
        "plain", "",    "tab\there",        "line\nbreak",           "back\\slash",
        "\\N",   "\\.", "carriage\rreturn", "\xC3\xA4 \xE2\x82\xAC", "\"quoted\", 'twice'"};
    std::vector<corm::Ref<Guest>> added;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        for (const std::string& note : notes) {
            Guest guest;
            guest.note = note;
            guest.mood = note.empty() ? Mood::sad : Mood::happy;
            if (note.size() > 5)
                guest.moods = std::vector<Mood>{Mood::happy, Mood::sad};
            added.push_back(session.add(std::move(guest)));
        }
        co_await session.commit();
        CHECK(s.round_trips() == 4);
        corm::AsyncSession other{s.engine};
        for (const corm::Ref<Guest>& each : added) {
            const auto found = co_await other.get_one<Guest>(each->id);
            CHECK(found->note == each->note);
            CHECK(found->mood == each->mood);
            CHECK(found->moods == each->moods);
        }
    });
    CHECK(s.database.query("select count(distinct id) || ' ' || max(id) from guests") == "10 10");
}

TEST_CASE("a rollback takes the keys back, of a savepoint too", "[orm][integration]") {
    Sessions s{points};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto outer = session.add_all(make_points(3, "outer"));
        corm::Savepoint savepoint = co_await session.begin_nested();
        const auto inner = session.add_all(make_points(4, "inner"));
        co_await session.flush();
        CHECK(inner[3]->id == 7);
        co_await savepoint.rollback();
        CHECK(corm::inspect(inner[3]).state() == ObjectState::transient);
        CHECK(corm::inspect(outer[0]).state() == ObjectState::persistent);
        const auto gone = co_await session.get<Point>(7);
        CHECK_FALSE(gone);
        co_await session.rollback();
        CHECK(corm::inspect(outer[0]).state() == ObjectState::transient);

        // They may be added again.
        for (const auto& point : outer)
            session.add(point);
        co_await session.commit();
        check_keys(s.database, outer);
    });
    CHECK(s.database.query("select count(*) from points") == "3");
}

TEST_CASE("sessions that insert at the same time get keys of their own", "[orm][integration]") {
    Sessions s{points};
    std::vector<std::vector<corm::Ref<Point>>> added(4);
    for (int task = 0; task < 4; ++task) {
        boost::asio::co_spawn(
            s.context,
            [](Sessions& where, int number, std::vector<corm::Ref<Point>>& mine) -> corm::Task<> {
                corm::AsyncSession session{where.engine};
                mine = session.add_all(make_points(2'000, "task" + std::to_string(number) + "-"));
                co_await session.commit();
            }(s, task, added[static_cast<std::size_t>(task)]),
            boost::asio::detached);
    }
    s.context.run();
    std::set<std::int64_t> keys;
    for (const auto& mine : added) {
        REQUIRE(mine.size() == 2'000);
        check_keys(s.database, mine);
        for (const auto& point : mine)
            keys.insert(point->id);
    }
    CHECK(keys.size() == 8'000);
}

TEST_CASE("a row that the server refuses is named by it, and nothing is saved", "[orm][integration]") {
    Sessions s{std::string{points} + "insert into points (label) values ('p1234')"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto added = session.add_all(make_points(5'000));
        const std::exception_ptr error = co_await failure(session.commit());
        const auto refused = caught<corm::IntegrityError>(error);
        CHECK(refused.diagnostics().constraint == "points_label_key");
        CHECK_THAT(refused.diagnostics().context, ContainsSubstring("line 1234"));
        CHECK(refused.diagnostics().sql == R"(COPY "points" ("id", "label", "height") FROM STDIN (FORMAT binary))");
        CHECK(corm::inspect(added[0]).state() == ObjectState::transient);
        co_await session.rollback();
        const auto first = co_await session.get_one<Point>(1);
        CHECK(first->label == "p1234");
        CHECK(s.engine.stats().connected == 1);
    });
    CHECK(s.database.query("select count(*) from points") == "1");
}

TEST_CASE("a row that is refused in a savepoint ends no more than that", "[orm][integration]") {
    Sessions s{points};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        session.add_all(make_points(3));
        const std::exception_ptr error = co_await failure(session.nested([&]() -> corm::Task<> {
            session.add_all(make_points(3));
            co_await session.flush();
        }));
        caught<corm::IntegrityError>(error);
        co_await session.commit();
    });
    CHECK(s.database.query("select count(*) from points") == "3");
}

TEST_CASE("rows that a trigger keeps out are noticed", "[orm][integration]") {
    Sessions s{
        std::string{points} + cells +
        "create function keep_out() returns trigger language plpgsql as $$ begin "
        "return case when '6' in (to_jsonb(new) ->> 'height', to_jsonb(new) ->> 'y') then null else new end; end $$;"
        "create trigger keep_out before insert on points for each row execute function keep_out();"
        "create trigger keep_out before insert on cells for each row execute function keep_out();"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto added = session.add_all(make_points(6));
        std::exception_ptr error = co_await failure(session.commit());
        CHECK_THAT(caught<corm::StaleDataError>(error).what(),
                   ContainsSubstring("Point: fewer rows were inserted than were added"));
        CHECK(corm::inspect(added[0]).state() == ObjectState::transient);
        co_await session.rollback();

        // A savepoint is rolled back, and the transaction goes on.
        error = co_await failure(session.nested([&]() -> corm::Task<> {
            session.add_all(make_points(6));
            co_await session.flush();
        }));
        caught<corm::StaleDataError>(error);
        session.add_all(make_points(3));
        // Where the mapping does not mind, it is no error.
        for (std::int16_t y = 0; y < 10; ++y)
            session.add(Cell{.x = 1, .y = y, .value = 0});
        co_await session.commit();
    });
    CHECK(s.database.query("select count(*) from points") == "3");
    CHECK(s.database.query("select count(*) from cells") == "9");
}

TEST_CASE("row security refuses COPY in the server's words", "[orm][integration]") {
    Sessions s{
        std::string{points} +
        "do $$ begin create role corm_clerk; exception when duplicate_object or unique_violation then null; end $$;"
        "grant all on points to corm_clerk; grant usage on sequence points_id_seq to corm_clerk;"
        "alter table points enable row level security; create policy all_of_them on points using (true);"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.settings = {{"role", "corm_clerk"}}}};
        session.add_all(make_points(3));
        const std::exception_ptr error = co_await failure(session.commit());
        const auto refused = caught<corm::DatabaseError>(error);
        CHECK(refused.sqlstate() == corm::sqlstate::feature_not_supported);
        CHECK_THAT(refused.diagnostics().message, ContainsSubstring("row-level security"));
    });
}

TEST_CASE("a column of another type, and a key without a sequence, are refused before a row is sent",
          "[orm][integration]") {
    const auto [made, message] = GENERATE(table<std::string, std::string>(
        {{"create domain name_of as text; create domain label_of as name_of; create table points (id bigint generated "
          "by "
          "default as identity primary key, label label_of not null, height bigint)",
          "Point.height is int4 in the mapping and bigint in the table"},
         {"create table points (id bigint primary key, label varchar(20) not null, height int)",
          "Point: id has no sequence of its own"},
         {"create table points (id bigint generated by default as identity primary key, label text, height real)",
          "Point.height is int4 in the mapping and real in the table"}}));
    CAPTURE(made);
    Sessions s{made};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        session.add_all(make_points(3));
        const std::exception_ptr error = co_await failure(session.commit());
        CHECK_THAT(caught<corm::MappingError>(error).what(), ContainsSubstring(message));
        co_await session.rollback();
        co_await session.execute(corm::raw_sql("select 1"));
    });
    CHECK(s.database.query("select count(*) from points") == "0");
}

TEST_CASE("keys may come from a sequence that the mapping names", "[orm][integration]") {
    Sessions s{documents};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto letters = session.add_all(std::vector<Letter>(4, Letter{.text = "a"}));
        const auto invoices = session.add_all(std::vector<Invoice>(3));
        co_await session.flush();
        // Fewer ones go by arrays, with the DEFAULT.
        const auto last = session.add(Letter{.text = "b"});
        co_await session.commit();
        std::set<std::int64_t> keys{last->id};
        for (const auto& letter : letters)
            keys.insert(letter->id);
        for (const auto& invoice : invoices)
            keys.insert(invoice->id);
        CHECK(keys == std::set<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8});
        CHECK(last->id == 8);
        CHECK(s.database.query("select id from letters where text = 'b'") == "8");
    });
    CHECK(s.database.query("select (select count(*) from letters) || ' ' || (select count(*) from invoices)") == "5 3");
}

TEST_CASE("a sequence that is not there is refused before a row is sent", "[orm][integration]") {
    Sessions s{std::string{documents} + R"(alter sequence "App"."odd. ""ids""; --" rename to renamed)"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        session.add_all(std::vector<Letter>(3, Letter{.text = "a"}));
        const auto error = co_await failure(session.commit());
        CHECK_THAT(caught<corm::MappingError>(error).what(),
                   ContainsSubstring(R"(Letter: the sequence "App"."odd. ""ids""; --" of id is not there)"));
    });
    CHECK(s.database.query("select count(*) from letters") == "0");
}

TEST_CASE("derived tables fit: inserts by COPY", "[verify][integration]") {
    CHECK(misfit_of<copy_test::Guest, copy_test::Cell, copy_test::Letter, copy_test::Invoice>() == "");
    CHECK(misfit_of<Point>() == "");
}
