// SP: savepoints.
#include "fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <algorithm>
#include <random>

using namespace conformance;

namespace {

const auto all_users = [] { return corm::select<User>().order_by(corm::asc<&User::id>); };

} // namespace

TEST_CASE("AB-12 a session tells its transaction and its innermost savepoint", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        CHECK_FALSE(session.in_transaction());
        CHECK_FALSE(session.in_nested_transaction());
        co_await session.scalar(corm::count<User>());
        CHECK(session.in_transaction());
        CHECK_FALSE(session.in_nested_transaction());
        const corm::Savepoint sp1 = co_await session.begin_nested();
        const corm::Savepoint sp2 = co_await session.begin_nested();
        CHECK(session.in_nested_transaction());
        co_await sp2.rollback();
        CHECK(session.in_nested_transaction());
        CHECK(sp1.is_open());
        CHECK_FALSE(sp2.is_open());
        co_await sp1.rollback();
        CHECK_FALSE(session.in_nested_transaction());
        CHECK(session.in_transaction());
        co_await session.rollback();
        CHECK_FALSE(session.in_transaction());

        // A savepoint begins the transaction around it.
        const corm::Savepoint first = co_await session.begin_nested();
        CHECK(session.in_transaction());
        CHECK(session.in_nested_transaction());
        co_await session.commit();
        CHECK_FALSE(session.in_transaction());
        CHECK_FALSE(first.is_open());
    });
}

TEST_CASE("SP-01 a savepoint that is rolled back", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> u1 = session.add(User{.name = "ed"});
        const corm::Ref<User> u2 = session.add(User{.name = "jack"});
        const corm::Savepoint sp = co_await session.begin_nested();
        u1.edit().name = "edward";
        u2.edit().name = "jackward";
        const corm::Ref<User> u3 = session.add(User{.name = "wendy"});
        session.add(User{.name = "foo"});
        const auto inside = co_await session.all(all_users());
        CHECK(inside.size() == 4);
        co_await sp.rollback();
        CHECK(u1->name == "ed");
        CHECK(u2->name == "jack");
        CHECK(state_of(u3) == ObjectState::transient);
        const auto outside = co_await session.all(all_users());
        CHECK(outside == std::vector{u1, u2});
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(name, ',' order by id) from users") == "ed,jack");
}

TEST_CASE("SP-04 what a released savepoint did is undone with the transaction", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> chuck = co_await session.get_one<User>(10);
        corm::Savepoint sp = co_await session.begin_nested();
        const corm::Ref<User> added = session.add(User{.name = "u1"});
        co_await sp.release();
        CHECK(session.contains(added));
        sp = co_await session.begin_nested();
        session.remove(chuck);
        co_await sp.release();
        CHECK_FALSE(session.contains(chuck));
        co_await session.rollback();
        CHECK_FALSE(session.contains(added));
        CHECK(session.contains(chuck));
        CHECK(chuck->name == "chuck");
    });
    CHECK(f.query("select count(*) from users") == "4");
}

TEST_CASE("SP-05 changes are handed from savepoint to savepoint", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> jack = co_await session.get_one<User>(7);
        const corm::Savepoint sp1 = co_await session.begin_nested();
        const corm::Savepoint sp2 = co_await session.begin_nested();
        jack.edit().name = "changed";
        co_await session.flush();
        co_await sp2.release();
        CHECK(jack->name == "changed");
        co_await sp1.rollback();
        // D4: SQLAlchemy expires it; here it has its old value back and is stale.
        CHECK(jack->name == "jack");
        CHECK(freshness_of(jack) == Freshness::stale);
        f.statements();
        co_await session.get_one<User>(7);
        CHECK(f.statements() == List{"SELECT users"});
        CHECK(jack->name == "jack");
    });
}

TEST_CASE("SP-07 a rolled back savepoint concerns what was changed in it", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> u1 = co_await session.get_one<User>(7);
        const corm::Ref<User> u2 = co_await session.get_one<User>(8);
        const corm::Savepoint sp = co_await session.begin_nested();
        u2.edit().name = "u2modified";
        const bool flushed = GENERATE(false, true);
        if (flushed)
            co_await session.flush();
        co_await sp.rollback();
        f.statements();
        co_await session.get_one<User>(7);
        CHECK(f.sql() == 0);
        CHECK(freshness_of(u1) == Freshness::fresh);
        CHECK(u2->name == "ed");
        CHECK(freshness_of(u2) == Freshness::stale);
        // The rollback of the session concerns both.
        co_await session.rollback();
        CHECK(freshness_of(u1) == Freshness::stale);
    });
}

TEST_CASE("SP-08 a key conflict in a savepoint", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> u1 = session.add(User{.id = 1, .name = "u1"});
        co_await session.flush();
        const corm::Ref<Address> a1 = session.add(Address{.id = 1, .user_id = 1, .email = "a1"});
        co_await session.commit();
        u1.edit().name = "edward";
        a1.edit().email = "foober";
        const corm::Savepoint sp = co_await session.begin_nested();
        const corm::Ref<User> u2 = session.add(User{.id = 1, .name = "u2"});
        const corm::Ref<Address> a2 = session.add(Address{.id = 1, .user_id = 1, .email = "a2"});
        const auto first = co_await failure(session.commit());
        CHECK(threw<corm::IntegrityError>(first));
        const auto second = co_await failure(session.commit());
        CHECK(message_of(second) == message_of(first));
        co_await sp.rollback();
        CHECK_FALSE(session.contains(u2));
        CHECK_FALSE(session.contains(a2));
        CHECK(session.contains(u1));
        CHECK(session.contains(a1));
        CHECK(u1->name == "edward");
        CHECK(a1->email == "foober");
        co_await session.commit();
    });
    CHECK(f.query("select name || ' ' || email from users, addresses") == "edward foober");
}

