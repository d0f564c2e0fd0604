// Savepoints on a real server: what they undo, what they cost, and how they end.
#include "savepoint_support.hpp"

#include <catch2/catch_test_macros.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <stdexcept>

using namespace corm::test;
using corm::Freshness;
using corm::ObjectState;

TEST_CASE("a savepoint costs no round trip of its own", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto user = co_await session.get_one<User>(1);
        s.round_trips();
        co_await session.nested([&]() -> corm::Task<> {
            CHECK(session.in_nested_transaction());
            user.edit().age = 50;
            co_await session.flush(); // SAVEPOINT, UPDATE
            CHECK(s.round_trips() == 1);
            user.edit().name = "inside";
        }); // the second UPDATE
        CHECK(s.round_trips() == 1);
        CHECK_FALSE(session.in_nested_transaction());
        co_await session.commit();
        CHECK(s.round_trips() == 1);

        // With nothing to flush there is nothing to send at all.
        const int result = co_await session.nested([&]() -> corm::Task<int> { co_return 42; });
        CHECK(result == 42);
        co_await session.commit();
        CHECK(s.round_trips() == 0);

        // Changes made before are outside, and go first.
        user.edit().age = 60;
        const corm::Savepoint savepoint = co_await session.begin_nested();
        CHECK(s.round_trips() == 1);
        co_await savepoint.rollback();
        CHECK(s.round_trips() == 0);
        CHECK(user->age == 60);
        co_await session.commit();
        CHECK(s.round_trips() == 1);
    });
    CHECK(names(s) == "inside 60");
    CHECK(s.engine.stats().leased == 0);
}

TEST_CASE("what happened in a rolled-back savepoint is undone, and no more", "[orm][integration]") {
    Sessions s{users(3)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto all = co_await session.all(corm::select<User>().order_by(corm::asc<&User::id>));
        all[0].edit().age = 10;
        const auto before = session.add(User{.name = "before"});
        const corm::Savepoint savepoint = co_await session.begin_nested();
        all[1].edit().age = 20;
        session.remove(all[2]);
        const auto inside = session.add(User{.name = "inside"});
        co_await session.flush();
        CHECK(inside->id == 5);
        all[1].edit().age = 21;
        s.round_trips();
        co_await savepoint.rollback();
        CHECK(s.round_trips() == 1);
        CHECK_FALSE(savepoint.is_open());
        CHECK(all[0]->age == 10);
        CHECK(corm::inspect(all[0]).freshness() == Freshness::fresh);
        CHECK(all[1]->age == 2);
        CHECK(corm::inspect(all[1]).freshness() == Freshness::stale);
        CHECK(corm::inspect(all[2]).state() == ObjectState::persistent);
        CHECK(corm::inspect(inside).state() == ObjectState::transient);
        CHECK(corm::inspect(before).state() == ObjectState::persistent);
        const auto again = co_await session.get_one<User>(2); // stale: read anew
        CHECK(again == all[1]);
        CHECK(s.round_trips() == 1);
        all[1].edit().name = "after";
        co_await session.commit();
    });
    CHECK(names(s) == "user 1 10, after 2, user 3 3, before 0");
}

TEST_CASE("an exception leaves nested() when the savepoint is undone, and the transaction goes on",
          "[orm][integration]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto user = co_await session.get_one<User>(1);
        session.add(User{.name = "outer"});
        bool caught = false;
        try {
            co_await session.nested([&]() -> corm::Task<> {
                user.edit().age = 99;
                co_await session.flush();
                s.round_trips();
                throw std::domain_error("changed my mind");
            });
        } catch (const std::domain_error&) {
            caught = true;
        }
        CHECK(caught);
        CHECK(user->age == 1);
        CHECK(s.round_trips() == 0);
        // ROLLBACK TO goes ahead of the next statement.
        const auto count =
            co_await session.scalar(corm::count(corm::select<User>().where(corm::col<&User::age> == 99)));
        CHECK(count == 0);
        CHECK(s.round_trips() == 1);

        for (int i = 0; i < 3; ++i) {
            const auto state = co_await state_of(session.nested([&]() -> corm::Task<> {
                session.add(User{.id = 2, .name = "taken"});
                co_await session.flush();
            }));
            CHECK(state == corm::sqlstate::unique_violation);
        }
        user.edit().age = 7;
        co_await session.commit();
    });
    CHECK(names(s) == "user 1 7, user 2 2, outer 0");
    CHECK(s.engine.stats().connected == 1);
}

TEST_CASE("commit, rollback and close act on the whole transaction and end its savepoints", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto user = co_await session.get_one<User>(1);
        const corm::Savepoint outer = co_await session.begin_nested();
        user.edit().age = 10;
        const corm::Savepoint inner = co_await session.begin_nested();
        user.edit().age = 20;
        SECTION("commit") {
            co_await session.commit();
            CHECK(names(s) == "user 1 20");
        }
        SECTION("commit of what was flushed") {
            co_await session.flush();
            co_await session.commit();
            CHECK(names(s) == "user 1 20");
        }
        SECTION("rollback") {
            co_await session.flush();
            co_await session.rollback();
            CHECK(user->age == 1);
            CHECK(names(s) == "user 1 1");
        }
        SECTION("close") {
            co_await session.close();
            CHECK(names(s) == "user 1 1");
        }
        CHECK_FALSE(session.in_transaction());
        CHECK_FALSE(session.in_nested_transaction());
        CHECK_FALSE(inner.is_open());
        const auto released = co_await message_of(outer.release());
        CHECK(released.find("savepoint that has ended") != std::string::npos);
        const auto rolled_back = co_await message_of(inner.rollback());
        CHECK(rolled_back.find("begin_nested() begins another") != std::string::npos);
        co_await session.commit();
    });
    CHECK(s.engine.stats().leased == 0);
}

