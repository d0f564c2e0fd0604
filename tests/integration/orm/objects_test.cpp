// States, identity, edits and what commit and rollback do to objects.
#include "fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace corm::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using corm::Freshness;
using corm::ObjectState;

TEST_CASE("an object passes through its states", "[orm][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = session.add(User{.name = "Ada"});
        CHECK(corm::inspect(user).state() == ObjectState::pending);
        CHECK(corm::inspect(user).identity().empty());
        co_await session.flush();
        CHECK(corm::inspect(user).state() == ObjectState::persistent);
        CHECK(corm::inspect(user).identity() == "1");
        CHECK(user->id == 1);
        const auto found = co_await session.get<User>(1);
        CHECK(found == user);
        session.remove(user);
        CHECK(corm::inspect(user).is_doomed());
        CHECK(corm::inspect(user).state() == ObjectState::persistent);
        co_await session.flush();
        CHECK(corm::inspect(user).state() == ObjectState::deleted);
        const auto gone = co_await session.get<User>(1);
        CHECK_FALSE(gone);
        co_await session.commit();
        CHECK(corm::inspect(user).state() == ObjectState::detached);
        CHECK_FALSE(corm::inspect(user).has_session());
        CHECK(user->name == "Ada");
    });
}

TEST_CASE("adding a removed object keeps it, removing an added one forgets it", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        session.remove(user);
        session.add(user);
        const corm::Ref<User> other = session.add(User{.name = "never"});
        session.remove(other);
        CHECK(corm::inspect(other).state() == ObjectState::transient);
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(name, ',') from users") == "user 1");
}

TEST_CASE("only what differs is written", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        CHECK(corm::inspect(user).is_modified());
        const auto age = corm::inspect(user).history<&User::age>();
        CHECK(age.added == 50);
        CHECK(age.deleted == 1);
        CHECK_FALSE(age.unchanged);
        CHECK(corm::inspect(user).history<&User::name>().unchanged == "user 1");
        user.set<&User::age>(1);
        CHECK_FALSE(corm::inspect(user).is_modified());
        s.round_trips();
        co_await session.flush();
        CHECK(s.round_trips() == 0);
        // Another column changed meanwhile by somebody else is not overwritten.
        s.database.query("update users set name = 'renamed'");
        user.edit().age = 2;
        co_await session.commit();
    });
    CHECK(s.database.query("select name || age || version from users") == "renamed21");
}

TEST_CASE("a reference kept across a flush loses no change", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        User& open = user.edit();
        open.age = 10;
        co_await session.flush();
        open.age = 20;
        co_await session.commit();
        open.name = "third";
        co_await session.commit();
    });
    CHECK(s.database.query("select name || ' ' || age || ' ' || version from users") == "third 20 3");
}

TEST_CASE("an edited object is written after its last handle was dropped", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        (co_await session.get_one<User>(1)).edit()->age = 99;
        co_await session.commit();
    });
    CHECK(s.database.query("select age from users") == "99");
}

TEST_CASE("rollback restores values, states and identities", "[orm][integration]") {
    Sessions s{users(3)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> edited = co_await session.get_one<User>(1);
        const corm::Ref<User> removed = co_await session.get_one<User>(2);
        const corm::Ref<User> untouched = co_await session.get_one<User>(3);
        const corm::Ref<User> inserted = session.add(User{.name = "inserted"});
        edited.edit().age = 1000;
        session.remove(removed);
        co_await session.flush();
        edited.edit().age = 2000;
        const corm::Ref<User> pending = session.add(User{.name = "pending"});
        CHECK(edited->version == 1);
        const auto key = inserted->id;
        co_await session.rollback();

        CHECK(edited->age == 1);
        CHECK(edited->version == 0);
        CHECK(corm::inspect(edited).freshness() == Freshness::stale);
        CHECK(corm::inspect(removed).state() == ObjectState::persistent);
        CHECK(corm::inspect(untouched).freshness() == Freshness::stale);
        CHECK(corm::inspect(inserted).state() == ObjectState::transient);
        CHECK(corm::inspect(pending).state() == ObjectState::transient);
        CHECK(inserted->id == key);
        const auto returned = co_await session.get<User>(2);
        CHECK(returned == removed);
        const auto undone = co_await session.get<User>(key);
        CHECK_FALSE(undone);
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(id || ':' || age || ':' || version, ',' order by id) from users") ==
          "1:1:0,2:2:0,3:3:0");
}

