// Locking reads: what they refresh, what they refuse, how long they hold.
#include "expect_well.hpp"

#include <catch2/catch_test_macros.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

using namespace corm::test;
namespace asio = boost::asio;
using corm::ObjectState;

namespace {

corm::SqlState refused(const std::exception_ptr& error) {
    try {
        if (error)
            std::rethrow_exception(error);
    } catch (const corm::DatabaseError& e) {
        return e.sqlstate();
    }
    return {};
}

} // namespace

TEST_CASE("a locking get reads the row anew, also on a hit", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        s.database.query("update users set name = 'theirs', age = 7, version = 4");
        const auto hit = co_await session.get_one<User>(1);
        CHECK(hit->name == "user 1");
        s.round_trips();
        const auto locked = co_await session.get_one<User>(1, corm::for_update);
        CHECK(s.round_trips() == 1);
        CHECK(locked == user);
        CHECK(user->name == "theirs");
        CHECK(user->age == 7);
        CHECK(user->version == 4);
        user.edit().age += 1;
        co_await session.commit();
    });
    CHECK(s.database.query("select age || ' ' || version from users") == "8 5");
}

TEST_CASE("a lock keeps edits on rows that nobody changed", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        co_await session.get_one<User>(1, corm::for_update);
        CHECK(user->age == 50);
        CHECK(corm::inspect(user).is_modified());
        co_await session.commit();
    });
    CHECK(s.database.query("select age from users") == "50");
}

TEST_CASE("an edited object whose row changed underneath cannot be locked", "[orm][integration]") {
    Sessions s{users(1) + "insert into lines values (1, 1, 'a', 1);"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autoflush = false}};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        const corm::Ref<Line> line = co_await session.get_one<Line>(corm::key(1, std::int16_t{1}));
        user.edit().age = 50;
        line.edit().quantity = 50;
        s.database.query("update users set name = 'theirs', age = 9, version = version + 1");
        s.database.query("update lines set quantity = 3");
        std::vector<std::string> stale;
        try {
            co_await session.get_one<User>(1, corm::for_update);
        } catch (const corm::StaleDataError& error) {
            stale.push_back(error.entity() + error.keys().at(0));
        }
        try {
            co_await session.get_one<Line>(corm::key(1, std::int16_t{1}), corm::for_update);
        } catch (const corm::StaleDataError& error) {
            stale.push_back(error.entity() + error.keys().at(0));
        }
        CHECK(stale == std::vector<std::string>{"User1", "Line(1, 1)"});
        co_await session.rollback();
        const auto locked = co_await session.get_one<User>(1, corm::for_update);
        CHECK(locked->name == "theirs");
        CHECK(locked->age == 9);
    });
}

TEST_CASE("an edit is carried over to a row whose other attributes changed", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().age = 50;
        s.database.query("update users set name = 'theirs', version = 8");
        co_await session.get_one<User>(1, corm::for_update);
        CHECK(user->name == "theirs");
        CHECK(user->age == 50);
        co_await session.commit();
    });
    CHECK(s.database.query("select name || ' ' || age || ' ' || version from users") == "theirs 50 9");
}

TEST_CASE("F54: nowait fails at once, skip_locked yields nothing", "[orm][integration][F54]") {
    Sessions s{users(3)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession owner{s.engine};
        co_await owner.get_one<User>(1, corm::for_update);

        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        const auto skipped = co_await session.get<User>(1, corm::for_update, corm::skip_locked);
        CHECK_FALSE(skipped);
        // It is there still, in the session too.
        CHECK(corm::inspect(user).state() == ObjectState::persistent);
        CHECK(user->name == "user 1");
        const auto hit = co_await session.get<User>(1);
        CHECK(hit == user);
        const auto others =
            co_await session.all(corm::select<User>().order_by(corm::asc<&User::id>).for_update().skip_locked());
        REQUIRE(others.size() == 2);
        CHECK(others.front()->id == 2);
        // Shared locks stand beside each other, but not beside this one.
        std::exception_ptr error;
        try {
            co_await session.get<User>(1, corm::for_share, corm::nowait);
        } catch (...) {
            error = std::current_exception();
        }
        CHECK(refused(error) == corm::sqlstate::lock_not_available);
        co_await session.rollback();
        error = nullptr;
        try {
            co_await session.all(corm::select<User>().for_update().nowait());
        } catch (...) {
            error = std::current_exception();
        }
        CHECK(refused(error) == corm::sqlstate::lock_not_available);
        co_await session.rollback();
        co_await owner.commit();
        const auto now = co_await session.get<User>(1, corm::for_update, corm::nowait);
        CHECK(now == user);
    });
    expect_well(s);
}

TEST_CASE("a locking select refreshes what it yields", "[orm][integration]") {
    Sessions s{users(3)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto loaded = co_await session.all(corm::select<User>().order_by(corm::asc<&User::id>));
        s.database.query("update users set age = age + 100, version = version + 1");
        const auto locked =
            co_await session.all(corm::select<User>().order_by(corm::asc<&User::id>).for_no_key_update());
        CHECK(locked == loaded);
        CHECK(loaded[2]->age == 103);
        for (const corm::Ref<User>& user : locked)
            user.edit().age += 1;
        co_await session.commit();
    });
    CHECK(s.database.query("select sum(age) from users") == "309");
}

TEST_CASE("refresh may lock", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        user.edit().age = 99;
        s.database.query("update users set age = 5, version = 1");
        co_await session.refresh(user, corm::for_update);
        CHECK(user->age == 5);
        corm::AsyncSession other{s.engine};
        const auto skipped = co_await other.get<User>(1, corm::for_update, corm::skip_locked);
        CHECK_FALSE(skipped);
    });
}

TEST_CASE("a lock is held until the end of the transaction", "[orm][integration]") {
    Sessions s{users(1)};
    const auto held_until = [&](bool commits) {
        bool second_has_it = false;
        std::exception_ptr failed;
        const auto second = [&]() -> corm::Task<> {
            corm::AsyncSession session{s.engine};
            const auto user = co_await session.get_one<User>(1, corm::for_update);
            second_has_it = true;
            user.edit().age += 1;
            co_await session.commit();
        };
        s.run([&]() -> corm::Task<> {
            corm::AsyncSession first{s.engine};
            const auto user = co_await first.get_one<User>(1, corm::for_update);
            user.edit().age += 10;
            co_await first.flush();
            asio::co_spawn(s.context, second, [&](std::exception_ptr error) { failed = error; });
            while (s.database.query("select count(*) from pg_stat_activity where datname = current_database() and "
                                    "wait_event_type = 'Lock'") != "1")
                co_await asio::post(asio::use_awaitable);
            CHECK_FALSE(second_has_it);
            if (commits)
                co_await first.commit();
            else
                co_await first.rollback();
        });
        if (failed)
            std::rethrow_exception(failed);
        CHECK(second_has_it);
    };
    held_until(true);
    CHECK(s.database.query("select age from users") == "12");
    held_until(false);
    CHECK(s.database.query("select age from users") == "13");
}
