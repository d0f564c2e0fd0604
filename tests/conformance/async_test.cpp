// AS: many tasks over one pool, and tasks that are cancelled.
#include "fixture.hpp"
#include "integration/orm/scene.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>

using namespace conformance;
using Catch::Matchers::ContainsSubstring;
using corm::test::Accepts;
using corm::test::Outcome;
using corm::test::outcome_of;
using corm::test::Scene;
using corm::test::SteppedOperation;
namespace asio = boost::asio;

namespace {

/// Writes in a session of its own and leaves it open: its end is the end of the scope.
corm::Task<> leave_open(const corm::Engine& engine) {
    corm::AsyncSession session{engine};
    const auto user = co_await session.get_one<corm::test::User>(1, corm::for_update);
    user.edit().age += 1;
    co_await session.flush();
    co_await session.execute(corm::raw_sql("select 1"));
}

struct Cancelled {
    const char* name;
    corm::Task<> (*prepare)(Scene&);
    corm::Task<> (*operation)(Scene&);
    bool commits;
};

corm::Task<> nothing(Scene&) {
    co_return;
}
corm::Task<> hold_the_connection(Scene& scene) {
    scene.holder.emplace(*scene.engine);
    co_await scene.holder->get_one<corm::test::User>(2);
    scene.unblock = [&scene] { scene.holder.reset(); };
}
corm::Task<> begin(Scene& scene) {
    scene.users.push_back(co_await scene.session->get_one<corm::test::User>(1, corm::for_update));
}
corm::Task<> edit(Scene& scene) {
    co_await begin(scene);
    scene.users.front().edit().age += 1;
}
corm::Task<> read_locked(Scene& scene) {
    scene.users.push_back(co_await scene.session->get<corm::test::User>(1, corm::for_update));
}
corm::Task<> commit(Scene& scene) {
    co_await scene.session->commit();
}
corm::Task<> leave_scope(Scene& scene) {
    co_await leave_open(*scene.engine);
}

constexpr Cancelled cancelled[] = {
    {"waiting for a connection", hold_the_connection, read_locked, false},
    {"connecting", nothing, read_locked, false},
    {"executing", begin, read_locked, false},
    {"committing", edit, commit, true},
    {"anywhere in a scope that its end rolls back", nothing, leave_scope, false},
};

} // namespace

TEST_CASE("AS-01 tasks beside each other have a connection each", "[conformance]") {
    Fixture f{"", {.pool = {.max_size = 10}}};
    std::set<std::int32_t> pids;
    int running = 0;
    const auto task = [&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto one = co_await session.one<std::int32_t>(corm::raw_sql("select 1"));
        CHECK(one == 1);
        // Until all of them are here, nobody gives a connection back.
        ++running;
        while (running < 10)
            co_await asio::post(asio::use_awaitable);
        pids.insert(co_await session.one<std::int32_t>(corm::raw_sql("select pg_backend_pid()")));
    };
    for (int i = 0; i < 9; ++i)
        asio::co_spawn(f.context, task, asio::detached);
    f.run(task());
    CHECK(pids.size() == 10);
    CHECK(f.engine.stats().leased == 0);
}

TEST_CASE("AS-03 every way to read gives the one object", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> got = co_await session.get<User>(7);
        const corm::Ref<User> one = co_await session.get_one<User>(7);
        CHECK(f.sql() == 1);
        CHECK(one == got);
        const auto query = corm::select<User>().where(corm::col<&User::id> == 7);
        const auto all = co_await session.all(query);
        const auto first = co_await session.first(query);
        const auto exactly = co_await session.one(query);
        const auto perhaps = co_await session.one_or_none(query);
        CHECK(f.sql() == 4);
        CHECK(all == std::vector{got});
        CHECK((first == got && exactly == got && perhaps == got));
        const auto missing = co_await failure(session.get_one<User>(19));
        CHECK(threw<corm::NotFoundError>(missing));
    });
}

// Reading needs no await: a committed object stays readable, and refresh asks for what is new. Differences D1 and D2.
TEST_CASE("AS-04 after a commit an object is readable, or says that it is not", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(7);
        user.edit().name = "new";
        co_await session.commit();
        f.statements();
        CHECK(user->name == "new");
        CHECK(f.sql() == 0);
        co_await session.refresh(user);
        CHECK(f.sql() == 1);
        CHECK(freshness_of(user) == Freshness::fresh);

        corm::AsyncSession expiring{f.engine, {.expire_on_commit = corm::ExpireOnCommit::expire}};
        const corm::Ref<User> expired = co_await expiring.get_one<User>(8);
        expired.edit().name = "edited";
        co_await expiring.commit();
        f.statements();
        CHECK_THROWS_AS(expired->name, corm::NotLoadedError);
        CHECK(f.sql() == 0);
        co_await expiring.refresh(expired);
        CHECK(f.statements() == List{"SELECT users"});
        CHECK(expired->name == "edited");
    });
}