TEST_CASE("committed objects are stale, fresh or expired, as asked", "[orm][integration]") {
    Sessions s{users(1)};
    const auto after_commit = [&](corm::ExpireOnCommit policy, auto check) {
        s.run([&]() -> corm::Task<> {
            corm::AsyncSession session{s.engine, {.expire_on_commit = policy}};
            const corm::Ref<User> user = co_await session.get_one<User>(1);
            user.edit().name = "mine";
            co_await session.commit();
            s.database.query("update users set name = 'theirs'");
            check(user);
            const corm::Ref<User> again = co_await session.get_one<User>(1);
            CHECK(again == user);
            CHECK(again->name == (policy == corm::ExpireOnCommit::keep ? "mine" : "theirs"));
        });
    };
    SECTION("stale") {
        after_commit(corm::ExpireOnCommit::stale, [](const corm::Ref<User>& user) {
            CHECK(user->name == "mine");
            CHECK(corm::inspect(user).freshness() == Freshness::stale);
        });
    }
    SECTION("keep") {
        after_commit(corm::ExpireOnCommit::keep, [](const corm::Ref<User>& user) {
            CHECK(user->name == "mine");
            CHECK(corm::inspect(user).freshness() == Freshness::fresh);
        });
    }
    SECTION("expire") {
        after_commit(corm::ExpireOnCommit::expire, [](const corm::Ref<User>& user) {
            CHECK_THROWS_MATCHES(user->name, corm::NotLoadedError,
                                 MessageMatches(ContainsSubstring("User(1)") && ContainsSubstring("refresh")));
            CHECK_FALSE(corm::inspect(user).history<&User::name>().unchanged);
        });
    }
}

TEST_CASE("a query fills what is stale and leaves what is edited", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autoflush = false}};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        s.database.query("update users set name = 'theirs', age = 5");
        // Fresh values are repeatable within the transaction.
        const auto repeated = co_await session.all(corm::select<User>());
        CHECK(repeated.front()->name == "user 1");
        co_await session.commit();
        user.edit().age = 70;
        const auto reread = co_await session.all(corm::select<User>());
        CHECK(reread.front() == user);
        CHECK(user->name == "theirs");
        CHECK(user->age == 70);
        co_await session.refresh(user);
        CHECK(user->age == 5);
        CHECK_FALSE(corm::inspect(user).is_modified());
    });
}

TEST_CASE("a row that vanished leaves the session", "[orm][integration]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        co_await session.commit();
        s.database.query("delete from users where id = 1");
        const auto vanished = co_await session.get<User>(1);
        CHECK_FALSE(vanished);
        CHECK_THROWS_AS(user->name, corm::NotLoadedError);
        std::string message;
        try {
            co_await session.get_one<User>(1);
        } catch (const corm::NotFoundError& error) {
            message = error.what();
        }
        CHECK(message == "User with key 1 does not exist");
    });
}

TEST_CASE("handles outlive session and engine", "[orm][integration]") {
    corm::Ref<User> user;
    {
        Sessions s{users(1)};
        s.run([&]() -> corm::Task<> {
            corm::AsyncSession session{s.engine};
            user = co_await session.get_one<User>(1);
            user.edit().age = 3;
        });
    }
    CHECK(user->name == "user 1");
    user.edit().age = 4;
    CHECK(user->age == 4);
    CHECK_FALSE(corm::inspect(user).has_session());
    CHECK_THROWS_MATCHES(corm::Ref<User> {} -> age, corm::Error, MessageMatches(ContainsSubstring("empty handle")));
}

TEST_CASE("an object of one session is refused by another until it is expunged", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession first{s.engine};
        corm::AsyncSession second{s.engine};
        const corm::Ref<User> user = co_await first.get_one<User>(1);
        CHECK_THROWS_MATCHES(second.add(user), corm::Error,
                             MessageMatches(ContainsSubstring("User(1) belongs to another session")));
        CHECK_THROWS_AS(second.remove(user), corm::Error);
        first.expunge(user);
        CHECK(corm::inspect(user).state() == ObjectState::detached);
        second.add(user);
        user.edit().age = 8;
        co_await second.commit();
    });
    CHECK(s.database.query("select age from users") == "8");
}

TEST_CASE("composite and natural keys", "[orm][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        for (std::int16_t n = 1; n <= 3; ++n)
            session.add(Line{.order_no = 7, .line_no = n, .article = "nail", .quantity = n * 10});
        co_await session.commit();
        CHECK(s.round_trips() == 1);
        const corm::Ref<Line> line = co_await session.get_one<Line>(corm::key(7, std::int16_t{2}));
        CHECK(line->quantity == 20);
        CHECK(corm::inspect(line).identity() == "(7, 2)");
        // A key may change; the identity follows.
        line.edit().line_no = 9;
        line.edit().quantity = 90;
        co_await session.flush();
        const auto moved = co_await session.get<Line>(corm::key(7, std::int16_t{9}));
        CHECK(moved == line);
        co_await session.rollback();
        CHECK(line->line_no == 2);
        const auto restored = co_await session.get<Line>(corm::key(7, std::int16_t{2}));
        CHECK(restored == line);
        session.remove(line);
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(line_no::text, ',' order by line_no) from lines") == "1,3");
}
