// IM: one object per row and session, held weakly unless it has something to write.
#include "fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace conformance;
using Catch::Matchers::ContainsSubstring;

namespace {

/// True if somebody other than the handle keeps the object.
template <class T>
bool is_kept(const corm::Ref<T>& ref) {
    return ref.instance().use_count() > 1;
}

} // namespace

TEST_CASE("IM-01 get yields the same object until it is expunged", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> first = co_await session.get_one<User>(7);
        CHECK(f.statements() == List{"SELECT users"});
        const corm::Ref<User> second = co_await session.get_one<User>(7);
        CHECK(f.sql() == 0);
        CHECK(first == second);
        session.expunge_all();
        const corm::Ref<User> third = co_await session.get_one<User>(7);
        CHECK(f.statements() == List{"SELECT users"});
        CHECK(third != first);
        CHECK(third->name == "jack");
        CHECK(state_of(first) == ObjectState::detached);
        const corm::Ref<User> none = co_await session.get<User>(19);
        CHECK_FALSE(none);
    });
}

TEST_CASE("IM-03 a second object of an identity is refused until the first has left", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> u1 = session.add(User{.name = "u1"});
        co_await session.flush();
        session.expunge(u1);
        const corm::Ref<User> u2 = co_await session.get_one<User>(u1->id);
        CHECK(u2 != u1);
        CHECK_THAT(refusal([&] { session.add(u1); }), ContainsSubstring("in this session already as another object"));
        session.expunge(u2);
        u1.set<&User::name>("from u1");
        u2.set<&User::name>("from u2");
        session.add(u1);
        f.statements();
        co_await session.flush();
        CHECK(f.statements() == List{"UPDATE users"});
        co_await session.refresh(u1);
        CHECK(u1->name == "from u1");
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(name, ',') from users") == "from u1");
}

TEST_CASE("IM-04 an object of one session is refused by another", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession s1{f.engine};
        corm::AsyncSession s2{f.engine};
        const corm::Ref<User> user = co_await s1.get_one<User>(7);
        f.statements();
        CHECK_THAT(refusal([&] { s2.add(user); }), ContainsSubstring("belongs to another session"));
        CHECK(s1.contains(user));
        CHECK_FALSE(s2.contains(user));
        // Nothing of it is in the map of the second session.
        const corm::Ref<User> other = co_await s2.get_one<User>(7);
        CHECK(f.sql() == 1);
        CHECK(other != user);
    });
}

TEST_CASE("IM-05 an object of a session that is gone may join another", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        std::optional<corm::AsyncSession> s1{std::in_place, f.engine};
        corm::AsyncSession s2{f.engine};
        const corm::Ref<User> user = co_await s1->get_one<User>(7);
        s1.reset();
        CHECK_FALSE(corm::inspect(user).has_session());
        s2.add(user);
        CHECK(s2.contains(user));
        CHECK(state_of(user) == ObjectState::persistent);
        user.edit().name = "moved";
        co_await s2.commit();
    });
    CHECK(f.query("select name from users where id = 7") == "moved");
}

TEST_CASE("IM-08 a changed natural key is the identity after the flush", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Named> user = session.add(Named{.name = "jack", .age = 1});
        co_await session.flush();
        user.edit().name = "ed";
        co_await session.flush();
        CHECK(f.statements() == List{"INSERT named", "UPDATE named"});
        const corm::Ref<Named> found = co_await session.get<Named>("ed");
        CHECK(f.sql() == 0);
        CHECK(found == user);
        const corm::Ref<Named> old = co_await session.get<Named>("jack");
        CHECK_FALSE(old);
        session.expunge_all();
        const corm::Ref<Named> loaded = co_await session.get<Named>("ed");
        REQUIRE(loaded);
        CHECK(loaded != user);
        CHECK(loaded->age == 1);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(name, ',') from named") == "ed");
}

TEST_CASE("IM-09 two objects hand a part of their composite keys on in one flush", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Publisher> a = session.add(Publisher{.code = 1, .status = 1, .name = "a"});
        const corm::Ref<Publisher> b = session.add(Publisher{.code = 1, .status = 2, .name = "b"});
        co_await session.flush();
        a.edit().status = 3;
        b.edit().status = 1;
        co_await session.commit();
        const auto at_1 = co_await session.get<Publisher>(corm::key(1, 1));
        const auto at_2 = co_await session.get<Publisher>(corm::key(1, 2));
        const auto at_3 = co_await session.get<Publisher>(corm::key(1, 3));
        CHECK(at_1 == b);
        CHECK_FALSE(at_2);
        CHECK(at_3 == a);
        a.edit().status = 1;
        b.edit().status = 2;
        co_await session.commit();
        const auto again_1 = co_await session.get<Publisher>(corm::key(1, 1));
        const auto again_2 = co_await session.get<Publisher>(corm::key(1, 2));
        CHECK(again_1 == a);
        CHECK(again_2 == b);
    });
    CHECK(f.query("select string_agg(name || status, ',' order by name) from publishers") == "a1,b2");
    // The same inside of a savepoint, which is released before all of it is undone.
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Publisher> a = co_await session.get_one<Publisher>(corm::key(1, 1));
        const corm::Ref<Publisher> b = co_await session.get_one<Publisher>(corm::key(1, 2));
        co_await session.nested([&]() -> corm::Task<> {
            a.edit().status = 3;
            b.edit().status = 1;
            co_await session.flush();
        });
        const auto at_1 = co_await session.get<Publisher>(corm::key(1, 1));
        CHECK(at_1 == b);
        co_await session.rollback();
        CHECK((a->status == 1 && b->status == 2));
        const auto back_at_1 = co_await session.get<Publisher>(corm::key(1, 1));
        const auto back_at_2 = co_await session.get<Publisher>(corm::key(1, 2));
        CHECK(back_at_1 == a);
        CHECK(back_at_2 == b);
    });
}

