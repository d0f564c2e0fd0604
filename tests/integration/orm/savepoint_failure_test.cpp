// What fails in a savepoint, and how far that reaches.
#include "expect_well.hpp"
#include "savepoint_support.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace corm::test;
using corm::ObjectState;

TEST_CASE("F56: after a failure in a savepoint its rollback is enough, and no less", "[orm][integration][F56]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto user = co_await session.get_one<User>(1);
        user.edit().age = 10;
        const corm::Savepoint savepoint = co_await session.begin_nested();
        user.edit().age = 11;
        const auto conflicting = session.add(User{.id = 2, .name = "taken"});
        const std::string first = co_await message_of(session.flush());
        CHECK_FALSE(first.empty());
        // The objects are undone at once, as far as the savepoint; the lease is kept.
        CHECK(user->age == 10);
        CHECK(corm::inspect(conflicting).state() == ObjectState::transient);
        CHECK(s.engine.stats().leased == 1);
        s.round_trips();
        for (int i = 0; i < 2; ++i) {
            const auto flushed = co_await message_of(session.flush());
            const auto read = co_await message_of(session.get<User>(1));
            const auto committed = co_await message_of(session.commit());
            const auto nested = co_await message_of(session.begin_nested());
            const auto released = co_await message_of(savepoint.release());
            for (const std::string& message : {flushed, read, committed, nested, released})
                CHECK(message == first);
        }
        CHECK(s.round_trips() == 0);
        // What is changed meanwhile is discarded.
        user.edit().age = 12;
        session.add(User{.name = "meanwhile"});
        co_await savepoint.rollback();
        CHECK(s.round_trips() == 1);
        CHECK(user->age == 10);
        CHECK(session.new_<User>().empty());
        co_await session.commit();
    });
    CHECK(names(s) == "user 1 10, user 2 2");
    expect_well(s);
}

TEST_CASE("F56: a failed statement ends the innermost savepoint, and the session's rollback them all",
          "[orm][integration][F56]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto user = co_await session.get_one<User>(1);
        const corm::Savepoint outer = co_await session.begin_nested();
        user.edit().age = 10;
        const corm::Savepoint inner = co_await session.begin_nested();
        user.edit().age = 20;
        const auto state = co_await state_of(session.execute(corm::raw_sql("select 1 / 0")));
        CHECK(state.code() == "22012");
        CHECK(user->age == 10);
        CHECK(inner.is_open());
        SECTION("the inner one") {
            co_await inner.rollback();
            CHECK(user->age == 10);
            co_await outer.release();
            co_await session.commit();
            CHECK(names(s) == "user 1 10");
        }
        SECTION("the outer one takes the inner one with it") {
            co_await outer.rollback();
            CHECK_FALSE(inner.is_open());
            CHECK(user->age == 1);
            co_await session.commit();
            CHECK(names(s) == "user 1 1");
        }
        SECTION("the session") {
            co_await session.rollback();
            CHECK_FALSE(outer.is_open());
            CHECK_FALSE(session.in_transaction());
            CHECK(user->age == 1);
            const auto count = co_await session.scalar(corm::count<User>());
            CHECK(count == 1);
        }
    });
    expect_well(s);
}

TEST_CASE("F56: a rollback that fails ends the transaction, and the first error stays", "[orm][integration][F56]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto user = co_await session.get_one<User>(1);
        user.edit().age = 10;
        const corm::Savepoint savepoint = co_await session.begin_nested();
        std::string original;
        SECTION("of a savepoint in which nothing had failed") {
            co_await session.scalar(corm::count<User>());
        }
        SECTION("after an error") {
            original = co_await message_of(session.execute(corm::raw_sql("select 1 / 0")));
        }
        s.database.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = "
                         "current_database() and pid <> pg_backend_pid()");
        const auto failed = co_await message_of(savepoint.rollback());
        CHECK_FALSE(failed.empty());
        CHECK(failed != original);
        CHECK(s.engine.stats().leased == 0);
        CHECK(user->age == 1);
        CHECK_FALSE(savepoint.is_open());
        CHECK_FALSE(session.in_transaction());
        const std::string later = co_await message_of(session.flush());
        CHECK(later == (original.empty() ? failed : original));
        const auto of_handle = co_await message_of(savepoint.rollback());
        CHECK(of_handle == later);
        co_await session.rollback();
        user.edit().age = 12;
        co_await session.commit();
    });
    CHECK(names(s) == "user 1 12, user 2 2");
    expect_well(s);
}