TEST_CASE("SP-09 a savepoint scope whose flush fails", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto add = [&](std::int64_t id) {
            return session.nested([&session, id]() -> corm::Task<> {
                session.add(User{.id = id, .name = "u"});
                co_await session.flush();
            });
        };
        co_await add(1);
        const auto refused = co_await failure(add(1));
        CHECK(threw<corm::IntegrityError>(refused));
        const auto again = co_await failure(add(1));
        CHECK(threw<corm::IntegrityError>(again));
        const auto count = co_await session.scalar(corm::count<User>());
        CHECK(count == 1);
        co_await add(2);
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(id::text, ',' order by id) from users") == "1,2");
}

TEST_CASE("SP-11 a savepoint that cannot be rolled back", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Savepoint sp = co_await session.begin_nested();
        co_await session.scalar(corm::count<User>());
        f.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> "
                "pg_backend_pid()");
        const auto refused = co_await failure(sp.rollback());
        CHECK(threw<corm::ConnectionError>(refused));
        const auto later = co_await failure(session.scalar(corm::count<User>()));
        CHECK(message_of(later) == message_of(refused));
        co_await session.rollback();
        const auto count = co_await session.scalar(corm::count<User>());
        CHECK(count == 0);
    });
}

TEST_CASE("SP-13 keys changed in a savepoint", "[conformance]") {
    Fixture f{"insert into named values ('u1', 1), ('u2', 2);"};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<Named> u1 = co_await session.get_one<Named>("u1");
        const corm::Ref<Named> u2 = co_await session.get_one<Named>("u2");
        const corm::Savepoint sp = co_await session.begin_nested();
        const corm::Ref<Named> u3 = session.add(Named{.name = "u3"});
        co_await session.flush();
        u3.edit().name = "u4";
        co_await sp.release();
        CHECK(corm::inspect(u3).identity() == "u4");
        co_await session.rollback();
        CHECK_FALSE(session.contains(u3));
        CHECK(session.contains(u1));
        u1.edit().age = 10;
        u2.edit().name = "u5";
        co_await session.commit();
    });
    CHECK(f.query("select string_agg(name || age, ',' order by name) from named") == "u110,u52");
}

TEST_CASE("SP-15 a savepoint that was ended is not ended again", "[conformance]") {
    Fixture f;
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Savepoint released = co_await session.begin_nested();
        co_await released.release();
        const corm::Savepoint rolled_back = co_await session.begin_nested();
        co_await rolled_back.rollback();
        for (const corm::Savepoint* sp : {&released, &rolled_back}) {
            const auto once_more = co_await failure(sp->release());
            CHECK(message_of(once_more).find("a savepoint that has ended") != std::string::npos);
            const auto back = co_await failure(sp->rollback());
            CHECK(message_of(back).find("a savepoint that has ended") != std::string::npos);
        }
        // That is no failure of the session.
        const auto count = co_await session.scalar(corm::count<User>());
        CHECK(count == 0);
    });
}

TEST_CASE("SP-16 any nesting ends clean", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        for (unsigned seed = 1; seed <= 60; ++seed) {
            CAPTURE(seed);
            std::mt19937 random{seed};
            corm::AsyncSession session{f.engine};
            std::vector<corm::Savepoint> open;
            const unsigned steps = 5 + random() % 26;
            for (unsigned step = 0; step < steps; ++step) {
                const auto what = random() % 5;
                if (what < 2) {
                    open.push_back(co_await session.begin_nested());
                    session.add(User{.name = "u"});
                } else if (!open.empty() && what < 4) {
                    const std::size_t depth = random() % open.size();
                    if (what == 2)
                        co_await open[depth].rollback();
                    else
                        co_await open[depth].release();
                    open.erase(open.begin() + static_cast<std::ptrdiff_t>(depth), open.end());
                } else if (random() % 4 == 0) {
                    co_await session.rollback();
                    open.clear();
                }
                CHECK(session.in_nested_transaction() == !open.empty());
                for (const corm::Savepoint& sp : open)
                    CHECK(sp.is_open());
                co_await session.scalar(corm::count<User>());
                CHECK(session.in_transaction());
            }
            co_await session.close();
            CHECK_FALSE(session.in_transaction());
            CHECK_FALSE(session.in_nested_transaction());
        }
    });
    CHECK(f.engine.stats().leased == 0);
    CHECK(f.query("select count(*) from users") == "4");
}

TEST_CASE("MY-04 savepoints in a loop leave nothing", "[conformance]") {
    Fixture f{{}, {.pool = {.max_size = 1}}};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto prepared = corm::raw_sql("select count(*) from pg_prepared_statements");
        std::int64_t before = 0;
        for (int round = 0; round < 100; ++round) {
            co_await session.nested([&]() -> corm::Task<> {
                co_await session.nested([&]() -> corm::Task<> { co_await session.scalar(corm::count<User>()); });
            });
            co_await session.scalar(corm::count<User>());
            if (round % 10 == 9)
                co_await session.commit();
            const auto now = co_await session.one<std::int64_t>(prepared);
            if (round == 20)
                before = now;
            if (round > 20)
                CHECK(now == before);
        }
    });
    // A transaction has used up no more of them than it has nested.
    std::vector<std::string> names;
    for (const std::string& sql : f.recorder->take_statements()) {
        if (sql.starts_with("SAVEPOINT") && std::find(names.begin(), names.end(), sql) == names.end())
            names.push_back(sql);
    }
    CHECK(names == List{"SAVEPOINT corm_1", "SAVEPOINT corm_2"});
}
