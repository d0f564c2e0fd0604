// How often a session talks to the server.
#include "fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace corm::test;

TEST_CASE("a session that never queried takes no connection", "[orm][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        co_await session.commit();
        co_await session.rollback();
        co_await session.close();
    });
    CHECK(s.round_trips() == 0);
    CHECK(s.engine.stats().acquired == 0);
}

TEST_CASE("the first get begins the transaction in the same round trip", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get<User>(1);
        CHECK(s.round_trips() == 1);
        CHECK(user->name == "user 1");
        CHECK(session.in_transaction());

        // A hit in the identity map costs nothing and is the same object.
        const auto hit = co_await session.get<User>(1);
        CHECK(hit == user);
        CHECK(s.round_trips() == 0);
        const auto none = co_await session.get<User>(2);
        CHECK_FALSE(none);
        CHECK(s.round_trips() == 1);
    });
}

TEST_CASE("ten edited objects are written and committed in one round trip", "[orm][integration]") {
    Sessions s{users(20)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto loaded = co_await session.all(corm::select<User>().where(corm::col<&User::id> <= 10));
        REQUIRE(loaded.size() == 10);
        s.round_trips();
        for (const corm::Ref<User>& user : loaded)
            user.edit().age += 100;
        co_await session.commit();
        CHECK(s.round_trips() == 1);
        CHECK(loaded.front()->version == 1);
    });
    CHECK(s.database.query("select sum(age) from users where id <= 10") == "1055");
    CHECK(s.database.query("select count(*) from users where version = 1") == "10");
    CHECK(s.engine.stats().leased == 0);
}

TEST_CASE("a thousand objects with generated keys are added and committed in two round trips at most",
          "[orm][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        std::vector<User> people;
        for (int i = 0; i < 1000; ++i)
            people.push_back({.name = "person " + std::to_string(i), .age = i});
        const std::vector<corm::Ref<User>> added = session.add_all(std::move(people));
        co_await session.commit();
        CHECK(s.round_trips() <= 2);
        // Each object got the key of its own row.
        for (const corm::Ref<User>& user : added)
            CHECK(user->id == user->age + 1);
    });
    CHECK(s.database.query(
              "select bool_and(name = 'person ' || age and id = age + 1) and count(*) = 1000 from users") == "t");
}

TEST_CASE("an empty commit costs nothing, also behind reads", "[orm][integration]") {
    Sessions s{users(3)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto all = co_await session.all(corm::select<User>());
        CHECK(s.round_trips() == 1);
        co_await session.commit();
        CHECK(s.round_trips() == 0);
        CHECK_FALSE(session.in_transaction());

        // The ROLLBACK of the reads travels with the next statement on the connection.
        const auto counted = co_await session.scalar(corm::count<User>());
        CHECK(counted == 3);
        CHECK(s.round_trips() == 1);
    });
    CHECK(s.database.sessions("idle in transaction") == 0);
}

TEST_CASE("several queries share one round trip", "[orm][integration]") {
    Sessions s{users(5)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        auto [young, number, names] = co_await session.pipeline(
            corm::select<User>().where(corm::col<&User::age> < 3).order_by(corm::asc<&User::id>), corm::count<User>(),
            corm::rows_as<std::string>(corm::raw_sql("select name from users order by id desc")));
        CHECK(s.round_trips() == 1);
        REQUIRE(young.size() == 2);
        CHECK(young[1]->name == "user 2");
        CHECK(number == 5);
        CHECK(names.front() == "user 5");
    });
}

TEST_CASE("unflushed changes travel with the query that would miss them", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().age = 77;
        session.add(User{.name = "new", .age = 77});
        s.round_trips();
        const auto counted =
            co_await session.scalar(corm::count(corm::select<User>().where(corm::col<&User::age> == 77)));
        CHECK(counted == 2);
        CHECK(s.round_trips() == 1);
        co_await session.rollback();
        CHECK(s.round_trips() == 1);
        CHECK(user->age == 1);
    });
    CHECK(s.database.query("select count(*) from users") == "1");
}
