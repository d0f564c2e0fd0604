// PO: the pool, seen from the sessions that use it.
#include "fixture.hpp"
#include "support/suspension_driver.hpp"

#include <catch2/catch_test_macros.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <stdexcept>

using namespace conformance;
using corm::test::run_until;
using corm::test::SteppedOperation;
namespace asio = boost::asio;

namespace {

using Steady = std::chrono::steady_clock;

corm::EngineOptions of_size(std::size_t max_size) {
    return {.pool = {.max_size = max_size}};
}

/// Sessions that are in a transaction each.
class Holders {
public:
    explicit Holders(Fixture& fixture) : fixture_(fixture) {}

    corm::Task<> add(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            sessions.emplace_back(fixture_.engine);
            pids.push_back(co_await sessions.back().one<std::int32_t>(corm::raw_sql("select pg_backend_pid()")));
        }
    }

    std::deque<corm::AsyncSession> sessions;
    std::vector<std::int32_t> pids;

private:
    Fixture& fixture_;
};

corm::Task<std::int32_t> backend(const corm::AsyncSession& session) {
    return session.one<std::int32_t>(corm::raw_sql("select pg_backend_pid()"));
}

/// Makes the server refuse new connections to the database of the tests, until the end of the scope.
class Refusing {
public:
    explicit Refusing(const Fixture& fixture) : name_(fixture.query("select current_database()")) { set("false"); }
    Refusing(const Refusing&) = delete;
    Refusing& operator=(const Refusing&) = delete;
    ~Refusing() { set("true"); }

    /// Ends the sessions that there are.
    void terminate() const {
        corm::test::query(corm::test::server().url(),
                          "select pg_terminate_backend(pid, 2000) from pg_stat_activity where datname = '" + name_ +
                              "'");
    }

private:
    void set(const char* allowed) const {
        corm::test::query(corm::test::server().url(), "alter database " + name_ + " allow_connections " + allowed);
    }
    std::string name_;
};

bool settles(Fixture& f, const std::function<bool(const corm::PoolStats&)>& condition) {
    return run_until(f.context, corm::Duration{2'000}, [&] { return condition(f.engine.stats()); });
}

/// All at once, then waits for each.
constexpr const char* terminate_others = R"(
    select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid();
    select count(pg_terminate_backend(pid, 2000)) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid();
)";

} // namespace

// There is one limit instead of a size and an overflow. Difference D18.
TEST_CASE("PO-01 the figures of a pool follow what is taken and given back", "[conformance]") {
    Fixture f{"", of_size(6)};
    Holders holders{f};
    const auto figures = [&f] {
        const corm::PoolStats now = f.engine.stats();
        return std::pair{now.idle, now.leased};
    };
    for (std::size_t n = 1; n <= 6; ++n) {
        f.run(holders.add(1));
        CHECK(figures() == std::pair{std::size_t{0}, n});
    }
    for (std::size_t n = 1; n <= 6; ++n) {
        holders.sessions.pop_front();
        CHECK(settles(f, [n](const corm::PoolStats& now) { return now.idle == n && now.leased == 6 - n; }));
    }
    f.run(holders.add(2));
    CHECK(figures() == std::pair{std::size_t{4}, std::size_t{2}});
    CHECK(f.engine.stats().connected == 6);
}

TEST_CASE("PO-03 nobody who waits times out before the deadline", "[conformance]") {
    Fixture f{"", of_size(3)};
    Holders holders{f};
    f.run(holders.add(3));
    constexpr corm::Duration patience{100};
    std::vector<corm::Duration> waited;
    const auto wait = [&]() -> corm::Task<> {
        const auto start = Steady::now();
        corm::AsyncSession session{f.engine, {.deadline = patience}};
        const auto error = co_await failure(session.execute(corm::raw_sql("select 1")));
        waited.push_back(std::chrono::duration_cast<corm::Duration>(Steady::now() - start));
        CHECK(caught<corm::TimeoutError>(error).phase() == corm::Phase::acquire);
    };
    for (int i = 0; i < 9; ++i)
        asio::co_spawn(f.context, wait, asio::detached);
    f.run(wait());
    CHECK(waited.size() == 10);
    for (const corm::Duration time : waited)
        CHECK(time >= patience);
    CHECK(f.engine.stats().waiting == 0);
    CHECK(f.engine.stats().timed_out == 10);
}

TEST_CASE("PO-04 a connection that cannot be made takes no place", "[conformance]") {
    Fixture f{"", of_size(4)};
    Holders holders{f};
    f.run(holders.add(3));
    {
        const Refusing refusing{f};
        f.run([&]() -> corm::Task<> {
            corm::AsyncSession session{f.engine, {.deadline = corm::Duration{100}}};
            const auto error = co_await failure(session.execute(corm::raw_sql("select 1")));
            CHECK(error);
        });
        CHECK(settles(f, [](const corm::PoolStats& now) { return now.leased == 3 && now.dialing == 0; }));
    }
    f.run(holders.add(1));
    CHECK(f.engine.stats().leased == 4);
}

