// What a session knows of its objects, and how it forgets them.
#include "fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace corm::test;
using corm::Freshness;
using corm::ObjectState;

TEST_CASE("an expired object is read again by the next get", "[orm][integration]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> first = co_await session.get_one<User>(1);
        const corm::Ref<User> second = co_await session.get_one<User>(2);
        static_cast<void>(s.database.query("update users set name = 'changed'"));
        session.expire(first);
        CHECK_THROWS_AS(first->name, corm::NotLoadedError);
        static_cast<void>(co_await session.get_one<User>(1));
        CHECK(first->name == "changed");
        second.edit().name = "dropped";
        session.expire_all();
        CHECK(corm::inspect(first).freshness() == Freshness::expired);
        const auto all = co_await session.all(corm::select<User>());
        CHECK(all.size() == 2);
        CHECK(second->name == "changed");
        co_await session.commit();
    });
    CHECK(s.database.query("select count(*) from users where name = 'changed'") == "2");
}

TEST_CASE("the lists of changes follow add, edit, remove and flush", "[orm][integration]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> edited = co_await session.get_one<User>(1);
        const corm::Ref<User> removed = co_await session.get_one<User>(2);
        const corm::Ref<User> added = session.add(User{.name = "new"});
        edited.edit().name = "edited";
        session.remove(removed);
        using Users = std::vector<corm::Ref<User>>;
        CHECK(session.new_<User>() == Users{added});
        CHECK(session.dirty<User>() == Users{edited});
        CHECK(session.deleted<User>() == Users{removed});
        CHECK(session.new_<corm::Record>().empty());
        CHECK((session.contains(added) && session.contains(edited) && session.contains(removed)));
        co_await session.flush();
        CHECK((session.new_<User>().empty() && session.dirty<User>().empty() && session.deleted<User>().empty()));
        CHECK_FALSE(session.contains(removed));
        session.expunge_all();
        CHECK_FALSE(session.contains(added));
        CHECK(corm::inspect(edited).state() == ObjectState::detached);
        co_await session.commit(); // what was flushed is still of this transaction
    });
    CHECK(s.database.query("select string_agg(name, ',' order by id) from users") == "edited,new");
}

TEST_CASE("queries do not flush inside of a no_autoflush scope", "[orm][integration]") {
    Sessions s;
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        session.add(User{.name = "new"});
        {
            const auto outer = session.no_autoflush();
            const auto inner = session.no_autoflush();
            const auto seen = co_await session.scalar(corm::count<User>());
            CHECK(seen == 0);
        }
        const auto seen = co_await session.scalar(corm::count<User>());
        CHECK(seen == 1);
        co_await session.rollback();
    });
}

TEST_CASE("a row is copied by making its object transient", "[orm][integration]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(1);
        corm::make_transient(user);
        user.edit().id = 0;
        session.add(user);
        co_await session.commit();
        CHECK(user->id != 1);
    });
    CHECK(s.database.query("select count(*) from users where name = 'user 1'") == "2");
}

TEST_CASE("a row is removed without having been read", "[orm][integration]") {
    Sessions s{users(2)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine};
        const corm::Ref<User> user = corm::transient(User{.id = 1, .name = {}});
        corm::make_transient_to_detached(user);
        session.add(user);
        co_await session.refresh(user);
        CHECK(user->name == "user 1");
        session.remove(user);
        co_await session.commit();
    });
    CHECK(s.database.query("select string_agg(name, ',') from users") == "user 2");
}
