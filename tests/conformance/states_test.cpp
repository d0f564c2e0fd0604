// ST: the states of an object and the moves between them.
#include "fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace conformance;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("ST-01 every move leads to its state, and membership agrees", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto stands = [&session](const corm::Ref<User>& user, ObjectState state, bool inside) {
            return state_of(user) == state && session.contains(user) == inside;
        };
        const corm::Ref<User> user = session.add(User{.name = "u"});
        CHECK(stands(user, ObjectState::pending, true));
        co_await session.rollback();
        CHECK(stands(user, ObjectState::transient, false));
        session.add(user);
        co_await session.flush();
        CHECK(stands(user, ObjectState::persistent, true));
        co_await session.rollback();
        CHECK(stands(user, ObjectState::transient, false));
        user.edit().id = 0;
        session.add(user);
        session.expunge(user);
        CHECK(stands(user, ObjectState::transient, false));
        session.add(user);
        co_await session.commit();
        CHECK(stands(user, ObjectState::persistent, true));
        session.expunge(user);
        CHECK(stands(user, ObjectState::detached, false));
        session.add(user);
        CHECK(stands(user, ObjectState::persistent, true));
        session.expunge_all();
        CHECK(stands(user, ObjectState::detached, false));
        session.add(user);
        session.remove(user);
        CHECK(stands(user, ObjectState::persistent, true)); // marked only
        co_await session.flush();
        CHECK(stands(user, ObjectState::deleted, false));
        co_await session.rollback();
        CHECK(stands(user, ObjectState::persistent, true));
        session.remove(user);
        co_await session.commit();
        CHECK(stands(user, ObjectState::detached, false));
        const corm::Ref<User> loaded = co_await session.get_one<User>(7);
        CHECK(stands(loaded, ObjectState::persistent, true));
        co_await session.close();
        CHECK(stands(loaded, ObjectState::detached, false));
    });
    CHECK(f.query("select count(*) from users where id > 100") == "0");
}

TEST_CASE("ST-03 a deleted object can only come back by rollback or as a new one", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> chuck = co_await session.get_one<User>(10);
        session.remove(chuck);
        co_await session.flush();
        CHECK_FALSE(session.contains(chuck));
        CHECK_THAT(refusal([&] { session.add(chuck); }), ContainsSubstring("was deleted"));
        CHECK(session.in_transaction());
        co_await session.rollback();
        CHECK(session.contains(chuck));
        session.remove(chuck);
        f.statements();
        co_await session.commit();
        CHECK(f.statements() == List{"DELETE users"});
        CHECK_FALSE(session.contains(chuck));
        CHECK_THAT(refusal([&] { session.add(chuck); }),
                   ContainsSubstring("was deleted") && ContainsSubstring("make_transient"));
        CHECK_THAT(refusal([&] { session.remove(chuck); }), ContainsSubstring("was deleted"));
        corm::make_transient(chuck);
        session.add(chuck);
        co_await session.commit();
        CHECK(f.statements() == List{"INSERT users"});
    });
    CHECK(f.query("select count(*) from users where id = 10 and name = 'chuck'") == "1");
}

TEST_CASE("ST-04 a deleted object has its session until the commit", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> chuck = co_await session.get_one<User>(10);
        session.remove(chuck);
        co_await session.flush();
        CHECK(state_of(chuck) == ObjectState::deleted);
        CHECK_FALSE(session.contains(chuck));
        CHECK(corm::inspect(chuck).has_session());
        co_await session.commit();
        CHECK(state_of(chuck) == ObjectState::detached);
        CHECK_FALSE(corm::inspect(chuck).has_session());
    });
}

TEST_CASE("ST-05 an object that was expunged stays out after a rollback", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = session.add(User{.name = "u"});
        co_await session.flush();
        session.expunge(user);
        co_await session.rollback();
        CHECK_FALSE(session.contains(user));
        CHECK(session.new_<User>().empty());
        CHECK(user->name == "u");
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from users") == "0");
}

// SQLAlchemy takes the object in again and warns when the second DELETE hits nothing. Difference D5.
TEST_CASE("ST-07 removing a deleted object again sends nothing", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> chuck = co_await session.get_one<User>(10);
        session.remove(chuck);
        co_await session.flush();
        session.remove(chuck);
        CHECK_FALSE(session.contains(chuck));
        f.statements();
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select count(*) from users") == "3");
}

// An expired object has no values to keep, and a plain struct no unset state. Difference D14.
TEST_CASE("ST-08 make_transient lets an object start over", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> jack = co_await session.get_one<User>(7);
        corm::make_transient(jack);
        CHECK_FALSE(session.contains(jack));
        session.add(jack);
        CHECK(session.new_<User>() == std::vector{jack});
        session.expunge(jack);

        const corm::Ref<User> expired = co_await session.get_one<User>(8);
        session.expire(expired);
        CHECK_THROWS_AS(corm::make_transient(expired), corm::NotLoadedError);
        CHECK(session.contains(expired));

        const corm::Ref<User> chuck = co_await session.get_one<User>(10);
        session.remove(chuck);
        co_await session.flush();
        corm::make_transient(chuck);
        co_await session.rollback();
        CHECK(state_of(chuck) == ObjectState::transient);
        CHECK_FALSE(session.contains(chuck));
    });
    CHECK(f.query("select count(*) from users") == "4");
}

// Reading does not load: refresh does. Difference D1.
TEST_CASE("ST-09 an object can be taken for one that has a row", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = corm::transient(User{.id = 8, .name = {}});
        corm::make_transient_to_detached(user);
        CHECK(state_of(user) == ObjectState::detached);
        session.add(user);
        CHECK_THROWS_AS(user->name, corm::NotLoadedError);
        co_await session.refresh(user);
        CHECK(f.statements() == List{"SELECT users"});
        CHECK(user->name == "ed");
        CHECK(refusal([&] { corm::make_transient_to_detached(user); }) != "nothing");
        session.expunge(user);
        CHECK(refusal([&] { corm::make_transient_to_detached(user); }) != "nothing");
    });
}

TEST_CASE("ST-12 adding an object twice inserts it once", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = corm::transient(User{.name = "once"});
        session.add(user);
        session.add(user);
        CHECK(session.new_<User>().size() == 1);
        co_await session.commit();
        CHECK(f.statements() == List{"INSERT users"});
    });
    CHECK(f.query("select count(*) from users") == "1");
}

TEST_CASE("ST-13 adding a marked object takes the mark back", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> jack = co_await session.get_one<User>(7);
        f.statements();
        session.remove(jack);
        session.add(jack);
        CHECK(session.deleted<User>().empty());
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select count(*) from users") == "4");
}
