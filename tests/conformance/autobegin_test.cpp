// AB: when a transaction begins, and when changes are sent without being asked for.
#include "fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <stdexcept>

using namespace conformance;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("AB-01 the first statement begins a transaction, again and again", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        CHECK_FALSE(session.in_transaction());
        CHECK(f.engine.stats().acquired == 0);
        for (int i = 0; i < 2; ++i) {
            co_await session.execute(corm::raw_sql("select 1"));
            CHECK(session.in_transaction());
            co_await session.commit();
            CHECK_FALSE(session.in_transaction());
            co_await session.execute(corm::raw_sql("select 1"));
            CHECK(session.in_transaction());
            co_await session.close();
            CHECK_FALSE(session.in_transaction());
        }
        CHECK(f.engine.stats().leased == 0);
    });
}

TEST_CASE("AB-03 a flush begins a transaction and does not end it", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(8);
        co_await session.commit();
        CHECK_FALSE(session.in_transaction());
        user.edit().name = "changed";
        f.statements();
        co_await session.flush();
        CHECK(f.statements() == List{"UPDATE users"});
        CHECK(session.in_transaction());
        const auto name = co_await session.one<std::string>(corm::raw_sql("select name from users where id = 8"));
        CHECK(name == "changed");
        CHECK(f.query("select name from users where id = 8") == "ed");
        co_await session.rollback();
        CHECK(user->name == "ed");
    });
    CHECK(f.query("select name from users where id = 8") == "ed");
}

// Values come back instead of being expired (D4), and no transaction begins on the server before it is needed (D13).
TEST_CASE("AB-04 a rollback undoes changes of objects made before any statement", "[conformance]") {
    enum class Action { nothing, modify, add, remove };
    const auto action = GENERATE(Action::nothing, Action::modify, Action::add, Action::remove);
    const auto policy = GENERATE(corm::ExpireOnCommit::keep, corm::ExpireOnCommit::stale);
    const bool modify_as_well = GENERATE(false, true);
    CAPTURE(static_cast<int>(action), static_cast<int>(policy), modify_as_well);
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine, {.expire_on_commit = policy}};
        const corm::Ref<User> u = co_await session.get_one<User>(8);
        const corm::Ref<User> other = co_await session.get_one<User>(10);
        co_await session.commit();
        corm::Ref<User> added;
        switch (action) {
        case Action::nothing: break;
        case Action::modify: other.edit().name = "changed"; break;
        case Action::add: added = session.add(User{.name = "new"}); break;
        case Action::remove: session.remove(other); break;
        }
        if (modify_as_well)
            u.edit().name = "edited";
        f.statements();
        co_await session.rollback();
        CHECK(f.sql() == 0);
        CHECK_FALSE(session.in_transaction());
        CHECK(u->name == "ed");
        CHECK(other->name == "chuck");
        CHECK(freshness_of(u) == Freshness::stale);
        CHECK((session.new_<User>().empty() && session.dirty<User>().empty() && session.deleted<User>().empty()));
        if (added)
            CHECK(state_of(added) == ObjectState::transient);
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select string_agg(name, ',' order by id) from users") == "jack,ed,fred,chuck");
}

TEST_CASE("AB-07 a query sends changes first, which others see after the commit", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> ed = session.add(User{.name = "ed"});
        const auto found = co_await session.all(corm::select<User>().where(corm::col<&User::name> == "ed"));
        CHECK(f.statements() == List{"INSERT users", "SELECT users"});
        CHECK(found == std::vector{ed});
        const auto mine = co_await session.one<std::int64_t>(corm::raw_sql("select count(*) from users"));
        CHECK(mine == 1);
        CHECK(f.query("select count(*) from users") == "0");
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from users") == "1");
}

TEST_CASE("AB-08 no_autoflush lasts as long as its scope, however that ends", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = session.add(User{.name = "ed"});
        std::int64_t inside = -1;
        try {
            const auto guard = session.no_autoflush();
            inside = co_await session.scalar(corm::count<User>());
            throw std::runtime_error("out of here");
        } catch (const std::runtime_error&) {
            CHECK(session.new_<User>() == std::vector{user});
        }
        CHECK(inside == 0);
        CHECK(f.statements() == List{"SELECT users"});
        const auto outside = co_await session.scalar(corm::count<User>());
        CHECK(outside == 1);
        CHECK(f.statements() == List{"INSERT users", "SELECT users"});
        CHECK(session.new_<User>().empty());
        co_await session.rollback();
    });
}