TEST_CASE("AS-11 a cancelled statement ends the transaction, not the session", "[conformance]") {
    Fixture f{stock, {.pool = {.max_size = 1}}};
    corm::AsyncSession session{f.engine};
    const auto statement = [](corm::AsyncSession& in) -> corm::Task<> {
        co_await in.execute(corm::raw_sql("select 1"));
    };
    f.run(statement(session));
    std::function<void()> none;
    {
        SteppedOperation running{f.context, statement(session), Accepts::terminal};
        running.step(none); // sent
        running.cancel(asio::cancellation_type::terminal);
        running.run(none);
        CHECK(outcome_of(running.error()) == Outcome::aborted);
    }
    f.run([&]() -> corm::Task<> {
        const auto refused = co_await failure(session.execute(corm::raw_sql("select 1")));
        CHECK_THAT(message_of(refused), ContainsSubstring("was cancelled"));
        co_await session.close();
        co_await session.execute(corm::raw_sql("select 1"));
        co_await session.commit();
    });
    {
        // After the end there is nothing to cancel.
        SteppedOperation done{f.context, statement(session), Accepts::terminal};
        done.run(none);
        done.cancel(asio::cancellation_type::terminal);
        CHECK_FALSE(done.error());
    }
    f.run([&]() -> corm::Task<> { co_await session.close(); });
    CHECK(f.engine.stats().leased == 0);
}

TEST_CASE("AS-12 a task that is cancelled anywhere leaves nothing behind", "[conformance]") {
    const corm::test::Database database{std::string{corm::test::schema} + corm::test::users(2)};
    for (const Cancelled& tested : cancelled) {
        bool suspended = true;
        for (std::size_t point = 1; suspended && point < 100; ++point) {
            CAPTURE(tested.name, point);
            Scene scene{database};
            scene.run(tested.prepare(scene));
            SteppedOperation operation{*scene.context, tested.operation(scene), Accepts::terminal};
            for (std::size_t i = 0; i < point && !operation.finished(); ++i)
                operation.step(scene.unblock);
            suspended = !operation.finished();
            if (suspended)
                operation.cancel(asio::cancellation_type::terminal);
            operation.run(scene.unblock);
            const Outcome outcome = outcome_of(operation.error());
            if (suspended)
                CHECK((outcome == Outcome::aborted || (tested.commits && outcome == Outcome::unknown)));
            else
                CHECK(outcome == Outcome::success);
            scene.holder.reset();
            scene.session.reset();
            // The pool serves, no server session is in a transaction, and the row is not locked.
            scene.expect_well();
            CHECK(database.query("select id from users where id = 1 for update nowait") == "1");
        }
        CHECK_FALSE(suspended);
    }
    // Only commits may have changed it.
    CHECK(database.query("select name from users where id = 1") == "user 1");
}

// A statement that is under way is guarded as well. Difference D9.
TEST_CASE("AS-13 a second task in a session is refused, the first goes on", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        List refused;
        bool first_done = false;
        const auto intrude = [&]() -> corm::Task<> {
            CHECK_FALSE(first_done);
            const auto note = [&](const std::exception_ptr& error) {
                refused.push_back(caught<corm::ConcurrentUseError>(error).what());
            };
            note(co_await failure(session.execute(corm::raw_sql("select 1"))));
            note(co_await failure(session.commit()));
            note(co_await failure(session.rollback()));
            note(co_await failure(session.close()));
        };
        for (int round = 0; round < 2; ++round) { // while connecting, and while a statement runs
            first_done = false;
            refused.clear();
            asio::post(f.context, [&] { asio::co_spawn(f.context, intrude, asio::detached); });
            co_await session.execute(corm::raw_sql("select 1"));
            first_done = true;
            REQUIRE(refused.size() == 4);
            for (const std::string& message : refused)
                CHECK_THAT(message, ContainsSubstring("a query at") && ContainsSubstring("is in flight"));
        }
        CHECK(session.in_transaction());
        co_await session.commit();
    });
}

TEST_CASE("AS-15 a session gives up its connection", "[conformance]") {
    Fixture f{stock, {.pool = {.max_size = 1}}};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const corm::Ref<User> user = co_await session.get_one<User>(7, corm::for_update);
        user.edit().name = "lost";
        co_await session.flush();
        const auto pid = co_await session.one<std::int32_t>(corm::raw_sql("select pg_backend_pid()"));
        session.invalidate();
        CHECK_FALSE(session.in_transaction());
        CHECK(user->name == "jack");
        CHECK(f.engine.stats().leased == 0);
        // The session goes on, on a connection that is new.
        const auto next = co_await session.one<std::int32_t>(corm::raw_sql("select pg_backend_pid()"));
        CHECK(next != pid);
        session.invalidate();
        session.invalidate(); // nothing is left to give up
    });
    CHECK(f.query("select name from users where id = 7") == "jack");
}

