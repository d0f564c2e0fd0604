// EX, AS, LO: what a refresh and a read of expired objects do to relations.
#include "graph.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace graph {
using Catch::Matchers::ContainsSubstring;

// Neither is read by an attribute: the call names them. Difference D1.
TEST_CASE("EX-05 an expired object and its relation are read in one round trip", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await with_addresses<User>(session, 8);
        session.expire(ed);
        CHECK_THROWS_AS(ed->addresses.size(), corm::NotLoadedError);
        f.statements();
        const auto before = f.engine.stats().round_trips;
        co_await session.refresh(ed, corm::load<&User::addresses>);
        CHECK(f.engine.stats().round_trips - before == 1);
        CHECK(f.statements() == List{"SELECT users", "SELECT addresses"});
        CHECK(ed->name == "ed");
        CHECK(ed->addresses.size() == 3);
    });
}

TEST_CASE("EX-11 a refresh reads the relations that it names, known or not, and no others", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto ed = co_await session.get_one<User>(8);
        f.statements();
        co_await session.refresh(ed);
        CHECK(f.statements() == List{"SELECT users"});
        CHECK_FALSE(ed->addresses.is_loaded());
        for (const bool known : {false, true}) {
            co_await session.refresh(ed, corm::load<&User::addresses>);
            CHECK(f.statements() == List{"SELECT users", "SELECT addresses"});
            CHECK(ed->addresses.size() == (known ? 4 : 3));
            if (!known)
                co_await session.execute(corm::raw_sql("update addresses set user_id = 8 where id = 1"));
            f.statements();
        }
        co_await session.refresh(ed);
        CHECK(f.sql() == 1);
        CHECK(ed->addresses.size() == 4);

        // A reference is what its key says: the object is read behind it, unless the session holds it.
        const auto address = co_await session.get_one<Address>(5);
        co_await session.execute(corm::raw_sql("update addresses set user_id = 10 where id = 5"));
        f.statements();
        co_await session.refresh(address, corm::load<&Address::user>);
        CHECK(f.statements() == List{"SELECT addresses", "SELECT users"});
        CHECK(address->user->name == "chuck");
        const auto chuck = address->user.get();
        co_await session.refresh(address, corm::load<&Address::user>);
        CHECK(f.statements() == List{"SELECT addresses"});
        CHECK(address->user == chuck);

        // Own edits go, others are sent first.
        ed.edit().name = "edited";
        ed->addresses[0].edit()->email = "sent";
        co_await session.refresh(ed, corm::load<&User::addresses>);
        CHECK(f.statements() == List{"UPDATE addresses", "SELECT users", "SELECT addresses"});
        CHECK(ed->name == "ed");
        CHECK(ed->addresses[0]->email == "sent");

        co_await session.execute(corm::raw_sql("delete from addresses"));
        co_await session.execute(corm::raw_sql("delete from users"));
        const auto gone = co_await failure(session.refresh(ed, corm::load<&User::addresses>));
        CHECK(threw<corm::NotFoundError>(gone));
        CHECK_THAT(message_of(gone), ContainsSubstring("User(8)"));
        co_await session.rollback();
    });
}

TEST_CASE("EX-16 a query that overwrites what is there overwrites what it loads along", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine, {.autoflush = false}};
        const auto ed = co_await with_addresses<User>(session, 8);
        const auto second = ed->addresses[1], third = ed->addresses[2];
        third.edit().email = "edited";
        ed.edit().addresses.remove(second);
        const auto plain = corm::select<User>().where(corm::col<&User::id> == 8).with<&User::addresses>();
        static_cast<void>(co_await session.one(plain));
        CHECK(ed->addresses.size() == 2);
        CHECK(third->email == "edited");
        auto overwriting = plain;
        overwriting.populate_existing();
        f.statements();
        static_cast<void>(co_await session.one(overwriting));
        CHECK(f.statements() == List{"SELECT users", "SELECT addresses"});
        CHECK(ed->addresses.size() == 3);
        CHECK(ed->addresses.contains(second));
        CHECK(second->user == ed);
        CHECK(third->email == "ed@lala.com");
        co_await session.commit();
        CHECK(f.sql() == 0);
    });
    CHECK(f.query("select count(*) from addresses where user_id = 8 and email not like 'edited'") == "3");
}

// The query says what is read along, each time. Difference D1.
TEST_CASE("EX-17 a query that meets an expired object reads its relation along", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto plain = corm::select<User>().where(corm::col<&User::id> == 8);
        const auto along = corm::select<User>().where(corm::col<&User::id> == 8).with<&User::addresses>();
        const auto ed = co_await session.one(along);
        session.expire(ed);
        f.statements();
        static_cast<void>(co_await session.one(plain));
        CHECK(f.statements() == List{"SELECT users"});
        CHECK(ed->id == 8);
        CHECK_FALSE(ed->addresses.is_loaded());
        session.expire(ed);
        static_cast<void>(co_await session.one(along));
        CHECK(f.statements() == List{"SELECT users", "SELECT addresses"});
        CHECK(ed->addresses.size() == 3);
    });
}

// What a collection alone knows goes with it. What a child says is the child's. Difference D26.
TEST_CASE("EX-20 queued changes of an expired collection are dropped", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine, {.autoflush = false}};
        const auto keeper = co_await session.get_one<Keeper>(8);
        keeper.edit().addresses.push_back(session.add(KeptAddress{.email = "queued"}));
        session.expire(keeper);
        co_await session.refresh(keeper, corm::load<&Keeper::addresses>);
        CHECK(keeper->addresses.size() == 3);
        co_await session.rollback();

        const auto ed = co_await session.get_one<User>(8);
        const auto moved = co_await session.get_one<Address>(1);
        moved.edit().user = ed;
        session.expire(ed);
        co_await session.refresh(ed, corm::load<&User::addresses>);
        CHECK(ed->addresses.size() == 4);
        CHECK(moved->user == ed);
        session.expire(moved);
        co_await session.refresh(ed, corm::load<&User::addresses>);
        CHECK(ed->addresses.size() == 3);
        co_await session.commit();
    });
    CHECK(f.query("select count(*) from addresses where user_id = 8") == "3");
}

TEST_CASE("AS-07 a refresh loads the relation that it names", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto jack = co_await session.get_one<User>(7);
        CHECK_FALSE(jack->addresses.is_loaded());
        co_await session.refresh(jack, corm::load<&User::addresses>);
        CHECK(jack->addresses[0]->email == "jack@bean.com");
        CHECK(jack->addresses[0]->user == jack);
    });
}

// A row is read whole, so the object itself takes the place of a deferred column. Difference D1.
TEST_CASE("LO-13 reading an expired object does not read its relations", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto query = corm::select<User>().where(corm::col<&User::id> == 8).with<&User::addresses>();
        const auto ed = co_await session.one(query);
        session.expire(ed);
        f.statements();
        const auto same = co_await session.get_one<User>(8);
        CHECK(same == ed);
        CHECK(f.statements() == List{"SELECT users"});
        CHECK(ed->name == "ed");
        CHECK_FALSE(ed->addresses.is_loaded());
    });
}

} // namespace graph