TEST_CASE("AB-09 an error of changes that a query sent first says so", "[conformance]") {
    Fixture f{std::string{stock} + "alter table addresses add check (email <> '');"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        session.add(Address{.user_id = 7, .email = ""});
        const auto error = co_await failure(session.all(corm::select<User>()));
        CHECK(threw<corm::IntegrityError>(error));
        CHECK_THAT(message_of(error), ContainsSubstring("ahead of a query (autoflush)"));
        co_await session.rollback();
        session.add(Address{.user_id = 7, .email = ""});
        const auto asked_for = co_await failure(session.flush());
        CHECK_THAT(message_of(asked_for), !ContainsSubstring("autoflush"));
        co_await session.rollback();
    });
    CHECK(f.query("select count(*) from addresses") == "5");
}

TEST_CASE("AB-11 a refresh sends the changes of other objects first", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Address> address = co_await session.get_one<Address>(1);
        const corm::Ref<User> user = co_await session.get_one<User>(7);
        address.edit().user_id = 9;
        f.statements();
        co_await session.refresh(user);
        CHECK(f.statements() == List{"UPDATE addresses", "SELECT users"});
        const auto mine =
            co_await session.one<std::int64_t>(corm::raw_sql("select user_id from addresses where id = 1"));
        CHECK(mine == 9);
        co_await session.commit();
    });
    CHECK(f.query("select user_id from addresses where id = 1") == "9");
}

TEST_CASE("AB-15 a scope notices that its transaction was ended inside of it", "[conformance]") {
    Fixture f{stock};
    for (const bool commits : {true, false}) {
        int attempts = 0;
        f.run([&]() -> corm::Task<> {
            const auto scope = co_await failure(f.engine.transaction([&](corm::AsyncSession& session) -> corm::Task<> {
                ++attempts;
                const corm::Ref<User> user = co_await session.get_one<User>(7);
                user.edit().name = "inside";
                if (commits)
                    co_await session.commit();
                else
                    co_await session.rollback();
                f.statements();
                CHECK_THAT(refusal([&] { session.add(User{.name = "x"}); }),
                           ContainsSubstring("ended its transaction"));
                CHECK_THAT(refusal([&] { static_cast<void>(user.edit()); }),
                           ContainsSubstring("ended its transaction"));
                CHECK_THAT(refusal([&] { session.remove(user); }), ContainsSubstring("ended its transaction"));
                const auto nested = co_await failure(session.begin_nested());
                CHECK_THAT(message_of(nested), ContainsSubstring("ended its transaction"));
                const auto committed = co_await failure(session.commit());
                CHECK_THAT(message_of(committed), ContainsSubstring("ended its transaction"));
                CHECK(user->name == (commits ? "inside" : "jack"));
                CHECK(f.sql() == 0);
                co_await session.get<User>(8);
            }));
            CHECK_THAT(message_of(scope), ContainsSubstring("let the function return"));
        });
        CHECK(attempts == 1);
        CHECK(f.query("select name from users where id = 7") == (commits ? "inside" : "jack"));
        f.query("update users set name = 'jack' where id = 7");
    }
    // To end it last is no mistake.
    f.run([&]() -> corm::Task<> {
        co_await f.engine.transaction([](corm::AsyncSession& session) -> corm::Task<> {
            (co_await session.get_one<User>(7)).edit()->name = "last";
            co_await session.commit();
        });
    });
    CHECK(f.query("select name from users where id = 7") == "last");
    CHECK(f.engine.stats().leased == 0);
}

TEST_CASE("AB-16 a scope whose flush failed keeps telling the first error", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        std::exception_ptr first;
        std::exception_ptr second;
        const auto scope = co_await failure(f.engine.transaction([&](corm::AsyncSession& session) -> corm::Task<> {
            session.add(User{.id = 7, .name = "conflict"});
            first = co_await failure(session.flush());
            second = co_await failure(session.all(corm::select<User>()));
        }));
        CHECK(threw<corm::IntegrityError>(first));
        CHECK(caught<corm::IntegrityError>(first).constraint() == "users_pkey");
        CHECK(message_of(second) == message_of(first));
        CHECK(message_of(scope) == message_of(first));
    });
    CHECK(f.query("select count(*) from users") == "4");
    CHECK(f.engine.stats().leased == 0);
}
