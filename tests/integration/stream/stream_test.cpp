// Streams that are read to their end: what they cost, what they yield, and what may happen between two batches.
#include "stream_support.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <catch2/matchers/catch_matchers_vector.hpp>

#include <set>
#include <tuple>

using namespace corm::test;
using Catch::Matchers::Equals;
using List = std::vector<std::string>;

namespace {

auto users_by_id() {
    return corm::select<User>().order_by(corm::asc<&User::id>);
}

} // namespace

TEST_CASE("a stream costs a round trip for each batch, and the first has the transaction in it",
          "[stream][integration]") {
    Recorded s{users(7)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto stream = session.stream(users_by_id().where(corm::col<&User::age> > 0), {.batch = 3});
        CHECK(s.engine.stats().leased == 0);
        std::vector<std::string> names;
        std::vector<std::uint64_t> trips;
        while (corm::Ref<User> user = co_await stream.next()) {
            names.push_back(user->name);
            trips.push_back(s.round_trips());
        }
        CHECK_THAT(names, Equals(List{"user 1", "user 2", "user 3", "user 4", "user 5", "user 6", "user 7"}));
        CHECK_THAT(trips, Equals(std::vector<std::uint64_t>{1, 0, 0, 1, 0, 0, 1}));
        const corm::Ref<User> behind = co_await stream.next();
        CHECK_FALSE(behind);
        CHECK(s.round_trips() == 0); // the last batch was not full
        co_await session.commit();
        CHECK(s.round_trips() == 0);
        const corm::Ref<User> still_behind = co_await stream.next();
        CHECK_FALSE(still_behind);
    });
    const List statements = s.recorder->take();
    REQUIRE(statements.size() == 5);
    CHECK(statements[0] == "BEGIN");
    CHECK(statements[1].starts_with("DECLARE corm_stream_1 NO SCROLL CURSOR WITHOUT HOLD FOR SELECT "));
    for (std::size_t i = 2; i < 5; ++i)
        CHECK(statements[i] == "FETCH FORWARD 3 FROM corm_stream_1");
    CHECK(s.engine.stats().leased == 0);
}

TEST_CASE("a stream whose last batch is full needs one more to know it", "[stream][integration]") {
    Sessions s{users(6)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto stream = session.stream(users_by_id(), {.batch = 3});
        const auto all = co_await rest_of(stream);
        CHECK(all.size() == 6);
        CHECK(s.round_trips() == 3);
        auto none = session.stream(users_by_id().where(corm::col<&User::id> == 99));
        const corm::Ref<User> first = co_await none.next();
        CHECK_FALSE(first);
        CHECK(s.round_trips() == 1);
    });
}

TEST_CASE("batches have as many rows as are asked for", "[stream][integration]") {
    Sessions s{users(361)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto stream = session.stream(users_by_id(), {.batch = 100});
        const corm::Ref<User> first = co_await stream.next();
        CHECK(first->id == 1);
        s.round_trips();
        const auto five = co_await stream.next_batch(5);
        CHECK(five.size() == 5);
        CHECK(five.front()->id == 2);
        CHECK(s.round_trips() == 0); // they had come with the first
        const auto more = co_await stream.next_batch(200);
        CHECK(more.size() == 200);
        CHECK(more.back()->id == 206);
        CHECK(s.round_trips() == 1);
        const auto rest = co_await stream.next_batch(1000);
        CHECK(rest.size() == 155);
        CHECK(s.round_trips() == 1);
        const auto none = co_await stream.next_batch(1);
        CHECK(none.empty());
        CHECK(s.round_trips() == 0);
    });
}

TEST_CASE("the objects of a stream are those of the session", "[stream][integration]") {
    Sessions s{users(10)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto known = co_await session.get_one<User>(4);
        known.edit().age = 44;
        const auto guard = session.no_autoflush();
        auto stream = session.stream(users_by_id(), {.batch = 4});
        const auto all = co_await rest_of(stream);
        CHECK(all[3] == known);
        CHECK(known->age == 44); // edits are not overwritten
        s.round_trips();
        const auto fifth = co_await session.get<User>(5);
        CHECK(fifth == all[4]);
        CHECK(s.round_trips() == 0);
    });
}

TEST_CASE("objects of a stream go with their handles", "[stream][integration]") {
    Sessions s{users(10)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto stream = session.stream(users_by_id(), {.batch = 4});
        std::vector<std::weak_ptr<corm::uow::Instance>> seen;
        while (const corm::Ref<User> user = co_await stream.next())
            seen.push_back(user.instance());
        CHECK(seen.size() == 10);
        for (const auto& each : seen)
            CHECK(each.expired());
    });
}

TEST_CASE("changes are flushed ahead of a stream, which does not see later ones", "[stream][integration]") {
    Sessions s{users(6)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        session.add(User{.name = "added", .age = 100});
        auto stream =
            session.stream<std::int32_t>(corm::raw_sql("select age from users order by age desc"), {.batch = 2});
        const auto first = co_await stream.next();
        CHECK(first == 100);
        CHECK(s.round_trips() == 1); // BEGIN, INSERT, DECLARE, FETCH
        const auto user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        co_await session.flush();
        session.add(User{.name = "late", .age = 0});
        co_await session.flush();
        std::vector<std::int32_t> rest = co_await rest_of(stream);
        CHECK_THAT(rest, Equals(std::vector<std::int32_t>{6, 5, 4, 3, 2, 1}));
        co_await session.commit();
    });
    CHECK(s.database.query("select count(*) from users where age in (0, 50, 100)") == "3");
}

