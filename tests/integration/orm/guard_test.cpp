// Locking selects send edits of rows without a version only over what was loaded.
#include "fixture.hpp"

#include "support/caught.hpp"
#include "support/fits.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

using namespace corm::test;
namespace asio = boost::asio;
using Catch::Matchers::ContainsSubstring;
using Keys = std::vector<std::string>;

namespace {

/// A number that is -1 for a time when rows exchange it, and no version.
struct Seat {
    std::int32_t id = 0;
    std::int32_t number = 0;
};
BOOST_DESCRIBE_STRUCT(Seat, (), (id, number))
constexpr auto corm_mapping(corm::type<Seat>) {
    return corm::table<Seat>("seats").primary_key<&Seat::id>().unique<&Seat::number>(corm::temporary(-1));
}

/// The lines (1, 1) to (1, `count`), each of 10 pieces.
std::string lines(int count) {
    return "insert into lines select 1, n, 'article ' || n, 10 from generate_series(1, " + std::to_string(count) +
           ") n;";
}

auto every_line() {
    return corm::select<Line>().order_by(corm::asc<&Line::line_no>);
}

corm::Task<std::vector<corm::Ref<Line>>> edited_lines(corm::AsyncSession& session) {
    auto loaded = co_await session.all(every_line());
    for (const corm::Ref<Line>& line : loaded)
        line.edit().quantity += 1;
    co_return loaded;
}

} // namespace

TEST_CASE("a locking select does not send an edit over another one", "[orm][integration]") {
    Sessions s{lines(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto loaded = co_await edited_lines(session);
        s.database.query("update lines set quantity = 99");
        s.round_trips();
        const auto error = co_await failure(session.all(every_line().for_update()));
        CHECK(s.round_trips() == 1);
        const auto stale = caught<corm::StaleDataError>(error);
        CHECK(stale.entity() == "Line");
        CHECK(stale.keys() == Keys{"(1, 1)"});
        CHECK_THAT(stale.what(), ContainsSubstring("Line with key (1, 1) was changed"));
        CHECK(s.database.query("select quantity from lines") == "99");
        co_await session.rollback();
        // The retry that the message asks for.
        const auto again = co_await session.all(every_line().for_update());
        CHECK(again == loaded);
        again.front().edit().quantity += 1;
        co_await session.commit();
    });
    CHECK(s.database.query("select quantity from lines") == "100");
}

TEST_CASE("a locking select sends edits that nobody has overtaken", "[orm][integration]") {
    Sessions s{lines(3)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto loaded = co_await edited_lines(session);
        // Other attributes and other rows are not concerned.
        s.database.query("update lines set article = 'theirs' where line_no = 2");
        s.database.query("insert into lines values (2, 1, 'new', 1)");
        s.round_trips();
        const auto locked = co_await session.all(every_line().for_no_key_update());
        CHECK(s.round_trips() == 1);
        REQUIRE(locked.size() == 4);
        CHECK(loaded[1]->article == "theirs");
        CHECK(loaded[1]->quantity == 11);
        CHECK_FALSE(corm::inspect(loaded[1]).is_modified());
        // What this transaction has written itself is nobody else's change.
        loaded[0].edit().quantity += 1;
        co_await session.one(corm::select<Line>().where(corm::col<&Line::line_no> == 3).for_update());
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(quantity::text, ',' order by order_no, line_no) from lines") ==
          "12,11,11,1");
}

TEST_CASE("of several edited rows those that were changed are named", "[orm][integration]") {
    Sessions s{lines(4)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto loaded = co_await edited_lines(session);
        s.database.query("update lines set quantity = 50 where line_no in (2, 4)");
        const auto error = co_await failure(session.first(every_line().for_update()));
        CHECK(caught<corm::StaleDataError>(error).keys() == Keys{"(1, 2)", "(1, 4)"});
        co_await session.rollback();
        CHECK(loaded[0]->quantity == 10);
        // A row that is gone is stale as well.
        loaded[0].edit().quantity = 1;
        s.database.query("delete from lines where line_no = 1");
        const auto gone = co_await failure(session.all(every_line().for_update()));
        CHECK(caught<corm::StaleDataError>(gone).keys() == Keys{"(1, 1)"});
        co_await session.rollback();
    });
    CHECK(s.database.query("select string_agg(quantity::text, ',' order by line_no) from lines") == "50,10,50");
}

TEST_CASE("one locking select guards the changes of a whole pipeline", "[orm][integration]") {
    Sessions s{lines(1) + users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto loaded = co_await edited_lines(session);
        s.database.query("update lines set quantity = 99");
        const auto error = co_await failure([](corm::AsyncSession& session) -> corm::Task<> {
            static_cast<void>(co_await session.pipeline(corm::count<User>(), corm::select<User>().for_share()));
        }(session));
        CHECK(caught<corm::StaleDataError>(error).keys() == Keys{"(1, 1)"});
        co_await session.rollback();
    });
}

TEST_CASE("other flushes send edits over those of others, as without locks", "[orm][integration]") {
    Sessions s{lines(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto loaded = co_await session.all(every_line());
        const auto overwrites = [&](std::int32_t quantity) {
            s.database.query("update lines set quantity = quantity + 1000");
            loaded.front().edit().quantity = quantity;
        };
        overwrites(1);
        co_await session.all(every_line());
        co_await session.commit();
        overwrites(2);
        co_await session.flush();
        co_await session.commit();
        overwrites(3);
        co_await session.commit();
        CHECK(s.database.query("select quantity from lines") == "3");
        // Nor does a locking select that flushes nothing: it finds the difference itself.
        overwrites(4);
        const auto quiet = session.no_autoflush();
        const auto error = co_await failure(session.all(every_line().for_update()));
        CHECK_THAT(caught<corm::StaleDataError>(error).what(), ContainsSubstring(".quantity was edited here"));
        co_await session.rollback();
    });
}

