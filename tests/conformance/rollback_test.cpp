// RB: what a rollback restores.
#include "fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace conformance;

namespace {

constexpr const char* u1_u2 = "insert into named values ('u1', 1), ('u2', 2);";

} // namespace

TEST_CASE("RB-01 an edited attribute gets the database's value back", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(7);
        user.edit().name = "edited";
        co_await session.rollback();
        CHECK(user->name == "jack");
        CHECK(freshness_of(user) == Freshness::stale);
        f.statements();
        static_cast<void>(co_await session.get_one<User>(7));
        CHECK(f.statements() == List{"SELECT users"});
        CHECK(user->name == "jack");
    });
    CHECK(f.query("select name from users where id = 7") == "jack");
}

TEST_CASE("RB-03 what a rollback throws out keeps its own values", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> ed = co_await session.get_one<User>(8);
        ed.edit().name = "renamed";
        const corm::Ref<Address> added = session.add(Address{.user_id = 8, .email = "new@x"});
        const auto all = co_await session.all(corm::select<Address>().where(corm::col<&Address::user_id> == 8));
        CHECK(all.size() == 4);
        co_await session.rollback();
        CHECK(ed->name == "ed");
        CHECK(state_of(added) == ObjectState::transient);
        CHECK(added->email == "new@x");
        CHECK(added->user_id == 8);
        const auto now = co_await session.all(corm::select<Address>().where(corm::col<&Address::user_id> == 8));
        CHECK(now.size() == 3);
    });
    CHECK(f.query("select count(*) from addresses") == "5");
}

TEST_CASE("RB-04 a rollback takes marks back, but not what was committed", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> marked = co_await session.get_one<User>(7);
        const corm::Ref<User> chuck = co_await session.get_one<User>(10);
        session.remove(marked);
        co_await session.rollback();
        CHECK(session.deleted<User>().empty());
        CHECK(session.contains(marked));
        f.statements();
        co_await session.commit();
        CHECK(f.sql() == 0);

        session.remove(chuck);
        co_await session.commit();
        co_await session.get_one<User>(8);
        co_await session.rollback();
        CHECK_FALSE(session.contains(chuck));
        CHECK(state_of(chuck) == ObjectState::detached);
    });
    CHECK(f.query("select string_agg(name, ',' order by id) from users") == "jack,ed,fred");
}

TEST_CASE("RB-05 after a key conflict a rollback sorts out who is in the session", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> u1 = session.add(User{.id = 1, .name = "u1"});
        co_await session.flush();
        const corm::Ref<Address> a1 = session.add(Address{.id = 1, .user_id = 1, .email = "a1"});
        co_await session.commit();
        const auto change = [&] {
            u1.edit().name = "changed";
            a1.edit().email = "changed";
        };
        change();
        const corm::Ref<User> u2 = session.add(User{.id = 1, .name = "u2"});
        const corm::Ref<Address> a2 = session.add(Address{.id = 2, .user_id = 1, .email = "a2"});
        const auto failed = co_await failure(session.commit());
        CHECK(threw<corm::IntegrityError>(failed));
        const auto again = co_await failure(session.commit());
        CHECK(message_of(again) == message_of(failed));
        co_await session.rollback();
        CHECK_FALSE((session.contains(u2) || session.contains(a2)));
        CHECK((session.contains(u1) && session.contains(a1)));
        CHECK(u1->name == "u1");
        CHECK(a1->email == "a1");
        const auto found = co_await session.get_one<User>(1);
        CHECK(found == u1);
        change();
        co_await session.commit();
    });
    CHECK(f.query("select name || email from users join addresses on user_id = users.id") == "changedchanged");
}

TEST_CASE("RB-07 what is done to a session that waits for its rollback is discarded", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> jack = co_await session.get_one<User>(7);
        const corm::Ref<User> chuck = co_await session.get_one<User>(10);
        session.add(User{.id = 7, .name = "conflict"});
        const auto failed = co_await failure(session.flush());
        CHECK(threw<corm::IntegrityError>(failed));
        const corm::Ref<User> added = session.add(User{.name = "late"});
        jack.edit().name = "late";
        session.remove(chuck);
        co_await session.rollback();
        CHECK_FALSE(session.contains(added));
        CHECK((session.new_<User>().empty() && session.dirty<User>().empty() && session.deleted<User>().empty()));
        CHECK(jack->name == "jack");
        f.statements();
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select string_agg(name, ',' order by id) from users") == "jack,ed,fred,chuck");
}