TEST_CASE("IM-11 the session keeps what it has to write, and nothing else", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> transient = corm::transient(User{.name = "t"});
        transient.edit().name = "changed";
        CHECK_FALSE(is_kept(transient));

        const corm::Ref<User> added = session.add(User{.name = "pending"});
        CHECK(is_kept(added));
        co_await session.flush();
        CHECK_FALSE(is_kept(added));

        added.edit().name = "dirty";
        CHECK(is_kept(added));
        co_await session.flush();
        CHECK_FALSE(is_kept(added));
        added.edit().name = "dirty again";
        session.expunge(added);
        CHECK_FALSE(is_kept(added));
        added.edit().name = "dirty while detached";
        CHECK_FALSE(is_kept(added));
        session.add(added);
        CHECK(is_kept(added));
        session.expire(added);
        CHECK_FALSE(is_kept(added));
        CHECK_FALSE(corm::inspect(added).is_modified());

        const corm::Ref<User> chuck = co_await session.get_one<User>(10);
        session.expunge(chuck);
        session.add(chuck);
        CHECK_FALSE(is_kept(chuck));
        chuck.edit().name = "dirty";
        session.expunge_all();
        CHECK_FALSE(is_kept(chuck));
        session.remove(chuck);
        CHECK(is_kept(chuck));
        CHECK(session.deleted<User>() == std::vector{chuck});
        co_await session.commit();
        CHECK_FALSE(is_kept(chuck));
    });
    CHECK(f.query("select count(*) from users where id = 10") == "0");
    CHECK(f.query("select name from users where id > 100") == "dirty");
}

TEST_CASE("IM-12 every operation copes with objects that are gone", "[conformance]") {
    Fixture f{"insert into users (name) select 'u' || n from generate_series(1, 5) n;"};
    using Step = corm::Task<> (*)(corm::AsyncSession&);
    const Step steps[] = {
        [](corm::AsyncSession& session) -> corm::Task<> { co_await session.flush(); },
        [](corm::AsyncSession& session) -> corm::Task<> { co_await session.close(); },
        [](corm::AsyncSession& session) -> corm::Task<> { co_await session.rollback(); },
        [](corm::AsyncSession& session) -> corm::Task<> {
            session.expunge_all();
            co_return;
        },
        [](corm::AsyncSession& session) -> corm::Task<> {
            session.expire_all();
            co_return;
        },
        [](corm::AsyncSession& session) -> corm::Task<> {
            session.invalidate();
            co_return;
        },
    };
    for (const Step step : steps) {
        f.run([&]() -> corm::Task<> {
            corm::AsyncSession session{f.engine};
            auto users = co_await session.all(corm::select<User>().order_by(corm::asc<&User::id>));
            users[0].edit().name = "kept";
            const corm::Ref<User> kept = users[0];
            users[1].edit().name = "gone";
            users.clear();
            co_await step(session);
            CHECK(session.contains(kept) == (state_of(kept) == ObjectState::persistent));
            co_await session.rollback();
            const auto again = co_await session.scalar(corm::count<User>());
            CHECK(again == 5);
        });
    }
    CHECK(f.query("select count(*) from users where name like 'u_'") == "5");
}

TEST_CASE("IM-13 populate_existing overwrites what is there", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        corm::Ref<User> user = co_await session.get_one<User>(8);
        co_await session.execute(corm::raw_sql("update users set name = 'theirs' where id = 8"));
        f.statements();
        static_cast<void>(co_await session.get_one<User>(8));
        CHECK(f.sql() == 0);
        CHECK(user->name == "ed");
        static_cast<void>(co_await session.get_one<User>(8, corm::populate_existing));
        CHECK(f.statements() == List{"SELECT users"});
        CHECK(user->name == "theirs");
        co_await session.execute(corm::raw_sql("update users set name = 'newer' where id = 8"));
        user = {};
        user = co_await session.get_one<User>(8);
        CHECK(user->name == "newer");
        co_await session.rollback();
    });
}