TEST_CASE("a locking get leaves its object out of the flush and compares it itself", "[orm][integration]") {
    Sessions s{lines(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto loaded = co_await edited_lines(session);
        s.database.query("update lines set quantity = 99 where line_no = 1");
        const auto error = co_await failure(session.get<Line>(corm::key(1, std::int16_t{1}), corm::for_update));
        CHECK_THAT(caught<corm::StaleDataError>(error).what(), ContainsSubstring(".quantity was edited here"));
        co_await session.rollback();
        // refresh() takes the row's value by its meaning.
        loaded[0].edit().quantity = 5;
        co_await session.refresh(loaded[0], corm::for_update);
        CHECK(loaded[0]->quantity == 99);
        co_await session.rollback();
    });
    CHECK(s.database.query("select string_agg(quantity::text, ',' order by line_no) from lines") == "99,10");
}

TEST_CASE("a guard that waits for a lock sees what was committed under it", "[orm][integration]") {
    Sessions s{lines(2)};
    std::exception_ptr error;
    const int edited = 1;
    const auto second = [&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto loaded = co_await session.all(every_line().limit(edited));
        loaded[0].edit().quantity = 70;
        co_await session.all(every_line().for_update());
    };
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession first{s.engine};
        const auto loaded = co_await edited_lines(first);
        co_await first.flush();
        asio::co_spawn(s.context, second, [&](std::exception_ptr thrown) { error = thrown; });
        while (s.database.query("select count(*) from pg_stat_activity where datname = current_database() and "
                                "wait_event_type = 'Lock'") != "1")
            co_await asio::post(asio::use_awaitable);
        co_await first.commit();
    });
    CHECK(caught<corm::StaleDataError>(error).keys() == Keys{"(1, 1)"});
    CHECK(s.database.query("select string_agg(quantity::text, ',' order by line_no) from lines") == "11,11");
}

TEST_CASE("a version stands for all columns, guard or not", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        // Whoever writes a versioned row has to count.
        s.database.query("update users set age = 7");
        co_await session.all(corm::select<User>().for_update());
        co_await session.commit();
        CHECK(user->version == 1);
        user.edit().age = 51;
        s.database.query("update users set name = 'theirs', version = 2");
        const auto error = co_await failure(session.all(corm::select<User>().for_update()));
        CHECK(caught<corm::StaleDataError>(error).keys() == Keys{"1"});
        co_await session.rollback();
    });
    CHECK(s.database.query("select age from users") == "50");
}

TEST_CASE("records are guarded like structs", "[orm][integration]") {
    Sessions s{"create table notes (id int primary key, body text); insert into notes values (1, null), (2, 'b');"};
    const auto mapper = corm::define("notes")
                            .column<std::int32_t>("id")
                            .column<std::optional<std::string>>("body")
                            .primary_key({"id"})
                            .build();
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto one = co_await session.get_one(mapper, std::int32_t{1});
        const auto two = co_await session.get_one(mapper, std::int32_t{2});
        one.edit().set<std::optional<std::string>>("body", "mine");
        two.edit().set<std::optional<std::string>>("body", std::nullopt);
        co_await session.all(corm::select(mapper).for_update());
        co_await session.commit();
        CHECK(s.database.query("select string_agg(coalesce(body, 'null'), ',' order by id) from notes") == "mine,null");
        one.edit().set<std::optional<std::string>>("body", std::nullopt);
        two.edit().set<std::optional<std::string>>("body", "mine");
        // An empty text is no NULL.
        s.database.query("update notes set body = '' where id = 2");
        const auto error = co_await failure(session.all(corm::select(mapper).for_update()));
        CHECK(caught<corm::StaleDataError>(error).keys() == Keys{"2"});
        co_await session.rollback();
    });
}

TEST_CASE("rows that exchange unique values are guarded on their way", "[orm][integration]") {
    Sessions s{"create table seats (id int primary key, number int not null unique);"
               "insert into seats values (1, 10), (2, 20), (3, 30);"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto seats = co_await session.all(corm::select<Seat>().order_by(corm::asc<&Seat::id>));
        const auto exchange = [&] {
            const std::int32_t first = seats[0]->number;
            seats[0].edit().number = seats[1]->number;
            seats[1].edit().number = first;
        };
        exchange();
        co_await session.all(corm::select<Seat>().for_update());
        co_await session.commit();
        CHECK(s.database.query("select string_agg(number::text, ',' order by id) from seats") == "20,10,30");
        for (const char* other : {"1", "2"}) {
            exchange();
            s.database.query(std::string{"update seats set number = number + 100 where id = "} + other);
            const auto error = co_await failure(session.all(corm::select<Seat>().for_update()));
            CHECK(caught<corm::StaleDataError>(error).keys() == Keys{other});
            co_await session.rollback();
            s.database.query(std::string{"update seats set number = number - 100 where id = "} + other);
        }
    });
}

TEST_CASE("derived tables fit: seats of a guard", "[verify][integration]") {
    CHECK(misfit_of<Seat>() == "");
}