TEST_CASE("RB-08 keys that were handed on come back to their objects", "[conformance]") {
    Fixture f{std::string{u1_u2} + "insert into named values ('u3', 3);"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Named> u1 = co_await session.get_one<Named>("u1");
        const corm::Ref<Named> u2 = co_await session.get_one<Named>("u2");
        const corm::Ref<Named> u3 = co_await session.get_one<Named>("u3");
        const auto check_restored = [&]() -> corm::Task<> {
            for (const auto& [name, ref] : {std::pair{"u1", u1}, std::pair{"u2", u2}, std::pair{"u3", u3}}) {
                CHECK(ref->name == name);
                CHECK(session.contains(ref));
                const auto found = co_await session.get<Named>(name);
                CHECK(found == ref);
            }
        };
        session.remove(u1);
        co_await session.flush();
        u2.edit().name = "u1";
        co_await session.flush();
        const auto switched = co_await session.get<Named>("u1");
        CHECK(switched == u2);
        co_await session.rollback();
        co_await check_restored();

        session.remove(u1);
        co_await session.flush();
        u3.edit().name = "u1";
        co_await session.flush();
        session.remove(u2);
        co_await session.flush();
        u3.edit().name = "u2";
        co_await session.flush();
        co_await session.rollback();
        co_await check_restored();
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(name || age, ',' order by name) from named") == "u11,u22,u33");
}

TEST_CASE("RB-09 a deleted object takes its identity back from one that was loaded meanwhile", "[conformance]") {
    Fixture f{u1_u2};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Named> u1 = co_await session.get_one<Named>("u1");
        session.remove(u1);
        co_await session.flush();
        co_await session.execute(corm::raw_sql("insert into named values ('u1', 9)"));
        const corm::Ref<Named> u2 = co_await session.get_one<Named>("u1");
        CHECK(u2 != u1);
        CHECK(u2->age == 9);
        co_await session.rollback();
        CHECK(session.contains(u1));
        CHECK_FALSE(session.contains(u2));
        CHECK(state_of(u2) == ObjectState::detached);
        const auto found = co_await session.get<Named>("u1");
        CHECK(found == u1);
        CHECK(u1->age == 1);
    });
    CHECK(f.query("select age from named where name = 'u1'") == "1");
}

TEST_CASE("RB-11 an object that was inserted, dropped and loaded again does not block its key", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        corm::Ref<Named> u1 = session.add(Named{.name = "u1", .age = 1});
        co_await session.flush();
        u1 = {};
        u1 = co_await session.get_one<Named>("u1");
        co_await session.rollback();
        const corm::Ref<Named> next = session.add(Named{.name = "u1", .age = 2});
        co_await session.commit();
        CHECK(state_of(next) == ObjectState::persistent);
        const auto found = co_await session.get<Named>("u1");
        CHECK(found == next);
    });
    CHECK(f.query("select age from named") == "2");
}

TEST_CASE("RB-12 a deleted object that was dropped is not resurrected", "[conformance]") {
    Fixture f{u1_u2};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        corm::Ref<Named> u1 = co_await session.get_one<Named>("u1");
        session.remove(u1);
        co_await session.flush();
        u1 = {};
        co_await session.rollback();
        CHECK(session.deleted<Named>().empty());
        f.statements();
        u1 = co_await session.get_one<Named>("u1");
        CHECK(f.statements() == List{"SELECT named"});
        session.remove(u1);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(name, ',') from named") == "u2");
}

TEST_CASE("RB-13 an inserted object keeps the key it was given", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = session.add(User{.name = "u"});
        co_await session.flush();
        const std::int64_t id = user->id;
        CHECK(id != 0);
        co_await session.rollback();
        CHECK(state_of(user) == ObjectState::transient);
        CHECK(corm::inspect(user).identity().empty());
        CHECK(user->id == id);
        session.add(user);
        co_await session.commit();
        CHECK(user->id == id);
        CHECK(f.query("select id from users") == std::to_string(id));
    });
}

TEST_CASE("RB-17 an object whose row seemed gone comes back with a rollback", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> chuck = co_await session.get_one<User>(10);
        co_await session.execute(corm::raw_sql("delete from users where id = 10"));
        session.expire_all();
        const auto none = co_await session.get<User>(10);
        CHECK_FALSE(none);
        CHECK_FALSE(session.contains(chuck));
        co_await session.rollback();
        CHECK(session.contains(chuck));
        const auto back = co_await session.get<User>(10);
        CHECK(back == chuck);
        CHECK(chuck->name == "chuck");
    });
}

// Not by reading the attribute, but by the next get. Difference D2.
TEST_CASE("RB-19 a later commit of another session is seen after the own one", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession s1{f.engine};
        corm::AsyncSession s2{f.engine};
        const corm::Ref<User> mine = co_await s1.get_one<User>(7);
        mine.edit().name = "ed";
        co_await s1.commit();
        const corm::Ref<User> theirs = co_await s2.get_one<User>(7);
        CHECK(theirs->name == "ed");
        theirs.edit().name = "will";
        co_await s2.commit();
        CHECK(mine->name == "ed");
        CHECK(freshness_of(mine) == Freshness::stale);
        static_cast<void>(co_await s1.get_one<User>(7));
        CHECK(mine->name == "will");
    });
}

TEST_CASE("RB-15 the connection behind a failed BEGIN goes back at once", "[conformance]") {
    Fixture f{stock, {.pool = {.max_size = 1}}};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine, {.settings = {{"no_such_setting", "1"}}}};
        const auto error = co_await failure(session.get<User>(7));
        CHECK(threw<corm::DatabaseError>(error));
        CHECK_FALSE(session.in_transaction());
        CHECK(f.engine.stats().leased == 0);
        corm::AsyncSession other{f.engine};
        const auto user = co_await other.get<User>(7);
        CHECK(user);
        co_await other.rollback();
        co_await session.rollback();
    });
}