TEST_CASE("F56: a transaction that is lost with the SAVEPOINT is lost whole", "[orm][integration][F56]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        co_await session.execute(corm::raw_sql("update users set age = 5"));
        const corm::Savepoint savepoint = co_await session.begin_nested();
        s.database.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = "
                         "current_database() and pid <> pg_backend_pid()");
        const auto lost = co_await message_of(session.get<User>(1));
        CHECK_FALSE(lost.empty());
        CHECK_FALSE(savepoint.is_open());
        CHECK(s.engine.stats().leased == 0);
        co_await session.rollback();
        const auto user = co_await session.get_one<User>(1);
        CHECK(user->age == 1);
    });
    expect_well(s);
}

TEST_CASE("a failure to write what came before a savepoint is not the savepoint's", "[orm][integration]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto user = co_await session.get_one<User>(1);
        co_await session.execute(corm::raw_sql("update users set age = 50"));
        session.add(User{.id = 2, .name = "taken"});
        const auto guard = session.no_autoflush(); // makes no difference
        const auto state = co_await state_of(session.begin_nested());
        CHECK(state == corm::sqlstate::unique_violation);
        CHECK_FALSE(session.in_transaction());
        CHECK(s.engine.stats().leased == 0);
        co_await session.rollback();
        CHECK(user->age == 1);
    });
    CHECK(names(s) == "user 1 1, user 2 2");
}

TEST_CASE("the loss of the connection ends every savepoint", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto user = co_await session.get_one<User>(1);
        user.edit().age = 10;
        const corm::Savepoint savepoint = co_await session.begin_nested();
        user.edit().age = 20;
        const auto lost =
            co_await message_of(session.execute(corm::raw_sql("select pg_terminate_backend(pg_backend_pid())")));
        CHECK_FALSE(lost.empty());
        CHECK(user->age == 1);
        CHECK_FALSE(savepoint.is_open());
        const auto later = co_await message_of(savepoint.rollback());
        CHECK(later == lost);
        co_await session.rollback();
        co_await session.nested([&]() -> corm::Task<> {
            user.edit().age = 30;
            co_return;
        });
        co_await session.commit();
    });
    CHECK(names(s) == "user 1 30");
    expect_well(s);
}

TEST_CASE("a failed commit in a savepoint goes back to the savepoint", "[orm][integration]") {
    Sessions s{users(2) + R"(
        create function no() returns trigger language plpgsql as
            $$ begin if new.age = 12 then raise exception 'not today'; end if; return null; end $$;
        create constraint trigger no after update on users deferrable initially deferred
            for each row execute function no();
    )"};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const auto user = co_await session.get_one<User>(1);
        user.edit().age = 10;
        corm::Savepoint savepoint = co_await session.begin_nested();
        session.add(User{.id = 2, .name = "taken"});
        const auto state = co_await state_of(session.commit());
        CHECK(state == corm::sqlstate::unique_violation);
        CHECK(savepoint.is_open());
        co_await savepoint.rollback();
        co_await session.commit();

        // One that COMMIT itself refuses is of the whole transaction.
        user.edit().age = 11;
        savepoint = co_await session.begin_nested();
        user.edit().age = 12;
        const auto refused = co_await message_of(session.commit());
        CHECK(refused.find("in: COMMIT") != std::string::npos);
        CHECK_FALSE(savepoint.is_open());
        CHECK(user->age == 10);
        co_await session.rollback();
    });
    CHECK(names(s) == "user 1 10, user 2 2");
}
