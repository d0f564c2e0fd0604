// EX: values that are let go, and read again.
#include "fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace conformance;
using Catch::Matchers::ContainsSubstring;

// Reading an expired attribute does not load it. Difference D1.
TEST_CASE("EX-01 an expired object loses its edits and is filled by the next read of its row", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine, {.autoflush = false}};
        const corm::Ref<User> user = co_await session.get_one<User>(7);
        user.edit().name = "edited";
        f.statements();
        session.expire(user);
        CHECK(freshness_of(user) == Freshness::expired);
        CHECK_THROWS_AS(user->name, corm::NotLoadedError);
        CHECK(f.sql() == 0);
        co_await session.refresh(user);
        CHECK(f.statements() == List{"SELECT users"});
        CHECK(user->name == "jack");
        CHECK_FALSE(corm::inspect(user).is_modified());

        user.edit().name = "flushed";
        co_await session.flush();
        co_await session.execute(corm::raw_sql("update users set name = 'raw' where id = 7"));
        session.expire(user);
        const auto found = co_await session.all(corm::select<User>().where(corm::col<&User::name> == "raw"));
        CHECK(found == std::vector{user});
        f.statements();
        CHECK(user->name == "raw");
        CHECK(f.sql() == 0);
        co_await session.rollback();
    });
    CHECK(f.query("select name from users where id = 7") == "jack");
}

// A stale object takes the place of an expired one, which cannot be edited: differences D1 and D2.
TEST_CASE("EX-03 an edit made before the row was read again is kept", "[conformance]") {
    Fixture f{"insert into foo values (1, 1, 'v');"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Foo> foo = co_await session.get_one<Foo>(1);
        co_await session.commit();
        CHECK(freshness_of(foo) == Freshness::stale);
        f.query("update foo set version_id = 5");
        foo.edit().value = "mine";
        f.statements();
        const auto guard = session.no_autoflush();
        static_cast<void>(co_await session.get_one<Foo>(1));
        CHECK(f.statements() == List{"SELECT foo"});
        CHECK(foo->value == "mine");
        CHECK(foo->version_id == 5);
        CHECK(corm::inspect(foo).is_modified());
        session.remove(foo);
        static_cast<void>(co_await session.get_one<Foo>(1, corm::populate_existing));
        CHECK(session.deleted<Foo>() == std::vector{foo}); // it stays marked
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from foo") == "0");
}

// The attribute stays readable, and stale, until the row was read. Difference D1.
TEST_CASE("EX-04 the edit of one attribute is dropped, and others stay", "[conformance]") {
    Fixture f{"insert into addresses values (1, null, 'a@x');"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine, {.autoflush = false}};
        const corm::Ref<Address> address = co_await session.get_one<Address>(1);
        address.edit() = Address{.id = 1, .user_id = 5, .email = "edited"};
        co_await session.execute(corm::raw_sql("update addresses set email = 'raw'"));
        f.statements();
        session.expire<&Address::email>(address);
        CHECK(freshness_of(address) == Freshness::stale);
        CHECK(address->email == "a@x");
        CHECK(address->user_id == 5);
        CHECK(f.sql() == 0);
        static_cast<void>(co_await session.get_one<Address>(1));
        CHECK(f.statements() == List{"SELECT addresses"});
        CHECK(address->email == "raw");
        CHECK(address->user_id == 5);
        CHECK(session.is_modified(address));
        const corm::Ref<Address> pending = session.add(Address{.email = "p"});
        CHECK_THAT(refusal([&] { session.expire<&Address::email>(pending); }), ContainsSubstring("cannot be expired"));
    });
}

TEST_CASE("EX-07 an object whose row is gone leaves the session", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> got = co_await session.get_one<User>(10);
        session.expire_all();
        f.query("delete from users where id = 10");
        CHECK_THROWS_AS(got->name, corm::NotLoadedError);
        const auto refreshed = co_await failure(session.refresh(got));
        CHECK(threw<corm::NotFoundError>(refreshed));
        CHECK_THAT(message_of(refreshed), ContainsSubstring("User(10)"));
        const auto none = co_await session.get<User>(10);
        CHECK_FALSE(none);
        CHECK_FALSE(session.contains(got));
        CHECK_THROWS_AS(got->name, corm::NotLoadedError);
    });
}

TEST_CASE("EX-08 only objects with a row in this session are expired and refreshed", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> detached = co_await session.get_one<User>(7);
        session.expunge(detached);
        const corm::Ref<User> pending = session.add(User{.name = "p"});
        f.statements();
        for (const corm::Ref<User>& user : {detached, pending}) {
            CHECK_THAT(refusal([&] { session.expire(user); }), ContainsSubstring("cannot be expired"));
            const auto refreshed = co_await failure(session.refresh(user));
            CHECK_THAT(message_of(refreshed), ContainsSubstring("cannot be refreshed"));
        }
        CHECK(f.sql() == 0);
        CHECK(detached->name == "jack");
        CHECK(session.new_<User>() == std::vector{pending});
    });
}

TEST_CASE("EX-09 an expired object without a session says what to do", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(7);
        session.expire(user);
        session.expunge(user);
        CHECK_THAT(refusal([&] { static_cast<void>(user->name); }),
                   ContainsSubstring("User(7)") && ContainsSubstring("refresh"));
    });
}

// The object to be read anew is not flushed first, so its own edits go, the key included. Difference D17.
TEST_CASE("EX-12 a refresh drops an unflushed change of the key", "[conformance]") {
    Fixture f{"insert into named values ('old', 1); insert into users values (1, 'u');"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Named> row = co_await session.get_one<Named>("old");
        const corm::Ref<User> other = co_await session.get_one<User>(1);
        row.edit().name = "new";
        row.edit().age = 5;
        other.edit().name = "sent";
        f.statements();
        co_await session.refresh(row);
        CHECK(f.statements() == List{"UPDATE users", "SELECT named"});
        CHECK(row->name == "old");
        CHECK(row->age == 1);
        CHECK(corm::inspect(row).identity() == "old");
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(name || age, ',') from named") == "old1");
}

TEST_CASE("EX-21 a value that was read again is the committed one", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(7);
        co_await session.execute(corm::raw_sql("update users set name = 'raw' where id = 7"));
        session.expire(user);
        static_cast<void>(co_await session.get_one<User>(7));
        CHECK(user->name == "raw");
        CHECK_FALSE(corm::inspect(user).is_modified());
        f.statements();
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select name from users where id = 7") == "raw");
}
