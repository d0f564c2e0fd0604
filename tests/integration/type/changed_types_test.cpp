// Types that change while a program runs.
#include "integration/orm/fixture.hpp"
#include "support/fits.hpp"
#include "support/mock_server.hpp"

#include <corm/type/bytes.hpp>
#include <corm/type/composite.hpp>
#include <corm/type/hstore.hpp>
#include <corm/type/multirange.hpp>

#include <boost/describe/enum.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;

namespace changed_types {

enum class Mood { sad, ok, angry };
BOOST_DESCRIBE_ENUM(Mood, sad, ok, angry)
constexpr auto corm_enum(corm::type<Mood>) {
    return corm::pg_enum("mood");
}

struct Spot {
    std::int32_t x = 0;
    std::optional<std::string> label{};
};
BOOST_DESCRIBE_STRUCT(Spot, (), (x, label))
constexpr auto corm_composite(corm::type<Spot>) {
    return corm::pg_composite("spot");
}

struct Guest {
    std::int64_t id = 0;
    Mood mood = Mood::sad;
    std::vector<Mood> moods{};
    Spot spot{};
};
BOOST_DESCRIBE_STRUCT(Guest, (), (id, mood, moods, spot))
constexpr auto corm_mapping(corm::type<Guest>) {
    return corm::table<Guest>("guests").primary_key<&Guest::id>(corm::assigned);
}

} // namespace changed_types
using changed_types::Guest;
using changed_types::Mood;
using changed_types::Spot;

namespace {

// The enum of the database lacks `angry`.
constexpr const char* guests = R"(
    create type mood as enum ('sad', 'ok');
    create type spot as (x int, label text);
    create table guests (id bigint primary key, mood mood not null default 'sad', moods mood[] not null default '{}',
                         spot spot not null default '(0,)');
    insert into guests (id) values (1), (2);
)";

/// What reading all guests fails with; empty if it does not.
std::string problem(Sessions& s) {
    std::string text;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        try {
            static_cast<void>(co_await session.all(corm::select<Guest>()));
        } catch (const corm::Error& error) {
            text = error.what();
        }
        // Of the session itself nothing is broken.
        const auto count = co_await session.scalar(corm::count<Guest>());
        CHECK(count == 2);
        co_await session.commit();
    });
    return text;
}

/// What writing a guest with this mood fails with, beside others or alone.
std::string refused_mood(Sessions& s, std::int64_t rows) {
    std::string text;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        for (std::int64_t id = 11; id < 11 + rows; ++id)
            session.add(Guest{.id = id, .mood = Mood::angry, .moods = {}, .spot = {}});
        try {
            co_await session.commit();
        } catch (const corm::DatabaseError& error) {
            text = std::string{error.sqlstate().code()} + " " + error.what();
        }
        co_await session.rollback();
    });
    return text;
}

/// A row of one column of this type, in answer to any statement.
std::string one_row(corm::types::Oid oid, std::string_view value) {
    using namespace corm::types;
    std::string column;
    put_big_endian(column, std::int16_t{1});
    column += std::string{"value"} + '\0';
    put_big_endian(column, std::int32_t{0});
    put_big_endian(column, std::int16_t{0});
    put_big_endian(column, oid);
    put_big_endian(column, std::int16_t{-1});
    put_big_endian(column, std::int32_t{-1});
    put_big_endian(column, std::int16_t{1});
    return message::parse_complete() + message::bind_complete() + message::of('T', column) +
           message::data_row({value}) + message::command_complete("SELECT 1") + message::ready('I');
}

/// What reading a `T` from a server that says this fails with; empty if it does not.
template <class T>
std::string hostile_problem(corm::types::Oid oid, std::string_view value) {
    MockServer mock{[answer = one_row(oid, value)](int socket) {
        MockServer::let_in(socket);
        while (MockServer::read_request(socket))
            MockServer::send(socket, answer);
    }};
    std::string said;
    boost::asio::io_context context;
    corm::Engine engine{context.get_executor(), "host=" + mock.host() + " user=u dbname=d"};
    run_coroutine(context, [&]() -> corm::Task<> {
        corm::AsyncSession session{engine, {.autocommit = true}};
        try {
            static_cast<void>(co_await session.one<T>(corm::raw_sql("select 1")));
        } catch (const corm::ConversionError& error) {
            said = error.what();
        }
    });
    return said;
}

} // namespace