// A session is complete when it is constructed; only one that was moved from is not.
TEST_CASE("AS-16 a session that was moved from says so", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        corm::AsyncSession moved = std::move(session);
        const auto read = co_await failure(session.get<User>(7)); // NOLINT: the misuse
        CHECK_THAT(message_of(read), ContainsSubstring("moved from"));
        CHECK_THAT(refusal([&] { session.add(User{.name = "x"}); }), ContainsSubstring("moved from"));
        const auto user = co_await moved.get<User>(7);
        CHECK(user);
    });
}

// Nothing leaks from a session that is dropped, so there is nothing to warn of. Difference D19.
TEST_CASE("AS-17 a session may be dropped without closing it", "[conformance]") {
    Fixture f{stock, {.pool = {.max_size = 1}}};
    for (const bool close : {false, true}) {
        f.run([&]() -> corm::Task<> {
            corm::AsyncSession session{f.engine};
            co_await session.execute(corm::raw_sql("delete from addresses"));
            if (close)
                co_await session.close();
        });
        CHECK(corm::test::run_until(f.context, corm::Duration{2'000}, [&] { return f.engine.stats().idle == 1; }));
        CHECK(f.recorder->take_notices().empty());
    }
    CHECK(f.engine.stats().connected == 1);
    CHECK(f.query("select count(*) from addresses") == "5");
}

TEST_CASE("AS-19 an object tells its session", "[conformance]") {
    Fixture f{stock};
    f.run([&]() -> corm::Task<> {
        corm::SessionHandle kept;
        corm::Ref<User> user;
        {
            corm::AsyncSession first{f.engine};
            corm::AsyncSession other{f.engine};
            user = co_await first.get_one<User>(7);
            const corm::Ref<User> pending = first.add(User{.name = "p"});
            kept = corm::object_session(user);
            CHECK(kept);
            CHECK(kept.refers_to(first));
            CHECK_FALSE(kept.refers_to(other));
            CHECK(corm::object_session(pending).refers_to(first));
            user.edit().name = "edited";
            co_await corm::object_session(user)->refresh(user);
            CHECK(user->name == "jack");
            CHECK(pending->id != 0);
            first.remove(pending);
            co_await kept->flush();
            CHECK(corm::object_session(pending).refers_to(first)); // until the commit
            CHECK(kept->in_transaction());
            co_await kept->commit();
            CHECK_FALSE(corm::object_session(pending));

            const corm::Ref<User> ed = co_await first.get_one<User>(8);
            first.expunge(ed);
            CHECK_FALSE(corm::object_session(ed));
            const corm::AsyncSession moved = std::move(first);
            CHECK(kept.refers_to(moved));
            co_await moved.close();
            CHECK_FALSE(corm::object_session(user));
            user = co_await moved.get_one<User>(7);
            CHECK(corm::object_session(user).refers_to(moved));
        }
        // The session is gone, and nothing keeps it.
        CHECK_FALSE(corm::object_session(user));
        CHECK_FALSE(kept);
        CHECK_THAT(refusal([&] { static_cast<void>(kept->in_transaction()); }), ContainsSubstring("is gone"));
        CHECK_FALSE(corm::object_session(corm::Ref<User>{}));
        CHECK_FALSE(corm::object_session(corm::transient(User{})));
    });
    CHECK(f.engine.stats().leased == 0);
}

TEST_CASE("AS-20 tasks that change one versioned row have one winner per version", "[conformance]") {
    Fixture f{"insert into foo values (1, 1, '0');", {.pool = {.max_size = 3}}};
    constexpr int tasks = 12;
    int wins = 0;
    int stale = 0;
    std::vector<corm::Ref<Foo>> objects;
    const auto task = [&]() -> corm::Task<> {
        for (bool won = false; !won;) {
            corm::AsyncSession session{f.engine};
            const corm::Ref<Foo> foo = co_await session.get_one<Foo>(1);
            CHECK(std::find(objects.begin(), objects.end(), foo) == objects.end());
            objects.push_back(foo);
            foo.edit().value = std::to_string(std::stoi(foo->value) + 1);
            const auto error = co_await failure(session.commit());
            won = error == nullptr;
            if (!won)
                CHECK(threw<corm::StaleDataError>(error));
            ++(won ? wins : stale);
        }
    };
    // How much the tasks overlap is up to the machine. These two do.
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession late{f.engine};
        const corm::Ref<Foo> foo = co_await late.get_one<Foo>(1);
        co_await task();
        foo.edit().value = "late";
        const auto error = co_await failure(late.commit());
        CHECK(threw<corm::StaleDataError>(error));
        co_await late.rollback();
    });
    for (int i = 2; i < tasks; ++i)
        asio::co_spawn(f.context, task, asio::detached);
    f.run(task());
    CHECK(wins == tasks);
    CHECK(objects.size() == static_cast<std::size_t>(wins + stale));
    CHECK(f.query("select version_id || ' ' || value from foo") ==
          std::to_string(1 + tasks) + " " + std::to_string(tasks));
}