// Connections are kept until they were idle for long, instead of being closed above a size. Difference D18.
TEST_CASE("PO-05 a dial that hangs does not hold up others", "[conformance]") {
    auto hang = std::make_shared<std::optional<asio::steady_timer>>();
    corm::EngineOptions options = of_size(3);
    // The first dial waits for its password until the test is over.
    options.password = [hang]() -> corm::Task<std::string> {
        if (!*hang) {
            hang->emplace(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
            co_await (*hang)->async_wait(asio::use_awaitable);
        }
        co_return std::string{};
    };
    Fixture f{"", std::move(options)};
    bool first_done = false;
    f.run([&]() -> corm::Task<> {
        asio::co_spawn(
            f.context,
            [&]() -> corm::Task<> {
                corm::AsyncSession session{f.engine};
                static_cast<void>(co_await backend(session));
                first_done = true;
            },
            asio::detached);
        while (!*hang)
            co_await asio::post(f.context, asio::use_awaitable);
        for (int i = 0; i < 5; ++i) {
            corm::AsyncSession session{f.engine};
            static_cast<void>(co_await backend(session));
        }
        CHECK(f.engine.stats().dialing == 1);
        (*hang)->cancel();
    });
    CHECK(first_done);
    CHECK(settles(f, [](const corm::PoolStats& now) { return now.dialing == 0 && now.leased == 0; }));
    hang->reset(); // ahead of the context
}

TEST_CASE("PO-07 connections are kept from one burst to the next", "[conformance]") {
    Fixture f{"", of_size(4)};
    for (int round = 0; round < 5; ++round) {
        Holders holders{f};
        f.run(holders.add(4));
        CHECK(f.engine.stats().leased == 4);
    }
    CHECK(settles(f, [](const corm::PoolStats& now) { return now.idle == 4; }));
    CHECK(f.engine.stats().connected == 4);
    CHECK(f.engine.stats().discarded == 0);
}

TEST_CASE("PO-08 many tasks never have more connections than the limit", "[conformance]") {
    Fixture f{"", of_size(5)};
    std::size_t peak = 0;
    int done = 0;
    const auto work = [&]() -> corm::Task<> {
        for (int i = 0; i < 10; ++i) {
            corm::AsyncSession session{f.engine};
            co_await session.execute(corm::raw_sql("select 1"));
            const corm::PoolStats now = f.engine.stats();
            peak = std::max(peak, now.leased + now.idle + now.dialing + now.cleaning);
            co_await session.commit();
            ++done;
        }
    };
    for (int i = 0; i < 39; ++i)
        asio::co_spawn(f.context, work, asio::detached);
    f.run(work());
    CHECK(done == 400);
    CHECK(peak == 5);
    CHECK(f.engine.stats().connected == 5);
    f.run(f.engine.shutdown());
    // The server's processes end a moment after their connections.
    while (f.query("select count(*) from pg_stat_activity where datname = current_database() and pid <> "
                   "pg_backend_pid() and backend_type = 'client backend'") != "0") {
    }
}

TEST_CASE("PO-11 a connection that broke is replaced in its place", "[conformance]") {
    Fixture f{"", of_size(1)};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto first = co_await backend(session);
        f.query(terminate_others);
        const auto broken = co_await failure(session.execute(corm::raw_sql("select 1")));
        CHECK(broken);
        CHECK(f.engine.stats().leased == 0);
        co_await session.rollback();
        const auto second = co_await backend(session);
        CHECK(second != first);
        CHECK(f.engine.stats().connected == 2);
        CHECK(f.engine.stats().discarded == 1);
        co_await session.rollback();
        const auto same = co_await backend(session);
        CHECK(same == second);
    });
}

TEST_CASE("PO-12 a failed reconnect leaves no place taken", "[conformance]") {
    Fixture f{"", of_size(3)};
    {
        Holders holders{f};
        f.run(holders.add(3));
    }
    CHECK(settles(f, [](const corm::PoolStats& now) { return now.idle == 3; }));
    {
        const Refusing refusing{f};
        refusing.terminate();
        f.run([&]() -> corm::Task<> {
            corm::AsyncSession session{f.engine, {.deadline = corm::Duration{100}}};
            const auto error = co_await failure(session.execute(corm::raw_sql("select 1")));
            CHECK(error);
        });
        CHECK(settles(f, [](const corm::PoolStats& now) { return now.leased == 0 && now.dialing == 0; }));
    }
    Holders again{f};
    f.run(again.add(3));
    CHECK(f.engine.stats().leased == 3);
}