TEST_CASE("F70: counts that a server claims are not believed", "[type][integration][F70]") {
    namespace types = corm::types;
    const auto numbers = [](std::initializer_list<std::int32_t> values) {
        std::string out;
        for (const std::int32_t value : values)
            types::put_int32(out, value);
        return out;
    };
    constexpr std::int32_t huge = std::numeric_limits<std::int32_t>::max();
    using Ints = std::vector<std::int32_t>;
    CHECK(hostile_problem<Ints>(types::oids::int4_array, numbers({1, 0, 23, 1, 1, 4, 7})) == "");
    CHECK_THAT(hostile_problem<Ints>(types::oids::int4_array, numbers({1, 0, 23, huge, 1, 4, 7})),
               ContainsSubstring("malformed array"));
    CHECK_THAT(hostile_problem<corm::MultiRange<std::int32_t>>(types::oids::int4_multirange, numbers({huge, 5})),
               ContainsSubstring("malformed int4multirange"));
    CHECK_THAT(hostile_problem<corm::Hstore>(types::oids::first_user_oid, numbers({huge, 5})),
               ContainsSubstring("malformed hstore"));
    CHECK_THAT(hostile_problem<Spot>(types::oids::first_user_oid, numbers({huge, 23, 4, 7})),
               ContainsSubstring("malformed \"spot\""));
    CHECK_THAT(hostile_problem<Spot>(types::oids::first_user_oid, numbers({2, 23, huge, 7, 25, -1})),
               ContainsSubstring("malformed \"spot\""));
}

TEST_CASE("F68: a label that only one side has is named", "[type][integration][F68]") {
    Sessions s{guests};
    CHECK(problem(s) == "");
    for (const std::int64_t rows : {1, 2})
        CHECK_THAT(refused_mood(s, rows), ContainsSubstring("22P02") && ContainsSubstring("mood"));
    s.database.query("alter type mood add value 'glad'");
    s.database.query("update guests set mood = 'glad' where id = 1");
    CHECK_THAT(problem(s), ContainsSubstring("guests.mood: the label 'glad' is none of the 3 enumerators"));
    s.database.query("update guests set mood = 'ok', moods = '{ok,glad}' where id = 1");
    CHECK_THAT(problem(s), ContainsSubstring("guests.moods: the label 'glad' is none of the 3 enumerators"));
    s.database.query("update guests set moods = '{}'");
    s.database.query("alter type mood rename value 'ok' to 'fine'");
    CHECK_THAT(problem(s), ContainsSubstring("guests.mood: the label 'fine' is none of the 3 enumerators"));
}

TEST_CASE("F68: a label that is added during the run is written and read without more", "[type][integration][F68]") {
    Sessions s{guests};
    CHECK(problem(s) == "");
    CHECK(refused_mood(s, 1) != "");
    s.database.query("alter type mood add value 'angry'");
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto guest = co_await session.get_one<Guest>(1);
        guest.edit().mood = Mood::angry;
        guest.edit().moods = {Mood::angry, Mood::sad};
        co_await session.commit();
        const auto count = co_await session.scalar(corm::count<Guest>().where(corm::col<&Guest::mood> == Mood::angry));
        CHECK(count == 1);
        co_await session.refresh(guest);
        CHECK(guest->moods[0] == Mood::angry);
    });
}

