// Sessions that end without being asked: by exceptions, by their server, or with what they stand on.
#include "expect_well.hpp"
#include "support/caught.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>

using namespace corm::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

constexpr const char* others = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() "
                               "and backend_type = 'client backend'";

corm::Task<> sleep(corm::AsyncSession session) {
    co_await session.execute(corm::raw_sql("select pg_sleep(60)"));
}

corm::Task<> wait_for_row(corm::AsyncSession session) {
    co_await session.get_one<User>(1, corm::for_update);
}

} // namespace

TEST_CASE("F25: context, engine and session may die in any order, in any state", "[orm][integration][F25]") {
    const Database database{std::string{schema} + users(2)};
    enum Part { context, engine, session };
    std::array<Part, 3> order{context, engine, session};
    do {
        for (const std::string state : {"fresh", "in transaction", "in savepoint", "at work", "waiting"}) {
            CAPTURE(order[0], order[1], order[2], state);
            auto io = std::make_unique<asio::io_context>();
            auto made = std::make_unique<corm::Engine>(io->get_executor(), database.url(),
                                                       corm::EngineOptions{.pool = {.max_size = 1}});
            auto used = std::make_unique<corm::AsyncSession>(*made);
            corm::Ref<User> user;
            corm::Ref<User> added = used->add(User{.name = "never"});
            std::optional<corm::Savepoint> savepoint;
            if (state != "fresh") {
                run_coroutine(*io, [&]() -> corm::Task<> {
                    user = co_await used->get_one<User>(1, corm::for_update);
                    user.edit().age = 50;
                    if (state == "in savepoint")
                        savepoint.emplace(co_await used->begin_nested());
                    co_await used->flush();
                });
            }
            if (state == "at work") {
                asio::co_spawn(*io, sleep(std::move(*used)), asio::detached);
                io->restart();
                io->poll();
            } else if (state == "waiting") {
                asio::co_spawn(*io, wait_for_row(corm::AsyncSession{*made}), asio::detached);
                io->restart();
                io->poll();
                CHECK(made->stats().waiting == 1);
            }
            for (const Part part : order) {
                if (part == context)
                    io.reset();
                else if (part == engine)
                    made.reset();
                else
                    used.reset();
            }
            if (state == "at work") {
                // A server that sleeps, or is about to, notices that its client has gone when it wants to answer, and
                // keeps its locks until then.
                database.query(std::string{"select count(pg_terminate_backend(pid, 5000)) "} + others);
            }
            // Handles outlive everything.
            if (user)
                CHECK(user->name == "user 1");
            CHECK(added->name == "never");
        }
    } while (std::next_permutation(order.begin(), order.end()));
    asio::io_context io;
    CHECK(run_until(io, corm::Duration{5'000},
                    [&] { return database.query(std::string{"select count(*) "} + others) == "0"; }));
    CHECK(database.query("select string_agg(name || age, ',' order by id) from users") == "user 11,user 22");
}

TEST_CASE("F44: a session that an exception drops is undone by the pool, and holds up nobody",
          "[orm][integration][F44]") {
    const std::string state = GENERATE(as<std::string>{}, "flushed", "failed", "in a savepoint");
    Sessions s{users(1), {.pool = {.max_size = 1}}};
    s.run([&]() -> corm::Task<> {
        corm::Clock::time_point thrown;
        try {
            corm::AsyncSession session{s.engine};
            const corm::Ref<User> user = co_await session.get_one<User>(1, corm::for_update);
            user.edit().age = 50;
            std::optional<corm::Savepoint> savepoint;
            if (state == "in a savepoint")
                savepoint.emplace(co_await session.begin_nested());
            co_await session.flush();
            if (state == "failed") {
                const auto error = co_await failure(session.execute(corm::raw_sql("select 1 / 0")));
                CHECK(error);
            }
            thrown = corm::Clock::now();
            throw std::domain_error("changed my mind");
        } catch (const std::domain_error&) {
            CHECK(corm::Clock::now() - thrown < 50ms);
        }
        // Its connection is the only one, and comes back clean.
        corm::AsyncSession next{s.engine};
        const corm::Ref<User> user = co_await next.get_one<User>(1, corm::for_update, corm::nowait);
        CHECK(user->age == 1);
    });
    CHECK(s.engine.stats().connected == 1);
    expect_well(s);
}

TEST_CASE("F55: a session whose transaction was idle for too long is told why", "[orm][integration][F55]") {
    Sessions s{users(1)};
    s.run([&]() -> corm::Task<> {
        corm::AsyncSession session{s.engine, {.settings = {{"idle_in_transaction_session_timeout", "50ms"}}}};
        const corm::Ref<User> user = co_await session.get_one<User>(1, corm::for_update);
        user.edit().age = 50;
        co_await session.flush();
        const auto end = corm::Clock::now() + 10s;
        while (s.database.query(std::string{"select count(*) "} + others) != "0" && corm::Clock::now() < end) {
            asio::steady_timer turn{s.context, 5ms};
            co_await turn.async_wait(asio::use_awaitable);
        }
        for (int i = 0; i < 2; ++i) { // the cause stays
            const auto lost =
                caught<corm::ConnectionError>(co_await failure(session.execute(corm::raw_sql("select 1"))));
            CHECK(lost.sqlstate() == corm::sqlstate::idle_in_transaction_timeout);
            CHECK(user->age == 1);
        }
        CHECK_FALSE(session.in_transaction());
        co_await session.rollback();
        const corm::Ref<User> again = co_await session.get_one<User>(1);
        CHECK(again == user);
        co_await session.rollback();
    });
    CHECK(s.database.query("select age from users") == "1");
    expect_well(s);
}