TEST_CASE("rows are edited and flushed while they are streamed", "[stream][integration]") {
    Sessions s{users(20)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto stream = session.stream(users_by_id().for_update(), {.batch = 6});
        int seen = 0;
        while (const corm::Ref<User> user = co_await stream.next()) {
            user.edit().age += 100;
            if (++seen % 5 == 0)
                co_await session.flush();
        }
        CHECK(seen == 20);
        co_await session.commit();
    });
    CHECK(s.database.query("select sum(age) from users") == std::to_string(210 + 2000));
}

TEST_CASE("a locking stream locks what it has fetched, and leaves out what its transaction has changed since",
          "[stream][integration]") {
    Sessions s{users(4)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto stream = session.stream(users_by_id().for_update(), {.batch = 2});
        static_cast<void>(co_await stream.next());
        corm::AsyncSession other{s.engine};
        const auto free = co_await other.all(users_by_id().for_update().skip_locked());
        REQUIRE(free.size() == 2);
        CHECK(free.front()->id == 3);
        free.front().edit().name = "changed by another";
        co_await other.commit();
        co_await session.execute(corm::raw_sql("update users set name = 'changed' where id = 4"));
        const auto rest = co_await rest_of(stream);
        REQUIRE(rest.size() == 2);
        CHECK(rest[1]->name == "changed by another");
    });
}

TEST_CASE("raw SQL is streamed into structs, tuples and scalars", "[stream][integration]") {
    Sessions s{users(5)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto structs = session.stream<NameAndAge>(
            corm::raw_sql("select age, name from users where age > $1 and name <> $2 order by id", 2, "user 4"),
            {.batch = 1});
        const std::optional<NameAndAge> third = co_await structs.next();
        REQUIRE(third);
        CHECK(third->name == "user 3");
        const auto fifth = co_await structs.next_batch(7);
        REQUIRE(fifth.size() == 1);
        CHECK(fifth.front().age == 5);

        using Row = std::tuple<std::int64_t, std::optional<std::string>>;
        auto tuples = session.stream<Row>(corm::raw_sql("select id, email from users order by id"), {.batch = 2});
        const auto rows = co_await rest_of(tuples);
        REQUIRE(rows.size() == 5);
        CHECK(rows[4] == Row{5, std::nullopt});

        auto scalars = session.stream<std::string>(corm::raw_sql("values ('a'), ('b'), ('c')"), {.batch = 2});
        const auto letters = co_await rest_of(scalars);
        CHECK_THAT(letters, Equals(List{"a", "b", "c"}));
        auto table = session.stream<User>(corm::raw_sql("table users"), {.batch = 2});
        const auto entities = co_await rest_of(table);
        CHECK(entities.size() == 5);
        auto common = session.stream<std::int32_t>(
            corm::unsafe_sql("with recursive n(i) as (select 1 union all select i + 1 from n where i < 10) "
                             "select i from n"),
            {.batch = 4});
        const auto numbers = co_await rest_of(common);
        CHECK(numbers.size() == 10);
        co_await session.commit();
    });
    CHECK(s.engine.stats().leased == 0);
}

TEST_CASE("records are streamed", "[stream][integration]") {
    Sessions s{users(5)};
    s.run([&]() -> corm::Task<> {
        const auto mapper =
            corm::define("users").column<std::int64_t>("id").column<std::string>("name").primary_key({"id"}).build();
        corm::AsyncSession session{s.engine};
        auto stream = session.stream(corm::select(mapper).where(corm::column(mapper, "id") > 2), {.batch = 2});
        std::set<std::string> names;
        while (const corm::Ref<corm::Record> record = co_await stream.next())
            names.insert(record->get<std::string>("name"));
        CHECK(names == std::set<std::string>{"user 3", "user 4", "user 5"});
    });
}

TEST_CASE("several streams of a session are read in turns", "[stream][integration]") {
    Recorded s{users(5)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto up = session.stream(users_by_id(), {.batch = 2});
        auto down = session.stream(corm::select<User>().order_by(corm::desc<&User::id>), {.batch = 2});
        for (int i = 1; i <= 5; ++i) {
            const corm::Ref<User> low = co_await up.next();
            const corm::Ref<User> high = co_await down.next();
            CHECK(low->id == i);
            CHECK(high->id == 6 - i);
        }
        const std::int64_t open = co_await open_cursors(session);
        CHECK(open == 0); // both have said that they have no more rows
        // Their numbers are used again.
        s.recorder->take();
        for (int i = 0; i < 3; ++i) {
            auto each = session.stream(users_by_id());
            static_cast<void>(co_await each.next());
        }
        std::set<std::string> fetches;
        for (const std::string& statement : s.recorder->take()) {
            if (statement.starts_with("FETCH"))
                fetches.insert(statement);
        }
        CHECK(fetches.size() <= 3);
    });
}

TEST_CASE("a stream goes on through savepoints that it was not made in", "[stream][integration]") {
    Sessions s{users(9)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto stream = session.stream(users_by_id(), {.batch = 2});
        static_cast<void>(co_await stream.next_batch(2));
        co_await session.nested([&]() -> corm::Task<> {
            const auto inside = co_await stream.next_batch(2);
            CHECK(inside.back()->id == 4);
        });
        const corm::Savepoint savepoint = co_await session.begin_nested();
        const auto lost = co_await stream.next_batch(2);
        CHECK(lost.back()->id == 6);
        co_await savepoint.rollback(); // its position is not rolled back
        const auto behind = co_await stream.next_batch(2);
        CHECK(behind.front()->id == 7);
        const auto error = co_await failure(
            session.nested([&]() -> corm::Task<> { co_await session.execute(corm::raw_sql("select 1 / 0")); }));
        CHECK(caught<corm::DatabaseError>(error).sqlstate().code() == "22012");
        const auto last = co_await rest_of(stream);
        REQUIRE(last.size() == 1);
        CHECK(last.front()->id == 9);
        co_await session.commit();
    });
}