TEST_CASE("handles move, and a dropped one rolls back", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto user = co_await session.get_one<User>(1);
        {
            corm::Savepoint first = co_await session.begin_nested();
            user.edit().age = 10;
            co_await session.flush();
            const corm::Savepoint moved = std::move(first);
            CHECK(moved.is_open());
            CHECK(user->age == 10);
        }
        CHECK(user->age == 1);
        CHECK_FALSE(session.in_nested_transaction());
        const auto age = co_await session.one<std::int32_t>(corm::raw_sql("select age from users"));
        CHECK(age == 1);

        corm::Savepoint savepoint = co_await session.begin_nested();
        user.edit().age = 20;
        co_await session.flush();
        co_await savepoint.release();
        savepoint = co_await session.begin_nested();
        user.edit().age = 30;
        co_await session.flush();
        savepoint = co_await session.begin_nested(); // begun within the one that it drops
        CHECK(user->age == 20);
        CHECK_FALSE(savepoint.is_open());
        co_await session.commit();
    });
    CHECK(names(s) == "user 1 20");
}

TEST_CASE("a handle may outlive its session, and its drop waits for an operation in flight", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        std::optional<corm::AsyncSession> session{s.engine};
        const auto user = co_await session->get_one<User>(1);
        std::optional<corm::Savepoint> savepoint = co_await session->begin_nested();
        user.edit().age = 10;
        // Dropped by the completion of another task, while the flush is under way.
        boost::asio::co_spawn(s.context, session->flush(), [&](std::exception_ptr) {});
        co_await boost::asio::post(s.context, boost::asio::use_awaitable);
        savepoint.reset();
        std::string busy;
        for (;;) {
            busy = co_await message_of(session->flush());
            if (busy.empty())
                break;
            co_await boost::asio::post(s.context, boost::asio::use_awaitable);
        }
        CHECK(user->age == 1);
        CHECK_FALSE(session->in_nested_transaction());
        savepoint = co_await session->begin_nested();
        session.reset();
        CHECK_FALSE(savepoint->is_open());
        const std::string gone = co_await message_of([&]() -> corm::Task<> { co_await savepoint->rollback(); }());
        CHECK(gone.find("session is gone") != std::string::npos);
    });
    CHECK(names(s) == "user 1 1");
}

TEST_CASE("a hundred savepoints within each other", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto user = co_await session.get_one<User>(1);
        std::vector<corm::Savepoint> savepoints;
        s.round_trips();
        for (int depth = 0; depth < 100; ++depth) {
            savepoints.push_back(co_await session.begin_nested());
            user.edit().age = 1'000 + depth;
        }
        CHECK(s.round_trips() == 99); // each flushes what the one before it changed
        co_await session.flush();
        for (std::size_t depth = 99; depth >= 60; --depth)
            co_await savepoints[depth].release();
        CHECK(user->age == 1'099);
        co_await savepoints[59].rollback();
        CHECK(user->age == 1'058);
        co_await savepoints[10].rollback(); // and all within it
        CHECK(user->age == 1'009);
        const auto age = co_await session.one<std::int32_t>(corm::raw_sql("select age from users"));
        CHECK(age == 1'009);
        co_await session.commit();
        CHECK_FALSE(savepoints[0].is_open());
    });
    CHECK(names(s) == "user 1 1009");
}

TEST_CASE("many savepoints after each other, every other one undone", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto user = co_await session.get_one<User>(1);
        for (int i = 0; i < 100; ++i) {
            try {
                co_await session.nested([&]() -> corm::Task<> {
                    user.edit().age = 1'000 + i;
                    co_await session.flush();
                    if (i % 2 == 0)
                        throw std::domain_error("every other one");
                });
            } catch (const std::domain_error&) {
            }
        }
        CHECK(user->age == 1'099);
        CHECK(s.round_trips() == 1 + 100);
        const auto age = co_await session.one<std::int32_t>(corm::raw_sql("select age from users"));
        CHECK(age == 1'099);
        co_await session.rollback();
        CHECK(user->age == 1);
    });
}

TEST_CASE("an autocommit session has no savepoints, and statements outside of transactions no place in one",
          "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.autocommit = true}};
        const auto refused = co_await message_of(session.begin_nested());
        CHECK(refused.find("autocommit") != std::string::npos);
        corm::AsyncSession other{s.engine};
        const corm::Savepoint savepoint = co_await other.begin_nested();
        CHECK(other.in_transaction());
        const auto outside = co_await message_of(other.execute(corm::unsafe_sql("vacuum users").outside_transaction()));
        CHECK(outside.find("outside_transaction()") != std::string::npos);
    });
}