TEST_CASE("PO-13 a hook that refuses a connection loses no place", "[conformance]") {
    auto calls = std::make_shared<int>(0);
    corm::EngineOptions options = of_size(1);
    options.on_connect = [calls](corm::NewConnection& connection) -> corm::Task<> {
        if (++*calls == 1)
            throw std::runtime_error("not this one");
        co_await connection.execute(corm::raw_sql("select 1"));
    };
    Fixture f{"", std::move(options)};
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto refused = co_await failure(session.execute(corm::raw_sql("select 1")));
        CHECK(threw<corm::ConnectionError>(refused));
        CHECK(f.engine.stats().leased == 0);
        CHECK(f.engine.stats().dialing == 0);
        co_await session.execute(corm::raw_sql("select 1"));
        CHECK(*calls == 2);
        co_await session.rollback();
    });
    CHECK(settles(f, [](const corm::PoolStats& now) { return now.idle == 1; }));
}

// The one that was idle last comes first, so that the rest may be closed. Difference D18.
TEST_CASE("PO-16 the connection that was given back last is taken first", "[conformance]") {
    Fixture f{"", of_size(3)};
    Holders holders{f};
    f.run(holders.add(3));
    for (const std::size_t i : {1u, 2u, 0u}) {
        f.run(holders.sessions[i].rollback());
        CHECK(settles(f, [](const corm::PoolStats& now) { return now.cleaning == 0; }));
    }
    Holders next{f};
    f.run(next.add(3));
    CHECK(next.pids == std::vector{holders.pids[0], holders.pids[2], holders.pids[1]});
}

TEST_CASE("PO-17 a connection given back in a transaction is rolled back once", "[conformance]") {
    corm::EngineOptions options = of_size(1);
    options.pool.reset = corm::wire::SessionReset::never; // which would follow the raw SQL
    Fixture f{stock, options};
    std::int32_t pid = 0;
    std::uint64_t sent = 0;
    {
        corm::AsyncSession session{f.engine};
        f.run([&]() -> corm::Task<> {
            pid = co_await backend(session);
            co_await session.execute(corm::raw_sql("delete from addresses"));
        });
        sent = f.engine.stats().statements;
    }
    CHECK(settles(f, [](const corm::PoolStats& now) { return now.idle == 1; }));
    CHECK(f.engine.stats().statements == sent + 1);
    CHECK(f.query("select query from pg_stat_activity where pid = " + std::to_string(pid)) == "ROLLBACK");
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto same = co_await backend(session);
        CHECK(same == pid);
        const auto count = co_await session.scalar(corm::count<Address>());
        CHECK(count == 5);
    });
    CHECK(f.query("select count(*) from addresses") == "5");
}

TEST_CASE("PO-19 the figures are the same after a checkout that failed", "[conformance]") {
    Fixture f{"", of_size(5)};
    {
        Holders holders{f};
        f.run(holders.add(1));
    }
    CHECK(settles(f, [](const corm::PoolStats& now) { return now.idle == 1; }));
    const Refusing refusing{f};
    refusing.terminate();
    for (int i = 0; i < 2; ++i) {
        f.run([&]() -> corm::Task<> {
            corm::AsyncSession session{f.engine, {.deadline = corm::Duration{50}}};
            const auto error = co_await failure(session.execute(corm::raw_sql("select 1")));
            CHECK(error);
        });
        CHECK(settles(f, [](const corm::PoolStats& now) {
            return now.leased + now.idle + now.dialing + now.cleaning + now.waiting == 0;
        }));
    }
}

// An engine that was shut down stays so; another one begins with nothing. Difference D18.
TEST_CASE("PO-20 shutting down closes what is idle", "[conformance]") {
    Fixture f{"", of_size(2)};
    {
        Holders holders{f};
        f.run(holders.add(2));
    }
    CHECK(settles(f, [](const corm::PoolStats& now) { return now.idle == 2; }));
    f.run(f.engine.shutdown());
    CHECK(f.engine.stats().idle == 0);
    f.run([&]() -> corm::Task<> {
        corm::AsyncSession session{f.engine};
        const auto refused = co_await failure(session.execute(corm::raw_sql("select 1")));
        CHECK(threw<corm::ConnectionError>(refused));
        const corm::Engine another{f.context.get_executor(), f.database.url()};
        CHECK(another.stats().idle == 0);
        corm::AsyncSession fresh{another};
        co_await fresh.execute(corm::raw_sql("select 1"));
        CHECK(another.stats().connected == 1);
    });
}