TEST_CASE("F71: types that are dropped and made again are read and written by their names",
          "[type][integration][F71]") {
    Sessions s{guests, {.pool = {.max_size = 1}}};
    const auto work = [&s](std::int32_t x) {
        s.run([&s, x]() -> corm::Task<> {
            corm::AsyncSession session{s.engine};
            const auto guests_found = co_await session.all(corm::select<Guest>().order_by(corm::asc<&Guest::id>));
            CHECK(guests_found.size() == 2);
            for (const auto& guest : guests_found) {
                guest.edit().spot = Spot{x, std::to_string(guest->id)};
                guest.edit().mood = guest->mood == Mood::sad ? Mood::ok : Mood::sad;
            }
            co_await session.commit();
            guests_found[0].edit().spot.x = -x;
            co_await session.commit();
            const Spot wanted{-x, "1"};
            const auto count = co_await session.scalar(corm::count<Guest>().where(corm::col<&Guest::spot> == wanted));
            CHECK(count == 1);
        });
    };
    work(1);
    s.database.query(R"(
        begin;
        alter table guests alter mood drop default, alter moods drop default, alter spot drop default;
        alter table guests alter mood type text, alter moods type text[], alter spot type text;
        drop type mood;
        drop type spot;
        create type mood as enum ('ok', 'sad');
        create type spot as (x bigint, label varchar(9));
        alter table guests alter mood type mood using mood::mood, alter moods type mood[] using moods::mood[],
            alter spot type spot using spot::spot;
        commit;
        select 1)");
    work(2);
    CHECK(s.database.query("select string_agg(spot::text || mood, ' ' order by id) from guests") ==
          "(-2,1)sad (2,2)sad");
}

TEST_CASE("F71: a composite that gains an attribute says so until the struct has it", "[type][integration][F71]") {
    Sessions s{guests};
    CHECK(problem(s) == "");
    s.database.query("alter type spot add attribute more int");
    CHECK_THAT(problem(s), ContainsSubstring("guests.spot: a value of 3 fields cannot be read into the struct of 2 "
                                             "members for \"spot\""));
    s.database.query("alter type spot drop attribute more");
    CHECK(problem(s) == "");
    s.database.query("alter type spot rename attribute label to name");
    CHECK(problem(s) == ""); // by their places
    s.database.query("alter type spot drop attribute name");
    CHECK_THAT(problem(s), ContainsSubstring("without a field is 'label'"));
}

TEST_CASE("F70: arrays of the server that C++ has no other form of", "[type][integration][F70]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        using Ints = std::vector<std::int32_t>;
        using Some = std::vector<std::optional<std::int32_t>>;
        const auto none = co_await session.one<Ints>(corm::raw_sql("select '{}'::int[]"));
        CHECK(none.empty());
        const auto bounds = co_await session.one<Ints>(corm::raw_sql("select '[0:2]={1,2,3}'::int[]"));
        CHECK(bounds == Ints{1, 2, 3});
        const auto below = co_await session.one<Ints>(corm::raw_sql("select '[-5:-4]={1,2}'::int[]"));
        CHECK(below == Ints{1, 2});
        const auto holes = co_await session.one<Some>(corm::raw_sql("select array[1, null]"));
        CHECK(holes == Some{1, std::nullopt});
        const auto plane = co_await session.one<std::vector<Ints>>(corm::raw_sql("select array[[1, 2], [3, 4]]"));
        CHECK(plane == std::vector<Ints>{{1, 2}, {3, 4}});
        const auto spots = co_await session.one<std::vector<std::vector<std::string>>>(
            corm::raw_sql("select '[2:2][0:1]={{a,b}}'::text[]"));
        CHECK(spots == std::vector<std::vector<std::string>>{{"a", "b"}});
        for (const char* sql :
             {"select array[1, null]", "select array[[1]]", "select array[[[1]]]", "select array[2147483648]"}) {
            std::string said;
            try {
                static_cast<void>(co_await session.one<Ints>(corm::unsafe_sql(sql)));
            } catch (const corm::ConversionError& error) {
                said = error.what();
            }
            CAPTURE(sql);
            CHECK(said != "");
        }
    });
}

TEST_CASE("derived tables fit: types that change", "[verify][integration]") {
    CHECK(misfit_of<Guest>() == "");
}