TEST_CASE("PO-21 connections that break at once are replaced one for one", "[conformance]") {
    Fixture f{"", of_size(15)};
    Holders holders{f};
    f.run(holders.add(15));
    f.query(terminate_others);
    int broken = 0;
    const auto use = [&](corm::AsyncSession& session) -> corm::Task<> {
        const auto error = co_await failure(session.execute(corm::raw_sql("select 1")));
        broken += error ? 1 : 0;
        co_await session.rollback();
        co_await session.execute(corm::raw_sql("select 1"));
    };
    for (std::size_t i = 1; i < 15; ++i)
        asio::co_spawn(f.context, use(holders.sessions[i]), asio::detached);
    f.run(use(holders.sessions[0]));
    CHECK(broken == 15);
    CHECK(f.engine.stats().leased == 15);
    CHECK(f.engine.stats().connected == 30);
    CHECK(f.engine.stats().discarded == 15);
}

TEST_CASE("PO-23 an interrupted statement concerns its own connection only", "[conformance]") {
    Fixture f{"", of_size(2)};
    Holders holders{f};
    f.run(holders.add(2));
    {
        SteppedOperation sleeping{f.context,
                                  [](corm::AsyncSession& session) -> corm::Task<> {
                                      co_await session.execute(corm::raw_sql("select pg_sleep(100)"));
                                  }(holders.sessions[0]),
                                  corm::test::Accepts::terminal};
        CHECK(run_until(f.context, corm::Duration{2'000}, [&] {
            return f.query("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == "1";
        }));
        sleeping.cancel(asio::cancellation_type::terminal);
        std::function<void()> none;
        sleeping.run(none);
        CHECK(sleeping.error());
    }
    f.run([&]() -> corm::Task<> {
        const auto other = co_await backend(holders.sessions[1]);
        CHECK(other == holders.pids[1]);
        co_await holders.sessions[0].rollback();
        co_await backend(holders.sessions[0]);
    });
    CHECK(f.engine.stats().leased == 2);
    CHECK(f.query("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") == "0");
}

// A dropped session gives its connection back, and the pool cleans it: nothing leaks, so nothing is terminated. D19.
TEST_CASE("PO-24 a session that is held for long is reported, and gives back what it has", "[conformance]") {
    Fixture f{"", {.pool = {.max_size = 1, .leak_report = corm::Duration{20}}}};
    {
        Holders holders{f};
        f.run(holders.add(1));
        List notices;
        CHECK(run_until(f.context, corm::Duration{2'000}, [&] {
            for (std::string& notice : f.recorder->take_notices())
                notices.push_back(std::move(notice));
            return !notices.empty();
        }));
        REQUIRE(notices.size() == 1);
        CHECK(notices[0].find("pool_test.cpp") != std::string::npos);
    }
    CHECK(settles(f, [](const corm::PoolStats& now) { return now.idle == 1 && now.leased == 0; }));
    CHECK(f.engine.stats().connected == 1);
    CHECK(f.database.sessions("idle in transaction") == 0);
}

TEST_CASE("PO-25 a scope that is left by an exception gives its connection back", "[conformance]") {
    Fixture f{"", of_size(1)};
    bool thrown = false;
    try {
        f.run([&]() -> corm::Task<> {
            corm::AsyncSession session{f.engine};
            co_await session.execute(corm::raw_sql("select 1"));
            CHECK(f.engine.stats().leased == 1);
            throw std::domain_error("out of here");
        });
    } catch (const std::domain_error&) {
        thrown = true;
    }
    CHECK(thrown);
    CHECK(settles(f, [](const corm::PoolStats& now) { return now.leased == 0 && now.idle == 1; }));
}

// SQLAlchemy's waiter sleeps its whole timeout. Difference D10.
TEST_CASE("PO-27 who waits for a connection that failed for another gets one as soon as it can be made",
          "[conformance]") {
    Fixture f{"", of_size(1)};
    std::exception_ptr first;
    std::exception_ptr second;
    Steady::duration waited{};
    const auto use = [&f](std::exception_ptr& error, corm::Duration patience) -> corm::Task<> {
        corm::AsyncSession session{f.engine, {.deadline = patience}};
        error = co_await failure(session.execute(corm::raw_sql("select 1")));
    };
    const auto start = Steady::now();
    bool done = false;
    {
        const Refusing refusing{f};
        asio::co_spawn(f.context, use(first, corm::Duration{50}), asio::detached);
        asio::co_spawn(f.context, use(second, corm::Duration{10'000}), [&](std::exception_ptr) {
            waited = Steady::now() - start;
            done = true;
        });
        CHECK(run_until(f.context, corm::Duration{2'000}, [&] { return first != nullptr; }));
    }
    CHECK(run_until(f.context, corm::Duration{5'000}, [&] { return done; }));
    CHECK(waited < std::chrono::seconds{5});
    CHECK_FALSE(second);
}
